// SPDX-License-Identifier: GPL-3.0-or-later
// Carries what other threads and processes change in the project to the UI thread.
#pragma once
#include <QDateTime>
#include <QElapsedTimer>
#include <QObject>
#include <QStringList>
#include <filesystem>
#include <memory>

#include "engine/core/result.h"

class QTimer;

namespace dsw {

class Project;
class QueryRunner;
class Workspace;

/// Signals come on the UI thread, at most 25 times a second; ids that were committed in between are put together.
/// Models ask for rows after the last seq they show.
class StoreWatcher : public QObject {
  Q_OBJECT
 public:
  explicit StoreWatcher(QObject* parent = nullptr);
  ~StoreWatcher() override;

  /// Connects to the jobs of a workspace, for its whole life.
  void watchJobs(Workspace& workspace);
  /// Connects to the commits of the project open for writing. Any thread; stopWatching() was called before it was opened.
  void watchProject(Project& project);
  /// A project that another process writes: its files are looked at once a second, on the query thread.
  void watchFile(QueryRunner& queries, const std::filesystem::path& path);
  void stopWatching();

  /// For tests and for changes that this process made: as if these runs had been committed. Any thread.
  void post(const QStringList& runIds);
  QDateTime lastCommit() const { return lastCommit_; }

 signals:
  /// Rows of these runs changed. An empty list: anything may have changed.
  void committed(const QStringList& runIds);
  void jobsChanged();
  void trouble(const Error& error);
  void troubleOver();  ///< what waited is stored

 private:
  struct Shared;
  void flush();
  std::shared_ptr<Shared> shared_;  ///< outlives this: callbacks of other threads hold it
  QTimer* timer_;
  QTimer* poll_;
  QElapsedTimer sinceFlush_;
  QDateTime lastCommit_;
};

}  // namespace dsw
