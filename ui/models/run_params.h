// SPDX-License-Identifier: GPL-3.0-or-later
// The settings that runs were made with, as flat lists: for columns, filters and comparisons.
#pragma once
#include <QHash>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QVariant>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dsw {

class ProjectData;
class QueryRunner;

/// JSON pointer → value of every leaf of a resolved document, in document order. Values: double, bool, QString; lists as their JSON text.
struct RunParams {
  std::vector<std::pair<QString, QVariant>> values;
  double parameters = 0, step_flops = 0;  ///< what the run was expected to cost, from its record; 0: not known
  /// By pointer ("/model/width") or by the last word of one ("width"); invalid when there is none.
  QVariant find(const QString& name) const;
};
using RunParamsPtr = std::shared_ptr<const RunParams>;

/// Empty on text that is no JSON. Any thread.
RunParams flattenDocument(const std::string& text);
/// Reads the costs from a run's record (JSON text). Any thread.
void readCosts(const std::string& record, RunParams& params);
/// 0.001 → "1e-3", 128 → "128", true → "yes".
QString paramText(const QVariant& value);

/// The settings and expected costs of all runs of a project, read in the background in pieces of 200; equal ones are shared. UI thread
/// only.
class RunParamsStore : public QObject {
  Q_OBJECT
 public:
  RunParamsStore(QueryRunner& queries, const ProjectData& data, QObject* parent = nullptr);
  RunParamsPtr params(const QString& runId) const { return byRun_.value(runId); }  ///< null: not read yet
  bool complete() const { return waiting_.empty() && !asking_; }

 signals:
  void loaded(const QStringList& runIds);

 private:
  void onReset();
  void onRuns(const QStringList& changed, const QStringList& added);
  void askNext();
  QueryRunner& queries_;
  const ProjectData& data_;
  QHash<QString, RunParamsPtr> byRun_;
  QHash<QString, RunParamsPtr> distinct_;  ///< by the flat text, the seed left out
  std::deque<QString> waiting_;
  bool asking_ = false;
};

}  // namespace dsw
