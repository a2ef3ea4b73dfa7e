// SPDX-License-Identifier: GPL-3.0-or-later
// The order of the run table: what each column is sorted by, and the sorting of 15,000 rows within one event.
#include <QCollator>
#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/models/run_table_model.h"
#include "ui/models/selection.h"

namespace dsw {

void RunTableModel::sort(int column, Qt::SortOrder order) {
  const QString id = column >= 0 && column < columns_.size() ? columns_[column].id : QString();
  sortColumn_ = id;
  sortOrder_ = order;
  sortAgain();
}

void RunTableModel::sortAgain() {
  // Not a reset: what is selected stays selected.
  emit layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
  const QModelIndexList before = persistentIndexList();
  struct Held {
    QString run;
    int column;
    bool inGroup;
  };
  QVector<Held> held;
  for (const QModelIndex& at : before) {
    const auto rows = rowsOf(at);
    held.push_back({rows.empty() ? QString() : QString::fromStdString(rows.front()->run->id), at.column(), at.parent().isValid()});
  }
  sortEntries();
  QModelIndexList after;
  for (const Held& one : held) {
    QModelIndex at = indexOf(one.run);
    if (!one.inGroup && at.parent().isValid()) at = at.parent();
    after.push_back(at.isValid() ? at.siblingAtColumn(one.column) : QModelIndex());
  }
  changePersistentIndexList(before, after);
  emit layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

std::function<double(const std::vector<const RunTableModel::Row*>&, QString&)> RunTableModel::sortKey(const QString& column) const {
  using Rows = std::vector<const Row*>;
  using Key = std::function<double(const Rows&, QString&)>;
  const auto ofRun = [](auto value) -> Key {
    return [value](const Rows& rows, QString&) { return static_cast<double>(value(*rows.front()->run)); };
  };
  if (column == "run") return ofRun([](const RunRow& run) { return run.number; });
  if (column == "seed")
    return [](const Rows& rows, QString&) { return static_cast<double>(rows.size() > 1 ? rows.size() : rows.front()->run->seed); };
  if (column == "best" || column == "curve" || column == "delta") return [this](const Rows& rows, QString&) { return best(rows); };
  if (column == "last") return ofRun([this](const RunRow& run) { return metricValue(run, metricKey_, true); });
  if (column == "step") return ofRun([](const RunRow& run) { return run.step; });
  if (column == "time") return ofRun([](const RunRow& run) { return run.seconds; });
  if (column == "created") return ofRun([](const RunRow& run) { return run.created; });
  const auto ofParams = [](double RunParams::*value) -> Key {
    return [value](const Rows& rows, QString&) { return rows.front()->params ? rows.front()->params.get()->*value : 0; };
  };
  if (column == "parameters") return ofParams(&RunParams::parameters);
  if (column == "step-flops") return ofParams(&RunParams::step_flops);
  if (column == "mark" || column == "series")
    return ofRun([this](const RunRow& run) { return selection_.contains(QString::fromStdString(run.id)) ? 0 : 1; });
  if (column.startsWith("metric:"))
    return ofRun([this, key = column.mid(7).toStdString()](const RunRow& run) { return metricValue(run, key, false); });
  if (column.startsWith("param:"))
    return [pointer = column.mid(6)](const Rows& rows, QString& text) {
      const QVariant value = rows.front()->params ? rows.front()->params->find(pointer) : QVariant();
      if (value.typeId() == QMetaType::Double || value.typeId() == QMetaType::Bool) return value.toDouble();
      text = value.toString();
      return std::numeric_limits<double>::quiet_NaN();
    };
  return [this, shown = RunColumn{column, {}, false}](const Rows& rows, QString& text) {
    text = cellText(rows, shown, false);
    return std::numeric_limits<double>::quiet_NaN();
  };
}

void RunTableModel::sortEntries() {
  struct Key {
    double number = 0;
    int rank = -1;  // of its text among all texts; -1: none
    int entry = 0;
  };
  std::vector<Key> keys(entries_.size());
  if (sortColumn_.isEmpty()) {  // newest first
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = {static_cast<double>(entries_[i].rows.front()), -1, static_cast<int>(i)};
  } else {
    const auto key = sortKey(sortColumn_);
    QHash<QString, int> known;  // texts repeat, and to compare two as a language does is dear: each is placed once
    std::vector<QString> texts;
    std::vector<const Row*> rows;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      rows.clear();
      for (const int row : entries_[i].rows) rows.push_back(&rows_[static_cast<std::size_t>(row)]);
      QString text;
      keys[i] = {key(rows, text), -1, static_cast<int>(i)};
      if (text.isEmpty()) continue;
      const auto at = known.constFind(text);
      keys[i].rank = at != known.constEnd() ? *at : static_cast<int>(texts.size());
      if (at != known.constEnd()) continue;
      known.insert(text, keys[i].rank);
      texts.push_back(text);
    }
    const QCollator collator;
    std::vector<std::pair<QCollatorSortKey, int>> order;
    order.reserve(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) order.emplace_back(collator.sortKey(texts[i]), static_cast<int>(i));
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<int> place(texts.size());
    for (std::size_t i = 0; i < order.size(); ++i) place[static_cast<std::size_t>(order[i].second)] = static_cast<int>(i);
    for (Key& one : keys)
      if (one.rank >= 0) one.rank = place[static_cast<std::size_t>(one.rank)];
  }
  const bool down = !sortColumn_.isEmpty() && sortOrder_ == Qt::DescendingOrder;
  std::stable_sort(keys.begin(), keys.end(), [down](const Key& a, const Key& b) {
    const bool missingA = std::isnan(a.number) && a.rank < 0, missingB = std::isnan(b.number) && b.rank < 0;
    if (missingA != missingB) return missingB;  // what is missing stands last either way
    if (std::isnan(a.number) || std::isnan(b.number)) return down ? a.rank > b.rank : a.rank < b.rank;
    return down ? a.number > b.number : a.number < b.number;
  });
  std::vector<Entry> sorted;
  sorted.reserve(entries_.size());
  for (const Key& one : keys) sorted.push_back(std::move(entries_[static_cast<std::size_t>(one.entry)]));
  entries_ = std::move(sorted);
  entryOf_.assign(rows_.size(), -1);
  for (std::size_t i = 0; i < entries_.size(); ++i)
    for (const int row : entries_[i].rows) entryOf_[static_cast<std::size_t>(row)] = static_cast<int>(i);
}

double RunTableModel::metricValue(const RunRow& run, const std::string& key, bool last) const {
  const auto at = run.metrics.find(key);
  if (at == run.metrics.end()) return std::numeric_limits<double>::quiet_NaN();
  return last ? at->second.last : at->second.best;
}

double RunTableModel::best(const std::vector<const Row*>& rows) const {
  double sum = 0;
  int count = 0;
  for (const Row* row : rows) {
    const double value = metricValue(*row->run, metricKey_, false);
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace dsw
