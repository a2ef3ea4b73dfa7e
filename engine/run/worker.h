// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "engine/run/event.h"
#include "engine/run/experiment.h"

namespace dsw {

/// In a run's folder: held by its worker while that lives.
inline constexpr const char* kWorkerLock = "worker.lock";

/// `deepshock worker --spec DOC --out FOLDER`: a run with no project. Events go to FOLDER/events.jsonl, checkpoints and pictures
/// beside it. While it works it holds FOLDER/worker.lock, so whoever adopts the folder knows that it lives.
struct WorkerRequest {
  std::filesystem::path spec, out;
  std::string device;  ///< empty: as the document says
  int threads = 0;
  std::filesystem::path resume_from;        ///< a checkpoint; empty: the last whole one in `out`, if there is one
  std::int64_t first_seq = 0;               ///< with resume_from
  std::function<void(const Event&)> watch;  ///< sees every event too: the progress bar
};
/// Error{InvalidDocument} before anything is written; Error{Locked} when another worker uses the folder; else as execute().
/// A folder whose run finished already: nothing is done.
Result<void> run_worker(const Catalog& catalog, const WorkerRequest& request, std::stop_token stop);

}  // namespace dsw
