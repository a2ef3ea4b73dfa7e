// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_table_model.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "ui/models/csv_text.h"
#include "ui/models/selection.h"

namespace dsw {

namespace {

constexpr int kPiece = 500, kMostParamColumns = 6;
constexpr int kMostChanges = 100;  // rows inserted and removed one by one; more is quicker as a whole

/// Runs of one group differ in the seed alone: settings that are equal but for it are one object in RunParamsStore.
struct GroupKey {
  std::string_view experiment;
  int version;
  const RunParams* params;
  bool operator==(const GroupKey&) const = default;
};
struct GroupHash {
  std::size_t operator()(const GroupKey& key) const {
    return std::hash<std::string_view>()(key.experiment) ^ (std::hash<const void*>()(key.params) * 31) ^
           static_cast<std::size_t>(key.version);
  }
};

}  // namespace

RunTableModel::RunTableModel(const ProjectData& data, const RunParamsStore& params, Selection& selection, QueryRunner& queries,
                             QObject* parent)
    : QAbstractItemModel(parent), data_(data), params_(params), selection_(selection), queries_(queries) {
  connect(&data, &ProjectData::reset, this, &RunTableModel::rebuildRows);
  connect(&data, &ProjectData::runsChanged, this, &RunTableModel::onRuns);
  connect(&params, &RunParamsStore::loaded, this, &RunTableModel::onParams);
  connect(&selection, &Selection::runsChanged, this, [this] {
    if (fetched_ > 0) emit dataChanged(index(0, 0), index(fetched_ - 1, columnCount() - 1));
  });
  rebuildRows();
}

void RunTableModel::rebuildRows() {
  QSet<QString> there;
  there.reserve(static_cast<qsizetype>(data_.runs().size()));
  for (const RunPtr& run : data_.runs()) there.insert(QString::fromStdString(run->id));
  const auto stays = [&](const Row& row) { return there.contains(QString::fromStdString(row.run->id)); };
  const auto gone = std::count_if(rows_.begin(), rows_.end(), [&](const Row& row) { return !stays(row); });
  const bool whole = rows_.empty() || there.isEmpty() || grouped_ || gone > kMostChanges;
  if (!whole) removeEntries([&](const Entry& entry) { return !stays(rows_[static_cast<std::size_t>(entry.rows.front())]); });
  if (whole) beginResetModel();  // whoever listens may still ask for the rows as they were
  const std::vector<Row> former = std::exchange(rows_, {});
  const QHash<QString, int> formerOf = std::exchange(rowOf_, {});
  if (former.empty() || data_.runs().empty()) {
    curves_.clear();
    curvesAsked_.clear();
  }
  rows_.reserve(data_.runs().size());
  rowOf_.reserve(static_cast<qsizetype>(data_.runs().size()));
  for (const RunPtr& run : data_.runs()) {
    const QString id = QString::fromStdString(run->id);
    const int known = formerOf.value(id, -1);
    const bool same = known >= 0 && former[static_cast<std::size_t>(known)].run == run;
    rowOf_[id] = static_cast<int>(rows_.size());
    rows_.push_back({run, params_.params(id), same ? former[static_cast<std::size_t>(known)].text : QString()});
  }
  countMetrics();
  if (whole) return refill();
  for (Entry& entry : entries_) {
    int& at = entry.rows.front();
    at = rowOf_.value(QString::fromStdString(former[static_cast<std::size_t>(at)].run->id));
  }
  placeEntries();
  update();
}

void RunTableModel::countMetrics() {
  metricCounts_.clear();
  const std::map<std::string, MetricSummary>* last = nullptr;
  std::vector<int*> counts;  // of the keys of `last`, in its order: neighbours mostly have the same ones
  for (const Row& row : rows_) {
    const auto& metrics = row.run->metrics;
    const auto sameKey = [](const auto& a, const auto& b) { return a.first == b.first; };
    if (!last || !std::equal(metrics.begin(), metrics.end(), last->begin(), last->end(), sameKey)) {
      counts.clear();
      for (const auto& [key, summary] : metrics) counts.push_back(&metricCounts_[key]);
      last = &metrics;
    }
    for (int* count : counts) ++*count;
  }
}

void RunTableModel::onRuns(const QStringList& changed, const QStringList& added, const QStringList& removed) {
  if (!added.isEmpty() || !removed.isEmpty()) return rebuildRows();
  bool filterMayDiffer = false, metricsDiffer = false;
  for (const QString& id : changed) {
    const auto at = rowOf_.constFind(id);
    if (at == rowOf_.constEnd()) continue;
    Row& row = rows_[static_cast<std::size_t>(*at)];
    const bool before = passes(row);
    const std::size_t metrics = row.run->metrics.size();
    row.run = data_.run(id);
    row.text.clear();
    metricsDiffer = metricsDiffer || metrics != row.run->metrics.size();
    curvesAsked_.remove(id);  // its curve has grown
    if (before != passes(row)) filterMayDiffer = true;
  }
  if (metricsDiffer) countMetrics();
  if (filterMayDiffer) update();
  for (const QString& id : changed) {
    const QModelIndex at = indexOf(id);
    if (!at.isValid()) continue;
    const QModelIndex group = at.parent();
    emit dataChanged(at.siblingAtColumn(0), at.siblingAtColumn(columnCount() - 1));
    if (group.isValid()) emit dataChanged(group.siblingAtColumn(0), group.siblingAtColumn(columnCount() - 1));
  }
}

void RunTableModel::onParams(const QStringList& ids) {
  for (const QString& id : ids) {
    const auto at = rowOf_.constFind(id);
    if (at != rowOf_.constEnd()) rows_[static_cast<std::size_t>(*at)].params = params_.params(id);
  }
  if (params_.complete()) update();  // once, not for each piece
}

void RunTableModel::setFilter(const QString& text) {
  if (text == filterText_) return;
  filterText_ = text;
  filter_ = RunFilter::parse(text);
  refresh();
}

void RunTableModel::setMetric(const QString& key) {
  chosenMetric_ = key;
  curves_.clear();
  curvesAsked_.clear();
  refresh();
}

void RunTableModel::setGrouped(bool on) {
  if (std::exchange(grouped_, on) != on) refresh();
}

void RunTableModel::setHideEqual(bool on) {
  if (std::exchange(hideEqual_, on) != on) refresh();
}

void RunTableModel::setChosenColumns(const QStringList& ids) {
  if (std::exchange(chosen_, ids) != ids) refresh();
}

bool RunTableModel::passes(const Row& row) const {
  if (filter_.isEmpty()) return true;
  if (row.text.isNull()) row.text = dsw::filterText(*row.run);
  return filter_.matches({row.run.get(), row.params.get(), &row.text});
}

void RunTableModel::refresh() {
  beginResetModel();
  refill();
}

void RunTableModel::refill() {
  entries_.clear();
  shown_ = 0;
  std::unordered_map<GroupKey, std::size_t, GroupHash> groups;
  for (int i = 0; i < static_cast<int>(rows_.size()); ++i) {
    const Row& row = rows_[static_cast<std::size_t>(i)];
    if (!passes(row)) continue;
    ++shown_;
    if (grouped_) {
      const auto [at, fresh] = groups.emplace(GroupKey{row.run->experiment_id, row.run->version, row.params.get()}, entries_.size());
      if (!fresh) {
        entries_[at->second].rows.push_back(i);
        continue;
      }
    }
    entries_.push_back({{i}});
  }
  pickMetric();
  rebuildColumns();
  sortEntries();
  fetched_ = std::min(kPiece, static_cast<int>(entries_.size()));
  endResetModel();
  emit columnsReset();
  emit countsChanged();
}

void RunTableModel::update() {
  std::vector<Entry> added;
  std::size_t gone = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const bool shown = entryOf_[i] >= 0, wanted = passes(rows_[i]);
    gone += shown && !wanted;
    if (!shown && wanted) added.push_back({{static_cast<int>(i)}});
  }
  const QString metric = metric_;
  pickMetric();
  if (grouped_ || entries_.empty() || metric != metric_ || added.size() + gone > static_cast<std::size_t>(kMostChanges)) return refresh();
  if (gone > 0) removeEntries([this](const Entry& entry) { return !passes(rows_[static_cast<std::size_t>(entry.rows.front())]); });
  insertEntries(std::move(added));
  shown_ = static_cast<int>(entries_.size());
  QVector<RunColumn> columns = columns_;
  rebuildColumns();
  const auto same = [](const RunColumn& a, const RunColumn& b) { return a.id == b.id && a.title == b.title; };
  if (!std::equal(columns.begin(), columns.end(), columns_.begin(), columns_.end(), same)) {
    columns_.swap(columns);
    beginResetModel();
    columns_.swap(columns);
    endResetModel();
    emit columnsReset();
  } else if (fetched_ > 0) {
    emit dataChanged(index(0, 0), index(fetched_ - 1, columnCount() - 1));
  }
  emit countsChanged();
}

void RunTableModel::placeEntries() {
  entryOf_.assign(rows_.size(), -1);
  for (std::size_t i = 0; i < entries_.size(); ++i)
    for (const int row : entries_[i].rows) entryOf_[static_cast<std::size_t>(row)] = static_cast<int>(i);
}

void RunTableModel::removeEntries(const std::function<bool(const Entry&)>& gone) {
  for (int i = static_cast<int>(entries_.size()) - 1; i >= 0; --i) {
    if (!gone(entries_[static_cast<std::size_t>(i)])) continue;
    const bool seen = i < fetched_;
    if (seen) beginRemoveRows({}, i, i);
    entries_.erase(entries_.begin() + i);
    placeEntries();
    if (!seen) continue;
    --fetched_;
    endRemoveRows();
  }
}

/// What is there takes its order anew (its values may have changed), then each new entry is put where the order wants it.
void RunTableModel::insertEntries(std::vector<Entry> added) {
  sortAgain();
  if (added.empty()) return;
  std::vector<Entry> kept = entries_;
  for (const Entry& entry : added) entries_.push_back(entry);
  sortEntries();
  const std::vector<Entry> wanted = std::exchange(entries_, std::move(kept));
  QSet<int> fresh;
  for (const Entry& entry : added) fresh.insert(entry.rows.front());
  placeEntries();
  for (int i = 0; i < static_cast<int>(wanted.size()); ++i) {
    const Entry& entry = wanted[static_cast<std::size_t>(i)];
    if (!fresh.contains(entry.rows.front())) continue;
    const bool seen = i < fetched_ || (fetched_ == static_cast<int>(entries_.size()) && fetched_ < kPiece);
    if (seen) beginInsertRows({}, i, i);
    entries_.insert(entries_.begin() + i, entry);
    placeEntries();
    if (!seen) continue;
    ++fetched_;
    endInsertRows();
  }
}

void RunTableModel::pickMetric() {
  const QString former = metric_;
  metric_ = chosenMetric_;
  if (metric_.isEmpty()) {
    metric_ = "val/loss";
    int most = 0;
    if (!metricCounts_.contains("val/loss"))
      for (const auto& [key, count] : metricCounts_)
        if (key.starts_with("val/") && count > most) {
          most = count;
          metric_ = QString::fromStdString(key);
        }
  }
  metricKey_ = metric_.toStdString();
  if (metric_ == former) return;
  curves_.clear();
  curvesAsked_.clear();
}

QStringList RunTableModel::metricKeys() const {
  QStringList list;
  for (const auto& [key, count] : metricCounts_) list.push_back(QString::fromStdString(key));
  return list;
}

void RunTableModel::rebuildColumns() {
  // Which settings differ among what is shown: distinct settings are few, so they are compared once each.
  QSet<const RunParams*> distinct;
  for (const Entry& entry : entries_)
    for (const int i : entry.rows)
      if (const RunParams* params = rows_[static_cast<std::size_t>(i)].params.get()) distinct.insert(params);
  QStringList order;
  QHash<QString, QVariant> first;
  QHash<QString, int> seen;
  QSet<QString> differs;
  for (const RunParams* params : distinct)
    for (const auto& [pointer, value] : params->values) {
      if (pointer == "/seed" || pointer == "/name" || pointer == "/deepshock" || pointer == "/task") continue;
      ++seen[pointer];
      const auto known = first.constFind(pointer);
      if (known == first.constEnd()) {
        first[pointer] = value;
        order.push_back(pointer);
      } else if (*known != value) {
        differs.insert(pointer);
      }
    }
  differing_.clear();
  for (const QString& pointer : order)
    if (differs.contains(pointer) || seen[pointer] != static_cast<int>(distinct.size())) differing_.push_back(pointer);
  differing_.sort();

  const auto param = [](const QString& pointer) { return RunColumn{"param:" + pointer, pointer.mid(pointer.lastIndexOf('/') + 1), true}; };
  columns_.clear();
  if (chosen_.isEmpty()) {
    columns_ = {{"mark", {}, false},
                {"series", {}, false},
                {"state", "State", false},
                {"run", "Run", false},
                {"experiment", "Experiment", false},
                {"seed", "Seed", true},
                {"curve", metric_, false},
                {"best", "Best", true},
                {"delta", "Δ to baseline", true}};
    QStringList shown = differing_;
    // The settings that people look for first stand first.
    std::stable_sort(shown.begin(), shown.end(), [](const QString& a, const QString& b) {
      const auto weight = [](const QString& p) {
        return p.startsWith("/optimizer/lr") ? 0 : p.startsWith("/model/") ? 1 : p.startsWith("/training/") ? 2 : 3;
      };
      return weight(a) < weight(b);
    });
    for (const QString& pointer : shown.mid(0, kMostParamColumns)) columns_.push_back(param(pointer));
    const auto costs = {std::pair("parameters", &RunParams::parameters), std::pair("step-flops", &RunParams::step_flops)};
    for (const auto& [id, cost] : costs) {
      const bool equal = std::all_of(distinct.begin(), distinct.end(),
                                     [&](const RunParams* params) { return params->*cost == (*distinct.begin())->*cost; });
      if (!equal) columns_.push_back({id, id == std::string("parameters") ? "Params" : "FLOPs/step", true});
    }
    columns_ += {{"time", "Time", true}, {"tags", "Tags", false}};
    return;
  }
  const QVector<RunColumn> possible = possibleColumns();
  for (const QString& id : chosen_) {
    if (hideEqual_ && id.startsWith("param:") && !differing_.contains(id.mid(6))) continue;
    const auto at = std::find_if(possible.begin(), possible.end(), [&](const RunColumn& column) { return column.id == id; });
    if (at != possible.end()) columns_.push_back(*at);
  }
}

QVector<RunColumn> RunTableModel::possibleColumns() const {
  QVector<RunColumn> list = {{"mark", {}, false},
                             {"series", {}, false},
                             {"state", "State", false},
                             {"run", "Run", false},
                             {"experiment", "Experiment", false},
                             {"seed", "Seed", true},
                             {"curve", metric_, false},
                             {"best", "Best", true},
                             {"last", "Last", true},
                             {"delta", "Δ to baseline", true}};
  for (const QString& key : metricKeys()) list.push_back({"metric:" + key, key, true});
  QStringList pointers;
  QSet<QString> known;
  QSet<const RunParams*> looked;
  for (const Row& row : rows_) {
    if (!row.params || looked.contains(row.params.get())) continue;
    looked.insert(row.params.get());
    for (const auto& [pointer, value] : row.params->values)
      if (!known.contains(pointer)) {
        known.insert(pointer);
        pointers.push_back(pointer);
      }
  }
  for (const QString& pointer : pointers)
    if (pointer != "/seed") list.push_back({"param:" + pointer, pointer.mid(pointer.lastIndexOf('/') + 1), true});
  list += {{"parameters", "Params", true}, {"step-flops", "FLOPs/step", true}};
  list += {{"step", "Step", true},       {"time", "Time", true},  {"device", "Device", false},
           {"created", "Created", true}, {"tags", "Tags", false}, {"note", "Note", false}};
  return list;
}

std::vector<RunPtr> RunTableModel::shownRows() const {
  std::vector<RunPtr> out;
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (entryOf_[i] >= 0) out.push_back(rows_[i].run);
  return out;
}

int RunTableModel::columnOf(const QString& id) const {
  for (int i = 0; i < columns_.size(); ++i)
    if (columns_[i].id == id) return i;
  return -1;
}

// Tree: internalId 0 is a top row, else 1 + the row of its group.
QModelIndex RunTableModel::index(int row, int column, const QModelIndex& parent) const {
  if (row < 0 || column < 0 || column >= columnCount()) return {};
  if (!parent.isValid()) return row < fetched_ ? createIndex(row, column, quintptr{0}) : QModelIndex();
  return row < rowCount(parent) ? createIndex(row, column, static_cast<quintptr>(parent.row()) + 1) : QModelIndex();
}

QModelIndex RunTableModel::parent(const QModelIndex& child) const {
  return child.isValid() && child.internalId() != 0 ? createIndex(static_cast<int>(child.internalId()) - 1, 0, quintptr{0}) : QModelIndex();
}

int RunTableModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return fetched_;
  if (parent.internalId() != 0 || parent.column() > 0 || parent.row() >= fetched_) return 0;
  const std::size_t rows = entries_[static_cast<std::size_t>(parent.row())].rows.size();
  return rows > 1 ? static_cast<int>(rows) : 0;
}

int RunTableModel::columnCount(const QModelIndex&) const { return static_cast<int>(columns_.size()); }

bool RunTableModel::canFetchMore(const QModelIndex& parent) const {
  return !parent.isValid() && fetched_ < static_cast<int>(entries_.size());
}

void RunTableModel::fetchMore(const QModelIndex& parent) {
  if (!canFetchMore(parent)) return;
  const int to = std::min(fetched_ + kPiece, static_cast<int>(entries_.size()));
  beginInsertRows({}, fetched_, to - 1);
  fetched_ = to;
  endInsertRows();
}

std::vector<const RunTableModel::Row*> RunTableModel::rowsOf(const Entry& entry) const {
  std::vector<const Row*> list;
  list.reserve(entry.rows.size());
  for (const int i : entry.rows) list.push_back(&rows_[static_cast<std::size_t>(i)]);
  return list;
}

std::vector<const RunTableModel::Row*> RunTableModel::rowsOf(const QModelIndex& index) const {
  if (!index.isValid()) return {};
  const int top = index.internalId() == 0 ? index.row() : static_cast<int>(index.internalId()) - 1;
  const Entry& entry = entries_[static_cast<std::size_t>(top)];
  if (index.internalId() != 0) return {&rows_[static_cast<std::size_t>(entry.rows[static_cast<std::size_t>(index.row())])]};
  return rowsOf(entry);
}

RunPtr RunTableModel::run(const QModelIndex& index) const {
  const auto rows = rowsOf(index);
  return rows.empty() ? nullptr : rows.front()->run;
}

QStringList RunTableModel::runIds(const QModelIndex& index) const {
  QStringList ids;
  for (const Row* row : rowsOf(index)) ids.push_back(QString::fromStdString(row->run->id));
  return ids;
}

QModelIndex RunTableModel::indexOf(const QString& runId) const {
  const int row = rowOf_.value(runId, -1);
  const int top = row < 0 ? -1 : entryOf_[static_cast<std::size_t>(row)];
  if (top < 0 || top >= fetched_) return {};
  const auto& rows = entries_[static_cast<std::size_t>(top)].rows;
  const QModelIndex group = index(top, 0);
  return rows.size() == 1 ? group : index(static_cast<int>(std::find(rows.begin(), rows.end(), row) - rows.begin()), 0, group);
}

QString RunTableModel::csv() const {
  QString all;
  const auto skipped = [](const RunColumn& column) { return column.id == "mark" || column.id == "series" || column.id == "curve"; };
  QStringList line;
  for (const RunColumn& column : columns_)
    if (!skipped(column))
      line.push_back(csvCell(column.id == "best" ? metric_ + " best" : column.id == "last" ? metric_ + " last" : column.title));
  all += line.join(',') + '\n';
  for (const Entry& entry : entries_)
    for (const int i : entry.rows) {
      line.clear();
      for (const RunColumn& column : columns_)
        if (!skipped(column)) line.push_back(csvCell(cellText({&rows_[static_cast<std::size_t>(i)]}, column, true)));
      all += line.join(',') + '\n';
    }
  return all;
}

}  // namespace dsw
