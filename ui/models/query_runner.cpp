// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/query_runner.h"

#include <QCoreApplication>
#include <QThread>
#include <algorithm>

#include "engine/store/project.h"

namespace dsw {

QueryRunner::QueryRunner(QObject* parent, Open open) : QObject(parent), open_(std::move(open)) {
  if (!open_) open_ = [](const std::filesystem::path& path) { return ProjectReader::open(path); };
  thread_ = std::thread([this] { loop(); });
}

QueryRunner::~QueryRunner() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
    queue_.clear();
  }
  wake_.notify_one();
  thread_.join();
}

void QueryRunner::setProject(const std::filesystem::path& path) {
  path_ = path;
  ++generation_;
  alive_.clear();
  newest_.clear();
  {
    const std::lock_guard lock(mutex_);
    queue_.clear();
    wanted_ = path;
    wantedGeneration_ = generation_;
  }
  wake_.notify_one();
}

quint64 QueryRunner::enqueue(QObject* asker, const QString& channel, Question question, Answer answer) {
  auto request = std::make_shared<Request>();
  request->id = ++lastId_;
  request->generation = generation_;
  request->askerKey = asker;
  request->asker = asker;
  request->channel = channel;
  request->question = std::move(question);
  request->answer = std::move(answer);
  alive_.insert(request->id);
  {
    const std::lock_guard lock(mutex_);
    if (!channel.isEmpty()) {
      quint64& newest = newest_[{asker, channel}];
      alive_.erase(newest);
      newest = request->id;
      std::erase_if(queue_, [&](const auto& waiting) { return waiting->askerKey == asker && waiting->channel == channel; });
    }
    queue_.push_back(request);
  }
  wake_.notify_one();
  return request->id;
}

void QueryRunner::cancel(quint64 id) {
  alive_.erase(id);
  const std::lock_guard lock(mutex_);
  std::erase_if(queue_, [&](const auto& waiting) { return waiting->id == id; });
}

int QueryRunner::pending() const { return static_cast<int>(alive_.size()); }

void QueryRunner::loop() {
  std::unique_ptr<ProjectReader> reader;
  Error error(ErrorCode::NotFound, "No project is open.");
  quint64 opened = 0;
  for (;;) {
    std::shared_ptr<Request> request;
    std::filesystem::path wanted;
    quint64 generation = 0;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return quit_ || !queue_.empty() || wantedGeneration_ != opened; });
      if (quit_) return;
      wanted = wanted_;
      generation = wantedGeneration_;
      if (generation == opened) {
        request = std::move(queue_.front());
        queue_.pop_front();
      }
    }
    if (generation != opened) {
      opened = generation;
      reader.reset();
      error = Error(ErrorCode::NotFound, "No project is open.");
      if (wanted.empty()) continue;
      try {
        auto made = open_(wanted);
        if (made)
          reader = std::move(*made);
        else
          error = made.error();
      } catch (const Error& thrown) {
        error = thrown;
      } catch (const std::exception& thrown) {
        error = Error(ErrorCode::Internal, thrown.what());
      }
      continue;
    }
    std::any value = request->question(reader.get(), reader ? nullptr : &error);
    request->question = {};  // what it captured is freed here, not on the UI thread
    QMetaObject::invokeMethod(
        this, [this, request = std::move(request), value = std::move(value)]() mutable { deliver(request, std::move(value)); },
        Qt::QueuedConnection);  // moved: the answer and what it captured die on the UI thread
  }
}

void QueryRunner::deliver(const std::shared_ptr<Request>& request, std::any value) {
  if (request->generation != generation_ || alive_.erase(request->id) == 0) return;
  if (!request->channel.isEmpty()) {
    const auto it = newest_.find({request->askerKey, request->channel});
    if (it != newest_.end() && it->second == request->id) newest_.erase(it);
  }
  if (!request->asker) return;
  request->answer(value);
}

}  // namespace dsw
