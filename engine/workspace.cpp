// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workspace.h"

#include <unistd.h>
#include <chrono>
#include <future>

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/core/file_lock.h"
#include "engine/core/ids.h"
#include "engine/core/resource_folder.h"
#include "engine/data/dataset.h"
#include "engine/model_library.h"
#include "engine/run/checkpoint.h"
#include "engine/run/event_channel.h"
#include "engine/run/launcher.h"
#include "engine/run/run_record.h"
#include "engine/store/project_place.h"

namespace dsw {
namespace {
constexpr int kWorkSlots = 2;

/// A document that came with an archive may name any file of this machine: nothing is read before the person agreed.
Result<void> check_experiment_files(ProjectReader& reader, const std::string& experiment_id) {
  DSW_TRY_ASSIGN(const std::vector<ExperimentRow> rows, reader.experiments(true));
  for (const ExperimentRow& row : rows)
    if (row.id == experiment_id) return check_outside_files(row.name, row.outside_files);
  return {};
}
}  // namespace

struct Workspace::Impl {
  Catalog catalog;
  std::unique_ptr<DatasetCache> data;
  std::mutex mutex;  // guards project, jobs_of_runs, next_slot, watch
  std::shared_ptr<Project> project;
  std::future<void> closed;  // ready once the last holder of `project` let go
  std::map<std::string, std::int64_t> jobs_of_runs;
  int next_slot = 0;
  std::filesystem::path worker_program = program_folder() / "deepshock";
  std::atomic<bool> detaching{false};  // worker processes are left to themselves
  std::function<void(const std::string&, std::span<const Event>)> watch;
  std::unique_ptr<JobQueue> jobs = std::make_unique<JobQueue>();  // the last member: its threads use all above

  std::function<void(const std::string&, std::span<const Event>)> watcher() {
    const std::lock_guard lock(mutex);
    return watch;
  }
  std::shared_ptr<Project> open() {
    const std::lock_guard lock(mutex);
    return project;
  }

  struct Launch {
    RunRow row;
    LaunchRequest request;
    bool isolated = false;
    bool restarts = false;  ///< by itself, when its worker or its device dies
  };
  /// The run from its last whole checkpoint on; its later events are dropped.
  Result<Launch> launch_again(Project& into, const std::string& run_id);
  Result<void> work_on(const std::shared_ptr<Project>& into, const Launch& launch, JobQueue::Job& job);
  void enqueue(const std::shared_ptr<Project>& into, Launch launch);
  Result<void> work(const std::shared_ptr<Project>& into, const Launch& launch, JobQueue::Job& job);
};

/// On the slot's thread: the run is the producer of a ring, a thread of its own stores what comes out of it.
Result<void> Workspace::Impl::work(const std::shared_ptr<Project>& into, const Launch& launch, JobQueue::Job& job) {
  EventChannel channel;
  std::jthread storing([&] {
    std::vector<Event> events;
    while (channel.take(events)) {
      into->append(launch.row.id, events);
      if (const auto tell = watcher()) tell(launch.row.id, events);
      const ProgressBody* latest = nullptr;
      for (const Event& event : events)
        if (const auto* progress = std::get_if<ProgressBody>(&event.body)) latest = progress;
      if (latest) job.progress(*latest);
      events.clear();
    }
  });
  LaunchRequest request = launch.request;
  request.data = data.get();
  const auto launcher =
      launch.isolated ? make_process_launcher(catalog, worker_program, [this] { return detaching.load(); }) : make_local_launcher(catalog);
  Result<void> result = launcher->run(request, job.stop_token(), [&](Event event) { channel.push(std::move(event)); });
  channel.close();
  storing.join();
  const Result<void> stored = into->flush();
  if (!stored) return stored;
  if (!(launch.isolated && detaching)) {
    std::error_code ignored;
    std::filesystem::remove_all(request.folder, ignored);  // everything worth keeping lies in the project now
  }
  return result;
}

Result<void> Workspace::Impl::work_on(const std::shared_ptr<Project>& into, const Launch& launch, JobQueue::Job& job) {
  constexpr int kMostRestarts = 3;  // without a new checkpoint
  Result<void> result = work(into, launch, job);
  std::int64_t from = launch.request.first_seq;
  for (int tries = 0; launch.restarts && !result && result.error().code == ErrorCode::DeviceFault;) {
    const Error fault = result.error();
    if (job.stop_token().stop_requested() || detaching || ++tries > kMostRestarts) break;
    DSW_TRY_ASSIGN(Launch again, launch_again(*into, launch.row.id));
    if (again.request.first_seq > from) tries = 1;
    from = again.request.first_seq;
    const Event mark{again.request.first_seq++, now_seconds(),
                     MarkBody{again.row.step, "device", fault.message + " The run goes on from its last checkpoint."}};
    into->append(launch.row.id, std::span(&mark, 1));
    result = work(into, again, job);
  }
  return result;
}

void Workspace::Impl::enqueue(const std::shared_ptr<Project>& into, Launch launch) {
  JobInfo info;
  info.run_id = launch.row.id;
  info.title = launch.row.short_name + " " + (launch.row.name.empty() ? launch.row.experiment_name : launch.row.name);
  info.device = launch.request.device;
  info.total = launch.row.total_steps;
  info.done = launch.row.step;
  // A worker that goes on already waits for no slot.
  const std::string slot = launch.request.follow_only ? "following " + launch.row.id : launch.request.device, run_id = launch.row.id;
  const std::int64_t first_seq = launch.request.first_seq;
  auto begun = std::make_shared<std::atomic<bool>>(false);
  const std::lock_guard lock(mutex);
  jobs_of_runs[run_id] = jobs->add(
      slot, std::move(info),
      [this, into, begun, shared = std::make_shared<const Launch>(std::move(launch))](JobQueue::Job& job) {
        *begun = true;
        return work_on(into, *shared, job);
      },
      [this, into, begun, run_id, first_seq](const JobInfo& ended, const Result<void>&) {
        if (!*begun) {  // stopped while it waited: nothing of it ran that could have said so
          const Event event{first_seq, now_seconds(),
                            StatusBody{RunStatus::Stopped, ended.done, "Stopped before it began", "Resume starts it."}};
          into->append(run_id, std::span(&event, 1));
        }
      });
}

Workspace::Workspace(const std::function<void(Catalog&)>& add) : impl_(std::make_unique<Impl>()) {
  register_builtins(impl_->catalog);
  if (add) add(impl_->catalog);
  impl_->catalog.freeze();
  impl_->data = std::make_unique<DatasetCache>(impl_->catalog);
}

Workspace::~Workspace() { (void)close_project(false, /*even_if_lost=*/true); }

const Catalog& Workspace::catalog() const { return impl_->catalog; }
DatasetCache& Workspace::data() { return *impl_->data; }

Result<void> Workspace::open_project(const std::filesystem::path& path, Project::Mode mode) {
  DSW_TRY(close_project());
  DSW_TRY_ASSIGN(std::unique_ptr<Project> opened, Project::open(path, mode));
  // A job lets go of the project a moment after it ended; who closes waits until the file is really free.
  auto gone = std::make_shared<std::promise<void>>();
  std::future<void> closed = gone->get_future();
  const std::shared_ptr<Project> project(opened.release(), [gone](Project* last) {
    delete last;
    gone->set_value();
  });
  DSW_TRY_ASSIGN(const auto reader, project->reader());
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->project = project;
    impl_->closed = std::move(closed);
  }
  // Runs that were left to their workers and still go on are followed again.
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(work_path(project->path()), ignored)) {
    if (!FileLock::holder(entry.path() / kWorkerLock)) continue;
    const auto found = reader->run(entry.path().filename().string());
    if (!found) continue;
    const RunRow& row = *found;
    if (row.status != RunStatus::Running && row.status != RunStatus::Queued && row.status != RunStatus::Paused) continue;
    Impl::Launch launch{row, {}, true};
    launch.request.device = row.device;
    launch.request.folder = project->work_folder(row.id);
    launch.request.first_seq = row.last_seq + 1;
    launch.request.follow_only = true;
    impl_->enqueue(project, std::move(launch));
  }
  return {};
}

Result<void> Workspace::close_project(bool keep_workers, bool even_if_lost) {
  if (const auto project = impl_->open()) project->set_waiting(false);  // on a full disk, too, runs end
  impl_->detaching = keep_workers;
  impl_->jobs->stop_all();
  impl_->jobs->wait_idle();
  impl_->detaching = false;
  if (const auto project = impl_->open(); project && !even_if_lost) {
    if (const Result<void> secured = project->secure(); !secured) {
      project->set_waiting(true);  // it stays open
      return secured;
    }
  }
  std::future<void> closed;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->jobs_of_runs.clear();
    impl_->project.reset();
    closed = std::move(impl_->closed);
  }
  if (closed.valid()) closed.wait_for(std::chrono::seconds(10));
  return {};
}

Project* Workspace::project() { return impl_->open().get(); }

Result<RunRow> Workspace::start_run(const RunRequest& request) {
  const auto project = impl_->open();
  if (!project) return fail(ErrorCode::InvalidArgument, "No project is open for writing", "Open or make one first.");
  std::string text = request.text;
  Json document;
  if (request.document) {
    document = *request.document;
    text = document.dump(2);
  } else {
    DSW_TRY_ASSIGN(document, parse_document(text));
  }
  if (!request.experiment_id.empty()) {
    DSW_TRY_ASSIGN(const auto reader, project->reader());
    DSW_TRY(check_experiment_files(*reader, request.experiment_id));
  }
  if (!request.device.empty()) document["device"] = request.device;
  DSW_TRY_ASSIGN(Experiment experiment, make_experiment(impl_->catalog, document, request.base, impl_->data.get()));
  experiment.document = text;
  const std::string device_asked = experiment.device;
  DSW_TRY_ASSIGN(experiment.device, choose_device(impl_->catalog, experiment.device));
  experiment.resolved = absolute_document(impl_->catalog, experiment);
  // What was left to the device is settled now and recorded: with other threads the numbers differ in their last bits.
  RunPlace place;
  bool guarded = false;
  {
    DSW_TRY_ASSIGN(const std::unique_ptr<Device> device, make_device(impl_->catalog, experiment.device, request.threads));
    guarded = !device->host_memory();
    place = run_place(*device, device_asked, experiment.precision, request.threads, request.isolated.value_or(guarded));
  }
  DSW_TRY_ASSIGN(const std::string record, run_record(impl_->catalog, *impl_->data, experiment, place));

  std::string id = request.experiment_id;
  if (id.empty()) {
    DSW_TRY_ASSIGN(const auto reader, project->reader());
    DSW_TRY_ASSIGN(const auto known, reader->experiments());
    const auto same = std::find_if(known.begin(), known.end(),
                                   [&](const ExperimentRow& row) { return row.name == experiment.name && row.task == experiment.task; });
    if (same != known.end()) id = same->id;
  }
  DSW_TRY_ASSIGN(id, project->save_experiment(id, experiment.name, experiment.task, text, experiment.base.string()));
  DSW_TRY_ASSIGN(const RunRow row, project->create_run(id, experiment, record));
  Impl::Launch launch{row, {}, place.isolated, place.isolated && guarded};
  launch.request.device = experiment.device;
  launch.request.threads = place.threads;
  launch.request.folder = project->work_folder(row.id);
  launch.request.experiment = std::move(experiment);
  impl_->enqueue(project, std::move(launch));
  return row;
}

Result<Workspace::Impl::Launch> Workspace::Impl::launch_again(Project& into, const std::string& run_id) {
  DSW_TRY_ASSIGN(const auto reader, into.reader());
  DSW_TRY_ASSIGN(const RunRow row, reader->run(run_id));
  if (row.status == RunStatus::Finished || row.status == RunStatus::Running || row.status == RunStatus::Queued)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("{} is {}; there is nothing to resume", row.short_name, run_status_name(row.status)),
                row.status == RunStatus::Finished ? "Run its experiment again for a new run." : "");
  DSW_TRY(check_experiment_files(*reader, row.experiment_id));
  DSW_TRY_ASSIGN(const std::string resolved, reader->run_resolved(row.id));
  DSW_TRY_ASSIGN(const std::string written, reader->run_document(row.id));
  DSW_TRY_ASSIGN(const std::string record_text, reader->run_record(row.id));
  DSW_TRY_ASSIGN(const Json document, parse_document(resolved));
  DSW_TRY_ASSIGN(Experiment experiment, make_experiment(catalog, document, into.path().parent_path(), data.get()));
  experiment.document = written;
  DSW_TRY_ASSIGN(experiment.device, choose_device(catalog, row.device));
  DSW_TRY_ASSIGN(const RecordedRun recorded, read_run_record(record_text));
  DSW_TRY(check_recorded_data(*data, experiment, recorded));

  DSW_TRY_ASSIGN(std::vector<CheckpointRow> checkpoints, reader->checkpoints(row.id));
  std::sort(checkpoints.begin(), checkpoints.end(), [](const CheckpointRow& a, const CheckpointRow& b) { return a.seq > b.seq; });
  CheckpointRow from;  // seq 0: from the start
  for (const CheckpointRow& candidate : checkpoints) {
    if (candidate.missing || !checkpoint_is_whole(candidate.path, candidate.sha256)) continue;
    from = candidate;
    break;
  }
  if (from.seq == 0 && !checkpoints.empty())
    return fail(ErrorCode::Damaged, fmt::format("None of the {} checkpoints of {} is whole", checkpoints.size(), row.short_name),
                "Run its experiment again.", into.files_folder().string());
  DSW_TRY(into.prepare_resume(row.id, from));
  Launch launch{row, {}, recorded.isolated};
  launch.request.device = experiment.device;
  launch.request.threads = recorded.threads;
  launch.request.folder = into.work_folder(row.id);
  launch.request.first_seq = from.seq + 1;
  launch.request.resume_from = from.path;
  launch.request.experiment = std::move(experiment);
  return launch;
}

Result<void> Workspace::resume_run(const std::string& run_id) {
  const auto project = impl_->open();
  if (!project) return fail(ErrorCode::InvalidArgument, "No project is open for writing", "Open or make one first.");
  DSW_TRY_ASSIGN(Impl::Launch launch, impl_->launch_again(*project, run_id));
  if (launch.isolated) {
    DSW_TRY_ASSIGN(const std::unique_ptr<Device> device, make_device(impl_->catalog, launch.request.device, launch.request.threads));
    launch.restarts = !device->host_memory();
  }
  impl_->enqueue(project, std::move(launch));
  return {};
}

void Workspace::stop_run(const std::string& run_id) {
  std::int64_t job = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->jobs_of_runs.find(run_id);
    if (found == impl_->jobs_of_runs.end()) return;
    job = found->second;
  }
  impl_->jobs->stop(job);
}

void Workspace::set_worker_program(const std::filesystem::path& program) { impl_->worker_program = program; }

std::int64_t Workspace::start_job(std::string title,
                                  std::function<Result<void>(std::stop_token, const std::function<void(std::int64_t, std::int64_t)>&)> work,
                                  std::function<void(const Result<void>&)> finished) {
  JobInfo info;
  info.title = std::move(title);
  std::string slot;
  {
    const std::lock_guard lock(impl_->mutex);
    slot = fmt::format("work-{}", impl_->next_slot++ % kWorkSlots);
  }
  return impl_->jobs->add(
      slot, std::move(info),
      [work = std::move(work)](JobQueue::Job& job) {
        return work(job.stop_token(), [&](std::int64_t done, std::int64_t total) { job.progress({done, total, 0, "", 0}); });
      },
      [finished = std::move(finished)](const JobInfo&, const Result<void>& result) {
        if (finished) finished(result);
      });
}

void Workspace::stop_job(std::int64_t job_id) { impl_->jobs->stop(job_id); }
std::vector<JobInfo> Workspace::jobs() const { return impl_->jobs->jobs(); }
void Workspace::on_job_changed(std::function<void(const JobInfo&)> callback) { impl_->jobs->on_changed(std::move(callback)); }
void Workspace::on_events(std::function<void(const std::string&, std::span<const Event>)> callback) {
  const std::lock_guard lock(impl_->mutex);
  impl_->watch = std::move(callback);
}
void Workspace::wait_idle() { impl_->jobs->wait_idle(); }

}  // namespace dsw
