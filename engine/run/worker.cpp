// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/worker.h"

#include <chrono>
#include <thread>

#include "engine/core/catalog.h"
#include "engine/core/file_bytes.h"
#include "engine/core/file_lock.h"
#include "engine/data/dataset_cache.h"
#include "engine/run/checkpoint.h"
#include "engine/run/document_scan.h"
#include "engine/run/event_file.h"
#include "engine/run/launcher.h"
#include "engine/run/run_context.h"
#include "engine/run/task.h"

namespace dsw {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kBetweenTries = std::chrono::seconds(1);

struct ResumePoint {
  std::filesystem::path checkpoint;  // empty: from the start
  std::int64_t first_seq = 1;
  bool finished = false;
};

/// The last checkpoint of the folder whose file is whole; an interrupted cluster job starts the same command line again.
Result<ResumePoint> last_checkpoint(const std::filesystem::path& folder) {
  ResumePoint point;
  std::vector<Event> events;
  DSW_TRY(EventFollower(folder / "events.jsonl").read(events));
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (const auto* status = std::get_if<StatusBody>(&event->body);
        status && event == events.rbegin() && status->status == RunStatus::Finished)
      point.finished = true;
    const auto* checkpoint = std::get_if<CheckpointBody>(&event->body);
    if (!checkpoint) continue;
    const auto path = folder / checkpoint->file;
    if (!checkpoint_is_whole(path, checkpoint->sha256)) continue;
    point.checkpoint = path;
    point.first_seq = event->seq + 1;
    break;
  }
  return point;
}

}  // namespace

Result<void> run_worker(const Catalog& catalog, const WorkerRequest& request, std::stop_token stop) {
  DSW_TRY_ASSIGN(const std::string text, read_file(request.spec, stop, kMaxDocumentBytes));
  DSW_TRY_ASSIGN(const Json document, parse_document(text));
  DatasetCache data(catalog);
  DSW_TRY_ASSIGN(const Experiment experiment,
                 make_experiment(catalog, document, std::filesystem::absolute(request.spec).parent_path(), &data));
  DSW_TRY_ASSIGN(const std::string device_name, choose_device(catalog, request.device.empty() ? experiment.device : request.device));
  std::error_code error;
  std::filesystem::create_directories(request.out, error);
  if (error) return fail(ErrorCode::Io, fmt::format("The folder could not be made ({})", error.message()), "", request.out.string());
  DSW_TRY_ASSIGN(const FileLock lock, FileLock::acquire(request.out / kWorkerLock));

  ResumePoint point{request.resume_from, request.first_seq, false};
  if (request.resume_from.empty()) {
    DSW_TRY_ASSIGN(point, last_checkpoint(request.out));
    if (point.finished) return {};
  }
  DSW_TRY_ASSIGN(const auto writer, EventFileWriter::open(request.out / "events.jsonl", point.first_seq - 1));
  RunContext* running = nullptr;
  DSW_TRY_ASSIGN(const std::unique_ptr<Device> device, make_device(catalog, device_name, request.threads, tell_run(running)));
  std::stop_source halt;
  const std::stop_callback forward(stop, [&halt] { halt.request_stop(); });
  Result<void> written;
  bool waiting = false;
  // A full disk does not end a run: it says so with what was kept free for that, and waits.
  const auto wait_for_room = [&](const Event& event) {
    waiting = true;
    const bool told = written.has_value();
    if (told)
      running->emit(StatusBody{RunStatus::Paused, running->last_step(), request.out.string() + ": the disk is full",
                               "The run waits and nothing is lost. Make room, and it goes on by itself."});
    bool room = false;
    while (!room && !halt.stop_requested()) {
      for (auto end = Clock::now() + kBetweenTries; Clock::now() < end && !halt.stop_requested();)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (!written) written = writer->append(event);
      room = written && writer->keep_room();
      if (!written && !writer->ran_out()) break;
    }
    if (room && told) running->emit(StatusBody{RunStatus::Running, running->last_step(), "", ""});
    waiting = false;
  };
  RunContext context(
      catalog, experiment, *device, std::filesystem::absolute(request.out), halt.get_token(),
      [&](Event event) {
        if (!written) return;
        written = writer->append(event);
        if (!waiting && !halt.stop_requested() && (written ? !writer->keep_room() : writer->ran_out())) wait_for_room(event);
        if (!written) halt.request_stop();  // what is written stays whole, the run ends at once
        if (request.watch) request.watch(event);
      },
      point.first_seq);
  running = &context;
  context.resume_from = point.checkpoint;
  context.data = &data;
  const Result<void> result = execute(context);
  running = nullptr;
  DSW_TRY(written);
  DSW_TRY(writer->sync());
  return result;
}

}  // namespace dsw
