// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that a dashboard shows of one run, kept up to date while it is written. UI thread only.
#pragma once
#include <QObject>
#include <QString>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/core/result.h"
#include "engine/store/project_rows.h"

namespace dsw {

class QueryRunner;
class StoreWatcher;

/// A metric as columns, ready for a chart: equal lengths, in the order written.
struct MetricColumns {
  std::vector<double> step, value, time;
};

class RunData : public QObject {
  Q_OBJECT
 public:
  RunData(QueryRunner& queries, StoreWatcher& watcher, const QString& runId, QObject* parent = nullptr);

  bool isLoaded() const { return loaded_; }
  const RunRow& row() const { return row_; }
  const std::map<std::string, MetricColumns>& metrics() const { return metrics_; }
  const MetricColumns* metric(const std::string& key) const;
  const std::vector<SampleRow>& samples() const { return samples_; }
  const std::vector<CheckpointRow>& checkpoints() const { return checkpoints_; }
  const std::vector<EventRow>& events() const { return events_; }
  const std::string& resolved() const { return resolved_; }  ///< JSON text
  const std::string& record() const { return record_; }      ///< JSON text
  const std::string& summary() const { return summary_; }    ///< JSON text
  /// Steps of one epoch; 0: not known, no epoch axis.
  double stepsPerEpoch() const { return steps_per_epoch_; }
  bool isActive() const {
    return row_.status == RunStatus::Running || row_.status == RunStatus::Queued || row_.status == RunStatus::Paused;
  }
  /// Asks again for what is new; done by itself when the watcher reports the run.
  void refresh();

 signals:
  void loaded();  ///< once; everything is there
  /// New points, each key with the index of its first new one; `reset`: the run was rewound (a resume), draw all again.
  void metricsGrew(const std::map<std::string, std::size_t>& firstNew, bool reset);
  void rowChanged();
  void samplesChanged();
  void eventsChanged();
  void failed(const Error& error);

 private:
  struct Delta;
  void receive(Result<std::shared_ptr<Delta>> answer);

  QueryRunner& queries_;
  std::string run_id_;
  bool loaded_ = false, asking_ = false, again_ = false;
  RunRow row_;
  std::map<std::string, MetricColumns> metrics_;
  std::vector<SampleRow> samples_;
  std::vector<CheckpointRow> checkpoints_;
  std::vector<EventRow> events_;
  std::string resolved_, record_, summary_;
  double steps_per_epoch_ = 0;
  std::int64_t last_seq_ = 0;
};

}  // namespace dsw
