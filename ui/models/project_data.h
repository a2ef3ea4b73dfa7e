// SPDX-License-Identifier: GPL-3.0-or-later
// The open project as rows in memory: what navigator, run table, overview and palette show. UI thread only.
#pragma once
#include <QHash>
#include <QObject>
#include <QString>
#include <QStringList>
#include <memory>
#include <vector>

#include "engine/core/result.h"
#include "engine/store/project_rows.h"

namespace dsw {

class QueryRunner;
class Selection;
class StoreWatcher;

using RunPtr = std::shared_ptr<const RunRow>;

/// Filled by questions to the QueryRunner: everything when a project is opened, then only the runs that were committed.
class ProjectData : public QObject {
  Q_OBJECT
 public:
  ProjectData(QueryRunner& queries, StoreWatcher& watcher, QObject* parent = nullptr);

  enum class State { Closed, Loading, Ready, Failed };
  State state() const { return state_; }
  const Error& error() const { return error_; }  ///< of Failed

  const ProjectInfo& info() const { return info_; }
  QString name() const;  ///< "tiny-language.dsx"; empty when closed
  bool readOnly() const { return !readOnlyReason_.isEmpty(); }
  const QString& readOnlyReason() const { return readOnlyReason_; }  ///< "a.dsx is being written by process 12 on host here since 14:02."
  const QString& readOnlyHint() const { return readOnlyHint_; }      ///< "It opens read-only. Close it there and try again to change it."

  const std::vector<ExperimentRow>& experiments() const { return experiments_; }
  const ExperimentRow* experiment(const QString& id) const;
  const std::vector<ModelRow>& models() const { return models_; }  ///< newest first, archived ones too
  const ModelRow* model(const QString& id) const;
  /// Newest first, archived ones left out.
  const std::vector<RunPtr>& runs() const { return runs_; }
  RunPtr run(const QString& id) const;  ///< null when unknown; also archived ones that were asked for by reload(id)
  int count(RunStatus status) const;
  QStringList tags() const;  ///< all tags in use, sorted

  /// The runs that go on belong to another program, which has the project open to write it; it opens read-only here.
  bool writtenElsewhere() const { return writtenElsewhere_; }

  // Used by ProjectActions when a project was opened or closed.
  void load(const QString& readOnlyReason = {}, const QString& readOnlyHint = {}, bool writtenElsewhere = false);
  void clear();
  void fail(const Error& error);
  /// Reads everything again (after an import).
  void reload();
  void reloadExperiments();  ///< and models

 signals:
  /// Opened, closed, failed, or read anew: take everything from here.
  void reset();
  /// Rows of these runs changed; `added` came to the front, `removed` (archived or gone) are no longer in runs().
  void runsChanged(const QStringList& changed, const QStringList& added, const QStringList& removed);
  void experimentsChanged();  ///< or models

 private:
  void onCommitted(const QStringList& ids);
  void setRuns(std::vector<RunRow> rows);
  QueryRunner& queries_;
  State state_ = State::Closed;
  Error error_;
  ProjectInfo info_;
  QString readOnlyReason_, readOnlyHint_;
  bool writtenElsewhere_ = false;
  std::vector<ExperimentRow> experiments_;
  std::vector<ModelRow> models_;
  std::vector<RunPtr> runs_;
  QHash<QString, RunPtr> byId_;
};

/// What the engine said, with its full stop.
QString fullSentence(const std::string& text);
/// How a person reads a run: its name where it has one, else "shakespeare-char v4".
QString runTitle(const RunRow& run);

}  // namespace dsw
