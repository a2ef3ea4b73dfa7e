// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "engine/run/event.h"
#include "engine/run/experiment.h"
#include "engine/tensor/device.h"

namespace dsw {

/// All that a running task may touch. Lives on the run's worker thread.
class RunContext {
 public:
  RunContext(const Catalog& catalog, Experiment experiment, Device& device, std::filesystem::path folder, std::stop_token stop,
             std::function<void(Event)> sink, std::int64_t first_seq = 1);

  const Catalog& catalog() const { return catalog_; }
  const Experiment& experiment() const { return experiment_; }
  Device& device() { return device_; }
  /// Checkpoints, pictures and other side files are written here; events name them relative to it.
  const std::filesystem::path& folder() const { return folder_; }
  bool stop_requested() const { return stop_.stop_requested(); }
  std::stop_token stop_token() const { return stop_; }
  void emit(EventBody body);  ///< numbers and times the event and hands it to the sink
  std::int64_t last_seq() const { return next_seq_ - 1; }
  std::int64_t last_step() const { return last_step_; }  ///< the highest step of a metric, mark or checkpoint so far

  /// A checkpoint file to go on from, or empty; `first_seq` is then one above the number of that checkpoint's event.
  std::filesystem::path resume_from;
  /// Sources that are loaded already; null: the task loads what it needs.
  DatasetCache* data = nullptr;

 private:
  const Catalog& catalog_;
  Experiment experiment_;
  Device& device_;
  std::filesystem::path folder_;
  std::stop_token stop_;
  std::function<void(Event)> sink_;
  std::int64_t next_seq_;
  std::int64_t last_step_ = 0;
};

/// For make_device: what the device gives up becomes an event of the run that `running` points to then, if there is one.
inline std::function<void(const std::string&)> tell_run(RunContext*& running) {
  return [&running](const std::string& sentence) {
    if (running != nullptr) running->emit(MarkBody{running->last_step(), "device", sentence});
  };
}

}  // namespace dsw
