// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/cli_commands.h"

namespace dsw {
namespace {

constexpr auto kBetweenBars = std::chrono::milliseconds(200);
constexpr auto kBetweenLines = std::chrono::seconds(10);

int terminalWidth() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string barText(std::int64_t done, std::int64_t total, int width) {
  const double share = total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 0;
  const auto filled = static_cast<std::size_t>(std::floor(share * width));
  return "[" + std::string(filled, '#') + std::string(static_cast<std::size_t>(width) - filled, '-') + "]";
}

std::string leftText(double seconds) {
  const auto whole = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  if (whole < 3600) return fmt::format("{}:{:02d}", whole / 60, whole % 60);
  return fmt::format("{}:{:02d}:{:02d}", whole / 3600, whole % 3600 / 60, whole % 60);
}

CliProgress::CliProgress() : terminal_(isatty(STDERR_FILENO) != 0), lined_(Clock::now()) {}

CliProgress::~CliProgress() { end(); }

void CliProgress::end() {
  flushEvaluation();
  clearBar();
}

void CliProgress::clearBar() {
  if (!bar_shown_) return;
  std::fputs("\r\033[K", stderr);
  bar_shown_ = false;
}

void CliProgress::drawBar() {
  if (progress_.total <= 0) return;
  std::string facts = fmt::format(" {}/{}", progress_.done, progress_.total);
  if (progress_.rate > 0) facts += fmt::format("  {:.0f} {}", progress_.rate, progress_.unit);
  if (progress_.done < progress_.total && progress_.seconds_left > 0) facts += "  " + leftText(progress_.seconds_left) + " left";
  if (train_loss_ > 0) facts += fmt::format("  loss {:.3f}", train_loss_);
  const int room = terminalWidth() - static_cast<int>(facts.size()) - 3;
  if (room >= 8) facts = barText(progress_.done, progress_.total, std::min(room, 40)) + facts;
  std::fprintf(stderr, "\r\033[K%s", facts.c_str());
  std::fflush(stderr);
  bar_shown_ = true;
}

void CliProgress::line(const std::string& text) {
  clearBar();
  std::fprintf(stderr, "%s\n", text.c_str());
  lined_ = Clock::now();
}

void CliProgress::flushEvaluation() {
  if (evaluated_.empty()) return;
  std::string text = fmt::format("step {}", evaluated_step_);
  for (const auto& [key, value] : evaluated_) text += fmt::format("  {} {}", key, numberText(value));
  evaluated_.clear();
  line(text);
}

void CliProgress::show(const Event& event) {
  const auto now = Clock::now();
  if (const auto* metric = std::get_if<MetricBody>(&event.body)) {
    if (metric->key == "train/loss") train_loss_ = metric->value;
    if (metric->key.starts_with("val/") || metric->key.starts_with("test/")) {
      if (metric->step != evaluated_step_) flushEvaluation();
      evaluated_step_ = metric->step;
      evaluated_[metric->key] = metric->value;
      return;
    }
  }
  flushEvaluation();
  if (const auto* progress = std::get_if<ProgressBody>(&event.body)) {
    progress_ = *progress;
    if (terminal_) {
      if (now - drawn_ < kBetweenBars && progress_.done < progress_.total) return;
      drawn_ = now;
      drawBar();
    } else if (now - lined_ >= kBetweenLines) {
      const char* what = progress_.unit == "MB/s" ? "" : "step ";  // an import counts no steps
      line(fmt::format("{}{} of {}  {:.0f} {}  {} left", what, progress_.done, progress_.total, progress_.rate, progress_.unit,
                       leftText(progress_.seconds_left)));
    }
  } else if (const auto* status = std::get_if<StatusBody>(&event.body)) {
    if (status->status == RunStatus::Paused) line("paused: " + status->sentence + " " + status->hint);
  } else if (const auto* log = std::get_if<LogBody>(&event.body)) {
    line(log->text);
  } else if (const auto* mark = std::get_if<MarkBody>(&event.body)) {
    if (mark->kind != "clip") line(fmt::format("step {}  {}", mark->step, mark->text));
  }
}

}  // namespace dsw
