// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/project_data.h"

#include <QSet>
#include <algorithm>

#include "engine/store/project.h"
#include "ui/models/query_runner.h"
#include "ui/models/store_watcher.h"

namespace dsw {

namespace {

struct Everything {
  ProjectInfo info;
  std::vector<ExperimentRow> experiments;
  std::vector<RunRow> runs;
  std::vector<ModelRow> models;
};

Result<Everything> readEverything(ProjectReader& reader) {
  Everything all;
  DSW_TRY_ASSIGN(all.info, reader.info());
  DSW_TRY_ASSIGN(all.experiments, reader.experiments());
  DSW_TRY_ASSIGN(all.runs, reader.runs());
  DSW_TRY_ASSIGN(all.models, reader.models());
  return all;
}

}  // namespace

ProjectData::ProjectData(QueryRunner& queries, StoreWatcher& watcher, QObject* parent) : QObject(parent), queries_(queries) {
  connect(&watcher, &StoreWatcher::committed, this, &ProjectData::onCommitted);
}

QString ProjectData::name() const {
  if (state_ == State::Closed) return {};
  const QString path = QString::fromStdString(queries_.project().filename().string());
  return path.isEmpty() ? QString::fromStdString(info_.name) : path;
}

const ExperimentRow* ProjectData::experiment(const QString& id) const {
  const std::string wanted = id.toStdString();
  for (const ExperimentRow& row : experiments_)
    if (row.id == wanted) return &row;
  return nullptr;
}

RunPtr ProjectData::run(const QString& id) const { return byId_.value(id); }

int ProjectData::count(RunStatus status) const {
  return static_cast<int>(std::count_if(runs_.begin(), runs_.end(), [&](const RunPtr& run) { return run->status == status; }));
}

const ModelRow* ProjectData::model(const QString& id) const {
  const auto at =
      std::find_if(models_.begin(), models_.end(), [wanted = id.toStdString()](const ModelRow& row) { return row.id == wanted; });
  return at == models_.end() ? nullptr : &*at;
}

QStringList ProjectData::tags() const {
  QSet<QString> all;
  for (const RunPtr& run : runs_)
    for (const std::string& tag : run->tags) all.insert(QString::fromStdString(tag));
  QStringList list(all.begin(), all.end());
  list.sort(Qt::CaseInsensitive);
  return list;
}

void ProjectData::load(const QString& readOnlyReason, const QString& readOnlyHint, bool writtenElsewhere) {
  readOnlyReason_ = readOnlyReason;
  readOnlyHint_ = readOnlyHint;
  writtenElsewhere_ = writtenElsewhere;
  state_ = State::Loading;
  emit reset();
  reload();
}

void ProjectData::clear() {
  state_ = State::Closed;
  readOnlyReason_.clear();
  readOnlyHint_.clear();
  writtenElsewhere_ = false;
  info_ = {};
  experiments_.clear();
  models_.clear();
  runs_.clear();
  byId_.clear();
  emit reset();
}

void ProjectData::fail(const Error& error) {
  clear();
  state_ = State::Failed;
  error_ = error;
  emit reset();
}

void ProjectData::reload() {
  queries_.askLatest<Everything>(this, "everything", readEverything, [this](Result<Everything> all) {
    if (!all) return fail(all.error());
    info_ = std::move(all->info);
    if (readOnlyReason_.isEmpty() && info_.read_only) readOnlyReason_ = QString::fromStdString(info_.read_only_reason);
    experiments_ = std::move(all->experiments);
    models_ = std::move(all->models);
    setRuns(std::move(all->runs));
    state_ = State::Ready;
    emit reset();
  });
}

void ProjectData::reloadExperiments() {
  using Rows = std::pair<std::vector<ExperimentRow>, std::vector<ModelRow>>;
  queries_.askLatest<Rows>(
      this, "experiments",
      [](ProjectReader& reader) -> Result<Rows> {
        Rows rows;
        DSW_TRY_ASSIGN(rows.first, reader.experiments());
        DSW_TRY_ASSIGN(rows.second, reader.models());
        return rows;
      },
      [this](Result<Rows> rows) {
        if (!rows) return;
        experiments_ = std::move(rows->first);
        models_ = std::move(rows->second);
        emit experimentsChanged();
      });
}

void ProjectData::setRuns(std::vector<RunRow> rows) {
  runs_.clear();
  byId_.clear();
  runs_.reserve(rows.size());
  byId_.reserve(static_cast<qsizetype>(rows.size()));
  for (RunRow& row : rows) {
    const QString id = QString::fromStdString(row.id);
    auto run = std::make_shared<const RunRow>(std::move(row));
    byId_[id] = run;
    runs_.push_back(std::move(run));
  }
}

void ProjectData::onCommitted(const QStringList& ids) {
  if (state_ != State::Ready && state_ != State::Loading) return;
  if (ids.isEmpty()) return reload();
  queries_.ask<std::vector<RunRow>>(
      this,
      [ids](ProjectReader& reader) -> Result<std::vector<RunRow>> {
        std::vector<RunRow> rows;
        for (const QString& id : ids) {
          auto row = reader.run(id.toStdString());
          if (row) rows.push_back(std::move(*row));  // a run that is no longer there is left as it was shown
        }
        return rows;
      },
      [this](Result<std::vector<RunRow>> rows) {
        if (!rows || state_ != State::Ready) return;
        QStringList changed, added, removed;
        bool experimentsTouched = false;
        for (RunRow& row : *rows) {
          const QString id = QString::fromStdString(row.id);
          const RunPtr former = byId_.value(id);
          if (former && former->last_seq > row.last_seq) continue;  // an older answer
          auto run = std::make_shared<const RunRow>(std::move(row));
          byId_[id] = run;
          const auto at = std::find_if(runs_.begin(), runs_.end(), [&](const RunPtr& other) { return other->id == run->id; });
          if (run->archived) {
            if (at == runs_.end()) continue;
            runs_.erase(at);
            removed.push_back(id);
            experimentsTouched = true;
          } else if (at == runs_.end()) {
            const auto place = std::find_if(runs_.begin(), runs_.end(), [&](const RunPtr& other) { return other->number < run->number; });
            runs_.insert(place, run);
            added.push_back(id);
            experimentsTouched = true;
          } else {
            *at = run;
            changed.push_back(id);
          }
        }
        if (!changed.isEmpty() || !added.isEmpty() || !removed.isEmpty()) emit runsChanged(changed, added, removed);
        if (experimentsTouched) reloadExperiments();
      });
}

QString fullSentence(const std::string& text) {
  const QString sentence = QString::fromStdString(text).trimmed();
  return sentence.isEmpty() || sentence.endsWith('.') || sentence.endsWith('?') ? sentence : sentence + '.';
}

QString runTitle(const RunRow& run) {
  if (!run.name.empty()) return QString::fromStdString(run.name);
  return QString::fromStdString(run.experiment_name) + " v" + QString::number(run.version);
}

}  // namespace dsw
