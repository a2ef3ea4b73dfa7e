// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/store_watcher.h"

#include <QFileInfo>
#include <QSet>
#include <QTimer>
#include <mutex>

#include "engine/store/project.h"
#include "engine/workspace.h"
#include "ui/models/query_runner.h"

namespace dsw {

namespace {
constexpr int kShortestGapMs = 40;  // 25 times a second
}

struct StoreWatcher::Shared {
  std::mutex mutex;                 // guards all of this
  StoreWatcher* watcher = nullptr;  // null once it is gone
  quint64 project = 0;              // commits of an earlier project are nobody's any more
  QSet<QString> runs;
  bool everything = false, jobs = false, posted = false;

  /// Wakes the UI thread once for all that happens until it looks.
  template <class Change>
  void tell(Change change) {
    const std::lock_guard lock(mutex);
    if (!watcher) return;
    change(*this);
    if (posted) return;
    posted = true;
    QMetaObject::invokeMethod(
        watcher, [w = watcher] { w->flush(); }, Qt::QueuedConnection);
  }
};

StoreWatcher::StoreWatcher(QObject* parent)
    : QObject(parent), shared_(std::make_shared<Shared>()), timer_(new QTimer(this)), poll_(new QTimer(this)) {
  shared_->watcher = this;
  timer_->setSingleShot(true);
  timer_->setTimerType(Qt::PreciseTimer);
  connect(timer_, &QTimer::timeout, this, &StoreWatcher::flush);
  poll_->setInterval(1000);
}

StoreWatcher::~StoreWatcher() {
  const std::lock_guard lock(shared_->mutex);
  shared_->watcher = nullptr;
}

void StoreWatcher::watchJobs(Workspace& workspace) {
  workspace.on_job_changed([shared = shared_](const JobInfo&) { shared->tell([](Shared& s) { s.jobs = true; }); });
}

void StoreWatcher::watchProject(Project& project) {
  quint64 number = 0;
  {
    const std::lock_guard lock(shared_->mutex);
    number = shared_->project;
  }
  project.on_committed([shared = shared_, number](const std::vector<std::string>& ids) {
    shared->tell([&](Shared& s) {
      if (s.project != number) return;
      for (const std::string& id : ids) s.runs.insert(QString::fromStdString(id));
    });
  });
  project.on_trouble([shared = shared_, number](const Error& error) {
    const std::lock_guard lock(shared->mutex);
    if (!shared->watcher || shared->project != number) return;
    QMetaObject::invokeMethod(
        shared->watcher, [w = shared->watcher, error] { emit w->trouble(error); }, Qt::QueuedConnection);
  });
  project.on_trouble_over([shared = shared_, number] {
    const std::lock_guard lock(shared->mutex);
    if (shared->watcher && shared->project == number)
      QMetaObject::invokeMethod(shared->watcher, &StoreWatcher::troubleOver, Qt::QueuedConnection);
  });
}

void StoreWatcher::watchFile(QueryRunner& queries, const std::filesystem::path& path) {
  stopWatching();
  auto last = std::make_shared<QString>();
  const QString file = QString::fromStdString(path.string());
  poll_->disconnect();
  connect(poll_, &QTimer::timeout, this, [this, &queries, file, last] {
    queries.askLatest<QString>(
        this, "file",
        [file](ProjectReader&) -> Result<QString> {
          QString mark;
          for (const char* end : {"", "-wal"}) {
            const QFileInfo info(file + QLatin1String(end));
            mark += QString("%1 %2 ").arg(info.size()).arg(info.lastModified().toMSecsSinceEpoch());
          }
          return mark;
        },
        [this, last](const Result<QString>& mark) {
          if (!mark || *mark == *last) return;
          const bool first = last->isEmpty();
          *last = *mark;
          if (!first) post({});
        });
  });
  poll_->start();
}

void StoreWatcher::stopWatching() {
  poll_->stop();
  const std::lock_guard lock(shared_->mutex);
  ++shared_->project;
  shared_->runs.clear();
  shared_->everything = false;
}

void StoreWatcher::post(const QStringList& runIds) {
  shared_->tell([&](Shared& s) {
    if (runIds.isEmpty()) s.everything = true;
    for (const QString& id : runIds) s.runs.insert(id);
  });
}

void StoreWatcher::flush() {
  if (sinceFlush_.isValid() && sinceFlush_.elapsed() < kShortestGapMs) {
    if (!timer_->isActive()) timer_->start(kShortestGapMs - static_cast<int>(sinceFlush_.elapsed()));
    return;
  }
  QStringList runs;
  bool everything = false, jobs = false;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->posted = false;
    runs = QStringList(shared_->runs.begin(), shared_->runs.end());
    everything = shared_->everything;
    jobs = shared_->jobs;
    shared_->runs.clear();
    shared_->everything = shared_->jobs = false;
  }
  sinceFlush_.start();
  if (everything || !runs.isEmpty()) {
    lastCommit_ = QDateTime::currentDateTime();
    emit committed(everything ? QStringList() : runs);
  }
  if (jobs) emit jobsChanged();
}

}  // namespace dsw
