// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "engine/run/event.h"

namespace dsw {

/// Shows a run's events on stderr: a bar with rate and remaining time on a terminal, plain lines elsewhere (each evaluation, and
/// progress every 10 s). Any thread, one at a time.
class CliProgress {
 public:
  CliProgress();
  ~CliProgress();
  CliProgress(const CliProgress&) = delete;
  CliProgress& operator=(const CliProgress&) = delete;

  void show(const Event& event);
  void end();  ///< tells what waits, takes the bar away

 private:
  void clearBar();
  void drawBar();
  void line(const std::string& text);
  void flushEvaluation();

  using Clock = std::chrono::steady_clock;
  const bool terminal_;
  bool bar_shown_ = false;
  ProgressBody progress_;
  Clock::time_point drawn_{}, lined_;
  double train_loss_ = 0;
  std::int64_t evaluated_step_ = -1;
  std::map<std::string, double> evaluated_;  ///< metrics of one evaluation, told together
};

/// "[########------]": `done` of `total` in `width` characters.
std::string barText(std::int64_t done, std::int64_t total, int width);
/// "0:07", "12:30", "1:02:05".
std::string leftText(double seconds);

}  // namespace dsw
