// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/job_queue.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <thread>

namespace dsw {
namespace {
constexpr auto kBetweenReports = std::chrono::milliseconds(40);
constexpr std::size_t kEndedKept = 50;
}  // namespace

struct JobQueue::Impl {
  struct Entry {
    JobInfo info;
    Work work;
    Finished finished;
    std::stop_source stop;
    std::chrono::steady_clock::time_point reported{};
  };
  struct Slot {
    std::deque<std::shared_ptr<Entry>> waiting;
    std::shared_ptr<Entry> running;
    std::jthread thread;
  };

  mutable std::mutex mutex;  // guards all below
  std::condition_variable changed;
  std::map<std::string, Slot> slots;
  std::deque<JobInfo> ended;  // newest first
  std::int64_t last_id = 0;
  int unfinished = 0;
  bool closing = false;
  std::function<void(const JobInfo&)> callback;

  std::shared_ptr<Entry> find(std::int64_t id) {
    for (auto& [name, slot] : slots) {
      if (slot.running && slot.running->info.id == id) return slot.running;
      for (auto& entry : slot.waiting)
        if (entry->info.id == id) return entry;
    }
    return nullptr;
  }

  void report(const JobInfo& info) {
    std::function<void(const JobInfo&)> call;
    {
      const std::lock_guard lock(mutex);
      call = callback;
    }
    if (call) call(info);
  }

  void request_stop(Entry& entry) {  // with the mutex held
    entry.info.stopping = true;
    entry.stop.request_stop();
    changed.notify_all();
  }

  void serve(JobQueue& queue, Slot& slot) {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return closing || !slot.waiting.empty(); });
      if (slot.waiting.empty()) return;
      const std::shared_ptr<Entry> entry = slot.waiting.front();
      slot.waiting.pop_front();
      slot.running = entry;
      entry->info.status = RunStatus::Running;
      const JobInfo info = entry->info;
      lock.unlock();
      report(info);
      const Result<void> result = work(queue, *entry);
      end(*entry, result, [&] { slot.running.reset(); });
      lock.lock();
    }
  }

  static Result<void> work(JobQueue& queue, Entry& entry) {
    Job job(queue, entry.info.id);
    try {
      return entry.work(job);
    } catch (const Error& error) {
      return fail(error);
    } catch (const std::exception& error) {
      return fail(ErrorCode::Internal, error.what());
    }
  }

  /// On the slot's thread, or on that of stop() for a job that had not begun.
  void end(
      Entry& entry, const Result<void>& result, const std::function<void()>& take_off = [] {}) {
    JobInfo info;
    {
      const std::lock_guard lock(mutex);
      entry.info.stopping = false;
      entry.info.status = result ? RunStatus::Finished : result.error().code == ErrorCode::Stopped ? RunStatus::Stopped : RunStatus::Failed;
      if (!result) {
        entry.info.sentence = result.error().where.empty() ? result.error().message : result.error().where + ": " + result.error().message;
        entry.info.hint = result.error().hint;
      }
      info = entry.info;
    }
    if (entry.finished) entry.finished(info, result);
    entry.work = {};
    {
      const std::lock_guard lock(mutex);
      take_off();
      ended.push_front(info);
      if (ended.size() > kEndedKept) ended.pop_back();
    }
    report(info);
    const std::lock_guard lock(mutex);
    --unfinished;
    changed.notify_all();
  }
};

std::stop_token JobQueue::Job::stop_token() const {
  const std::lock_guard lock(queue_.impl_->mutex);
  const auto entry = queue_.impl_->find(id_);
  DSW_CHECK(entry != nullptr, "a job lives while its work runs");
  return entry->stop.get_token();
}

void JobQueue::Job::progress(const ProgressBody& progress) {
  JobInfo info;
  {
    const std::lock_guard lock(queue_.impl_->mutex);
    const auto entry = queue_.impl_->find(id_);
    DSW_CHECK(entry != nullptr, "a job lives while its work runs");
    entry->info.done = progress.done;
    entry->info.total = progress.total;
    entry->info.rate = progress.rate;
    entry->info.unit = progress.unit;
    entry->info.seconds_left = progress.seconds_left;
    const auto now = std::chrono::steady_clock::now();
    if (now - entry->reported < kBetweenReports) return;
    entry->reported = now;
    info = entry->info;
  }
  queue_.impl_->report(info);
}

JobQueue::JobQueue() : impl_(std::make_unique<Impl>()) {}

JobQueue::~JobQueue() {
  stop_all();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->closing = true;
    impl_->changed.notify_all();
  }
  for (auto& [name, slot] : impl_->slots) slot.thread.join();
}

std::int64_t JobQueue::add(const std::string& slot_name, JobInfo info, Work work, Finished finished) {
  auto entry = std::make_shared<Impl::Entry>();
  entry->work = std::move(work);
  entry->finished = std::move(finished);
  {
    const std::lock_guard lock(impl_->mutex);
    DSW_CHECK(!impl_->closing, "jobs are added to a queue that lives");
    info.id = ++impl_->last_id;
    info.status = RunStatus::Queued;
    entry->info = info;
    Impl::Slot& slot = impl_->slots[slot_name];
    slot.waiting.push_back(entry);
    ++impl_->unfinished;
    if (!slot.thread.joinable()) slot.thread = std::jthread([this, &slot] { impl_->serve(*this, slot); });  // map nodes stay where they are
    impl_->changed.notify_all();
  }
  impl_->report(info);
  return info.id;
}

void JobQueue::stop(std::int64_t id) {
  JobInfo info;
  std::shared_ptr<Impl::Entry> entry;
  bool waited = false;
  {
    const std::lock_guard lock(impl_->mutex);
    entry = impl_->find(id);
    if (!entry) return;
    for (auto& [name, slot] : impl_->slots) waited = waited || std::erase(slot.waiting, entry) > 0;
    impl_->request_stop(*entry);
    info = entry->info;
  }
  if (waited)
    impl_->end(*entry, fail(ErrorCode::Stopped, "Stopped before it began"));
  else
    impl_->report(info);
}

void JobQueue::stop_all() {
  for (const JobInfo& job : jobs())
    if (job.status == RunStatus::Queued || job.status == RunStatus::Running) stop(job.id);
}

std::vector<JobInfo> JobQueue::jobs() const {
  std::vector<JobInfo> all;
  const std::lock_guard lock(impl_->mutex);
  for (const auto& [name, slot] : impl_->slots) {
    if (slot.running) all.push_back(slot.running->info);
    for (const auto& entry : slot.waiting) all.push_back(entry->info);
  }
  std::sort(all.begin(), all.end(), [](const JobInfo& a, const JobInfo& b) { return a.id < b.id; });
  all.insert(all.end(), impl_->ended.begin(), impl_->ended.end());
  return all;
}

void JobQueue::on_changed(std::function<void(const JobInfo&)> callback) {
  const std::lock_guard lock(impl_->mutex);
  impl_->callback = std::move(callback);
}

void JobQueue::wait_idle() {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait(lock, [&] { return impl_->unfinished == 0; });
}

}  // namespace dsw
