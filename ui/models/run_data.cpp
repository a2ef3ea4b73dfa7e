// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_data.h"

#include <nlohmann/json.hpp>

#include "engine/store/project.h"
#include "ui/models/query_runner.h"
#include "ui/models/store_watcher.h"

namespace dsw {

/// What is new after a number.
struct RunData::Delta {
  RunRow row;
  bool whole = false;  ///< not after a number: everything
  std::map<std::string, std::vector<MetricPoint>> points;
  std::vector<SampleRow> samples;
  std::vector<CheckpointRow> checkpoints;
  std::vector<EventRow> events;
  std::string resolved, record, summary;
  double steps_per_epoch = 0;
};

namespace {

/// Written by the task where it knows it: {"steps_per_epoch": 844}.
double readStepsPerEpoch(const std::string& record) {
  const Json json = Json::parse(record, nullptr, false);
  if (!json.is_object() || !json.contains("steps_per_epoch") || !json["steps_per_epoch"].is_number()) return 0;
  return json["steps_per_epoch"].get<double>();
}

}  // namespace

RunData::RunData(QueryRunner& queries, StoreWatcher& watcher, const QString& runId, QObject* parent)
    : QObject(parent), queries_(queries), run_id_(runId.toStdString()) {
  connect(&watcher, &StoreWatcher::committed, this, [this, runId](const QStringList& ids) {
    if (ids.isEmpty() || ids.contains(runId)) refresh();
  });
  refresh();
}

const MetricColumns* RunData::metric(const std::string& key) const {
  const auto it = metrics_.find(key);
  return it == metrics_.end() ? nullptr : &it->second;
}

void RunData::refresh() {
  if (asking_) {
    again_ = true;
    return;
  }
  asking_ = true;
  queries_.ask<std::shared_ptr<Delta>>(
      this,
      [id = run_id_, after = last_seq_](ProjectReader& reader) -> Result<std::shared_ptr<Delta>> {
        auto delta = std::make_shared<Delta>();
        DSW_TRY_ASSIGN(delta->row, reader.run(id));
        delta->whole = after == 0 || delta->row.last_seq < after;
        const std::int64_t from = delta->whole ? 0 : after;
        DSW_TRY_ASSIGN(const auto keys, reader.metric_keys(delta->row.id));
        for (const std::string& key : keys) {
          DSW_TRY_ASSIGN(auto points, reader.metric(delta->row.id, key, from));
          if (!points.empty()) delta->points.emplace(key, std::move(points));
        }
        DSW_TRY_ASSIGN(delta->events, reader.events(delta->row.id, from));
        DSW_TRY_ASSIGN(delta->samples, reader.samples(delta->row.id));
        DSW_TRY_ASSIGN(delta->checkpoints, reader.checkpoints(delta->row.id));
        DSW_TRY_ASSIGN(delta->summary, reader.run_summary(delta->row.id));
        if (delta->whole) {
          DSW_TRY_ASSIGN(delta->resolved, reader.run_resolved(delta->row.id));
          DSW_TRY_ASSIGN(delta->record, reader.run_record(delta->row.id));
          delta->steps_per_epoch = readStepsPerEpoch(delta->record);
        }
        return delta;
      },
      [this](Result<std::shared_ptr<Delta>> answer) { receive(std::move(answer)); });
}

void RunData::receive(Result<std::shared_ptr<Delta>> answer) {
  asking_ = false;
  if (!answer) {
    emit failed(answer.error());
    return;
  }
  Delta& delta = **answer;
  const bool first = !loaded_, rewound = loaded_ && delta.whole;
  if (delta.whole) {
    metrics_.clear();
    events_.clear();
    resolved_ = std::move(delta.resolved);
    record_ = std::move(delta.record);
    steps_per_epoch_ = delta.steps_per_epoch;
  }
  std::map<std::string, std::size_t> first_new;
  std::int64_t newest = delta.whole ? 0 : last_seq_;
  for (auto& [key, points] : delta.points) {
    MetricColumns& columns = metrics_[key];
    first_new[key] = columns.step.size();
    for (const MetricPoint& point : points) {
      columns.step.push_back(static_cast<double>(point.step));
      columns.value.push_back(point.value);
      columns.time.push_back(point.time);
      newest = std::max(newest, point.seq);
    }
  }
  const bool new_samples =
      first || samples_.size() != delta.samples.size() || (!samples_.empty() && samples_.back().seq != delta.samples.back().seq);
  const bool new_events = first || !delta.events.empty() || checkpoints_.size() != delta.checkpoints.size();
  for (EventRow& event : delta.events) {
    newest = std::max(newest, event.seq);
    events_.push_back(std::move(event));
  }
  samples_ = std::move(delta.samples);
  checkpoints_ = std::move(delta.checkpoints);
  summary_ = std::move(delta.summary);
  row_ = std::move(delta.row);
  last_seq_ = newest;
  loaded_ = true;
  if (first) emit loaded();
  emit rowChanged();
  if (!first_new.empty() || rewound) emit metricsGrew(first_new, rewound || first);
  if (new_samples) emit samplesChanged();
  if (new_events) emit eventsChanged();
  if (again_) {
    again_ = false;
    refresh();
  }
}

}  // namespace dsw
