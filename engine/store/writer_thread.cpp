// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/writer_thread.h"

#include <algorithm>

namespace dsw {
namespace {

using namespace std::chrono_literals;
constexpr auto kGatherTime = 20ms;  // from append to commit; with the commit itself well under 50 ms
constexpr auto kRetryTime = 1s;
constexpr auto kPatience = 5s;               // with a disk that gives errors
constexpr std::size_t kBatchEvents = 8192;   // one transaction holds no more
constexpr std::size_t kQueueEvents = 65536;  // then append waits

}  // namespace

WriterThread::WriterThread(std::unique_ptr<Database> database, const ArtifactStore& artifacts, std::filesystem::path work_folder)
    : database_(std::move(database)),
      events_(*database_, artifacts, std::move(work_folder)),
      unsaved_(database_->path()),
      thread_([this] { work(); }) {}

WriterThread::~WriterThread() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    unlimited_ = true;
  }
  work_.notify_all();
  room_.notify_all();
  thread_.join();
}

void WriterThread::append(const std::string& run_id, std::span<const Event> events) {
  if (events.empty()) return;
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return unlimited_ || queued_events_ < kQueueEvents; });
  if (queue_.empty() || queue_.back().run_id != run_id) queue_.push_back({run_id, {}, nullptr});
  queue_.back().events.insert(queue_.back().events.end(), events.begin(), events.end());
  queued_events_ += events.size();
  work_.notify_one();
}

Result<void> WriterThread::flush() {
  auto nothing = std::make_shared<Command>();
  nothing->action = [](Database&, EventWriter&) {};
  nothing->in_transaction = false;
  DSW_TRY(post(std::move(nothing)));
  const std::lock_guard lock(mutex_);
  if (trouble_) return fail(*trouble_);
  return {};
}

Result<void> WriterThread::secure() {
  auto keep = std::make_shared<Command>();
  keep->in_transaction = false;
  keep->action = [this](Database&, EventWriter&) {
    if (batch_.empty()) return;
    std::unique_lock lock(mutex_);
    const Error why = trouble_.value_or(Error(ErrorCode::Io, "the project file was not written"));
    lock.unlock();
    if (const auto kept = keep_in_files(why); !kept) throw kept.error();
  };
  return post(std::move(keep));
}

Result<void> WriterThread::command(Action action, std::vector<std::string> changed, bool in_transaction) {
  {
    const std::lock_guard lock(mutex_);
    if (broken_) return fail(*broken_);
  }
  auto command = std::make_shared<Command>();
  command->action = std::move(action);
  command->changed = std::move(changed);
  command->in_transaction = in_transaction;
  return post(std::move(command));
}

Result<void> WriterThread::post(std::shared_ptr<Command> command) {
  DSW_CHECK(std::this_thread::get_id() != thread_.get_id(), "callbacks of the writer do not wait for the writer");
  std::unique_lock lock(mutex_);
  queue_.push_back({{}, {}, command});
  ++urgent_;
  work_.notify_one();
  done_.wait(lock, [&] { return command->done; });
  return command->result;
}

void WriterThread::set_waiting(bool waits) {
  const std::lock_guard lock(mutex_);
  unlimited_ = !waits;
  room_.notify_all();
}

void WriterThread::on_committed(std::function<void(const std::vector<std::string>&)> callback) {
  const std::lock_guard lock(mutex_);
  if (callback) {
    committed_.push_back(std::move(callback));
  } else {
    committed_.clear();
  }
}

void WriterThread::on_trouble(std::function<void(const Error&)> callback) {
  const std::lock_guard lock(mutex_);
  if (callback) {
    troubled_.push_back(std::move(callback));
  } else {
    troubled_.clear();
  }
}

void WriterThread::on_trouble_over(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  if (callback) {
    relieved_.push_back(std::move(callback));
  } else {
    relieved_.clear();
  }
}

void WriterThread::tell_committed(const std::vector<std::string>& run_ids) {
  if (run_ids.empty()) return;
  std::unique_lock lock(mutex_);
  const auto callbacks = committed_;
  lock.unlock();
  for (const auto& callback : callbacks) callback(run_ids);
}

void WriterThread::tell_trouble(const Error& error) {
  std::unique_lock lock(mutex_);
  const auto callbacks = troubled_;
  lock.unlock();
  for (const auto& callback : callbacks) callback(error);
}

void WriterThread::tell_trouble_over() {
  std::unique_lock lock(mutex_);
  const auto callbacks = relieved_;
  lock.unlock();
  for (const auto& callback : callbacks) callback();
}

void WriterThread::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (batch_.empty()) {
      work_.wait(lock, [this] { return closing_ || !queue_.empty(); });
      // Events gather for a moment; a person or a flush does not wait for them.
      if (!queue_.empty()) {
        work_.wait_for(lock, kGatherTime, [this] { return closing_ || urgent_ > 0 || queued_events_ >= kBatchEvents; });
      }
    } else {
      work_.wait_for(lock, kRetryTime, [this] { return closing_ || urgent_ > 0; });
    }
    while (!queue_.empty() && !queue_.front().command) {
      batch_.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    std::shared_ptr<Command> command;
    if (!queue_.empty()) {
      command = std::move(queue_.front().command);
      queue_.pop_front();
      --urgent_;
    }
    lock.unlock();
    commit_events();
    if (command) run_command(*command);
    lock.lock();
    if (command) {
      command->done = true;
      done_.notify_all();
    }
    if (closing_ && queue_.empty()) break;
  }
  lock.unlock();
  if (batch_.empty()) return;
  const Error why = trouble_.value_or(Error(ErrorCode::Io, "the project file was not written"));
  if (const auto kept = keep_in_files(why); !kept) {
    tell_trouble(Error(ErrorCode::Io, fmt::format("{} events could not be stored and are lost: {}", queued_events_, kept.error().message),
                       "Resume the runs from their last checkpoints.", database_->path().string()));
  }
}

Result<void> WriterThread::keep_in_files(const Error& why) {
  Result<void> result;
  while (!batch_.empty() && result) {
    const Item& item = batch_.front();
    auto kept = unsaved_.keep(item.run_id, item.events);
    if (!kept) {
      result = fail(kept.error());
      break;
    }
    last_kept_ = std::move(*kept);
    const std::size_t count = item.events.size();
    batch_.pop_front();
    {
      const std::lock_guard lock(mutex_);
      queued_events_ -= count;
    }
    room_.notify_all();
  }
  // From the first kept event on: were later ones committed, their higher numbers would shut it out at the next opening.
  if (!last_kept_.empty() && !has_ended()) end_writing(why);
  return result;
}

void WriterThread::end_writing(const Error& why) {
  Error error = why;
  error.message += fmt::format("; nothing more is written to it, and what its runs tell is kept in {}", last_kept_.string());
  error.hint = "Close the project, see to the disk, and open it again: what was kept is taken over then.";
  if (error.where.empty()) error.where = database_->path().string();
  {
    const std::lock_guard lock(mutex_);
    broken_ = trouble_ = error;
  }
  tell_trouble(error);
}

void WriterThread::commit_events() {
  while (!batch_.empty()) {
    if (has_ended()) {
      const Result<void> kept = keep_in_files(*broken_);
      set_trouble(kept ? *broken_ : kept.error());
      return;
    }
    std::vector<std::string> changed;
    std::size_t items = 0, count = 0;
    std::optional<Error> lost;
    const auto committed = guarded([&] {
      bool sync = false;
      for (const Item& item : batch_) {
        if (count > 0 && count + item.events.size() > kBatchEvents) break;
        count += item.events.size();
        ++items;
        sync = sync || EventWriter::wants_sync(item.events);
      }
      // A killed process loses nothing either way; a power cut never a checkpoint, which people rely on for days of work.
      database_->script(sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
      Transaction transaction(*database_, Transaction::Kind::Write);
      for (std::size_t i = 0; i < items; ++i) {
        try {
          events_.store(batch_[i].run_id, batch_[i].events);
        } catch (const Error& error) {
          if (error.code != ErrorCode::NotFound) throw;
          lost = error;  // a run that was pruned meanwhile: its events have no place
          continue;
        }
        if (std::find(changed.begin(), changed.end(), batch_[i].run_id) == changed.end()) changed.push_back(batch_[i].run_id);
      }
      transaction.commit();
    });
    if (!committed) {
      events_.rolled_back();
      if (passes(committed.error()) || !keep_in_files(committed.error())) set_trouble(committed.error());
      return;
    }
    failing_since_.reset();
    events_.committed();
    batch_.erase(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(items));
    bool relieved = false;
    {
      const std::lock_guard lock(mutex_);
      relieved = trouble_.has_value();
      trouble_.reset();
      queued_events_ -= count;
    }
    room_.notify_all();
    if (relieved) tell_trouble_over();
    if (lost) tell_trouble(*lost);
    tell_committed(changed);
  }
}

/// Room is made, locks are let go, and a disk may come back; a damaged file or a refused statement stays so.
bool WriterThread::passes(const Error& error) {
  if (is_full_disk(error) || error.code == ErrorCode::Locked) return true;
  if (error.code != ErrorCode::Io && error.code != ErrorCode::OutOfMemory) return false;
  const auto now = std::chrono::steady_clock::now();
  if (!failing_since_) failing_since_ = now;
  return now - *failing_since_ < kPatience;
}

void WriterThread::set_trouble(const Error& error) {
  std::unique_lock lock(mutex_);
  const bool told = trouble_ && trouble_->message == error.message;
  trouble_ = error;
  lock.unlock();
  if (!told) tell_trouble(error);
}

void WriterThread::run_command(Command& command) {
  command.result = guarded([&] {
    if (!command.in_transaction) return command.action(*database_, events_);
    database_->script("PRAGMA synchronous = NORMAL");
    Transaction transaction(*database_, Transaction::Kind::Write);
    command.action(*database_, events_);
    transaction.commit();
  });
  if (command.result) {
    tell_committed(command.changed);
  } else {
    events_.rolled_back();
  }
}

}  // namespace dsw
