// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/run/event.h"
#include "engine/run/experiment.h"

namespace dsw {
class Device;

/// What a launcher needs to know of a run.
struct LaunchRequest {
  Experiment experiment;
  std::string device;                 ///< a registered name, never "auto"
  int threads = 0;                    ///< 0: as the device thinks best
  std::filesystem::path folder;       ///< the run's own; made when missing
  std::filesystem::path resume_from;  ///< a checkpoint, or empty
  std::int64_t first_seq = 1;         ///< with resume_from: one above the number of the checkpoint's event
  DatasetCache* data = nullptr;       ///< only used in this process
  bool follow_only = false;           ///< the process launcher starts nothing: it follows the worker that holds the folder's lock
};

/// Brings a run to its end, on the calling thread, and hands its events to `sink` in order, on the same thread.
/// Error{Stopped} after a stop request that was followed, else the run's own error.
class Launcher {
 public:
  virtual ~Launcher() = default;
  virtual Result<void> run(const LaunchRequest& request, std::stop_token stop, const std::function<void(Event)>& sink) = 0;
};

/// Runs in this process: the calling thread is the device slot's worker thread.
std::unique_ptr<Launcher> make_local_launcher(const Catalog& catalog);

/// Starts `program worker --spec folder/spec.json --out folder …` (an argument list, no shell) in a session of its own and follows
/// folder/events.jsonl. A stop request becomes SIGTERM, after 10 s SIGKILL. A worker that dies without a last word ends the run as
/// interrupted, with Error{DeviceFault}. While `detached` says so the worker is left to itself: it goes on after this process ended.
std::unique_ptr<Launcher> make_process_launcher(const Catalog& catalog, std::filesystem::path program, std::function<bool()> detached = {});

/// The device that a document's or a person's word means: "auto" takes the last registered one that can be used (the fastest).
/// Error{Unsupported} names the devices that are there.
Result<std::string> choose_device(const Catalog& catalog, const std::string& wanted);
/// With its kernel calls watched, and where it is no CPU guarded (tensor/guarded_device.h); `tell` hears what is given up.
Result<std::unique_ptr<Device>> make_device(const Catalog& catalog, const std::string& name, int threads,
                                            std::function<void(const std::string&)> tell = {});

/// The document with its paths made absolute (settings of the type Path; names that begin with "builtin:" stay), as JSON text.
std::string absolute_document(const Catalog& catalog, const Experiment& experiment);

}  // namespace dsw
