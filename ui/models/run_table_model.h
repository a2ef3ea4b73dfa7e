// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractItemModel>
#include <QHash>
#include <QSet>
#include <QString>
#include <QStringList>
#include <QVector>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ui/models/project_data.h"
#include "ui/models/run_filter.h"
#include "ui/models/run_params.h"

namespace dsw {

class QueryRunner;
class Selection;

/// A column of the run table. Ids: "mark", "series", "state", "run", "experiment", "seed", "curve", "best", "last", "delta", "step",
/// "time", "device", "created", "tags", "note", "parameters", "step-flops"; "metric:KEY" (best) and "param:POINTER".
struct RunColumn {
  QString id, title;
  bool number = false;  ///< right-aligned mono (NumberDelegate)
};

/// Runs as rows, filtered, grouped and sorted here (15,000 rows: some 10 ms each), shown in pieces of 500 (canFetchMore). With grouping,
/// runs of one experiment that differ in the seed alone are one row ("3 seeds", means) with its runs below it. A row keeps its place while
/// its run goes on; sorting is renewed by sort(), a new filter or new runs. Runs that come and go are rows inserted and removed, so that
/// views keep what is selected and where they stand; other columns, a new filter or metric, and groups are a reset. UI thread only.
class RunTableModel : public QAbstractItemModel {
  Q_OBJECT
 public:
  /// All three outlive the model. `params` may still be loading: conditions on settings are looked at again when they came.
  RunTableModel(const ProjectData& data, const RunParamsStore& params, Selection& selection, QueryRunner& queries,
                QObject* parent = nullptr);

  // What is shown.
  void setFilter(const QString& text);
  const QString& filterText() const { return filterText_; }
  const QString& filterError() const { return filter_.error(); }
  /// The metric of curve, best, last and delta; "val/loss" where a run has it, else the most frequent val/ metric.
  void setMetric(const QString& key);
  const QString& metric() const { return metric_; }
  QStringList metricKeys() const;  ///< in use by any run, sorted
  void setGrouped(bool on);
  bool grouped() const { return grouped_; }
  /// Settings whose value is equal in all shown rows take no column.
  void setHideEqual(bool on);
  bool hideEqual() const { return hideEqual_; }

  // Columns.
  const QVector<RunColumn>& columns() const { return columns_; }
  int columnOf(const QString& id) const;
  /// All that could be shown, in a sensible order; "param:" ones as the runs have them.
  QVector<RunColumn> possibleColumns() const;
  /// What a person chose, in order. Empty: the usual ones, with the settings that differ (at most 6).
  void setChosenColumns(const QStringList& ids);
  const QStringList& chosenColumns() const { return chosen_; }

  // Rows.
  RunPtr run(const QModelIndex& index) const;          ///< of a group: its first run
  QStringList runIds(const QModelIndex& index) const;  ///< of a group: all
  QModelIndex indexOf(const QString& runId) const;     ///< invalid when filtered out or not yet fetched
  int shownRuns() const { return shown_; }             ///< runs that pass the filter
  int totalRuns() const { return static_cast<int>(rows_.size()); }
  std::vector<RunPtr> shownRows() const;  ///< the runs that pass the filter, newest first
  /// Rows of all shown runs as CSV text, exact values; cells that start with = + - @ and are no numbers are quoted as text.
  QString csv() const;
  /// Settings that differ among the shown rows, as pointers.
  const QStringList& differingParams() const { return differing_; }

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  void sort(int column, Qt::SortOrder order) override;
  bool canFetchMore(const QModelIndex& parent) const override;
  void fetchMore(const QModelIndex& parent) override;

 signals:
  /// Filter, rows or columns changed: "8 of 142 runs".
  void countsChanged();
  void columnsReset();

 private:
  struct Row {
    RunPtr run;
    RunParamsPtr params;
    mutable QString text;  ///< filterText, made when a filter first looks at it
  };
  struct Entry {
    std::vector<int> rows;
  };  ///< indexes into rows_; more than one: a group
  void rebuildRows();
  void onRuns(const QStringList& changed, const QStringList& added, const QStringList& removed);
  void onParams(const QStringList& ids);
  void countMetrics();
  void refresh();  ///< filter, group, columns, sort: a reset
  void refill();   ///< its second half, after beginResetModel
  /// The same where runs or settings changed: rows are removed, moved and inserted; a reset where that does not do.
  void update();
  void removeEntries(const std::function<bool(const Entry&)>& gone);
  void insertEntries(std::vector<Entry> added);
  void placeEntries();  ///< entryOf_ from entries_
  void pickMetric();
  void rebuildColumns();
  void sortAgain();  ///< tells views which row went where
  void sortEntries();
  bool passes(const Row& row) const;
  /// What an entry is sorted by: a number, or NaN and a text. Found once a sort, not once a row.
  std::function<double(const std::vector<const Row*>&, QString& text)> sortKey(const QString& column) const;
  QVariant cell(const std::vector<const Row*>& rows, const RunColumn& column, int role) const;
  QString cellText(const std::vector<const Row*>& rows, const RunColumn& column, bool exact) const;
  double best(const std::vector<const Row*>& rows) const;
  double metricValue(const RunRow& run, const std::string& key, bool last) const;
  std::vector<const Row*> rowsOf(const Entry& entry) const;
  std::vector<const Row*> rowsOf(const QModelIndex& index) const;
  void askCurves() const;

  const ProjectData& data_;
  const RunParamsStore& params_;
  Selection& selection_;
  QueryRunner& queries_;
  std::vector<Row> rows_;  ///< all runs, newest first
  QHash<QString, int> rowOf_;
  std::vector<Entry> entries_;               ///< what passes, grouped, sorted
  std::vector<int> entryOf_;                 ///< row → its entry, -1: does not pass
  std::map<std::string, int> metricCounts_;  ///< runs that have a metric, over all rows
  int fetched_ = 0, shown_ = 0;
  QString filterText_, metric_, chosenMetric_;
  std::string metricKey_;  ///< metric_, as runs have it
  RunFilter filter_;
  bool grouped_ = false, hideEqual_ = true;
  QStringList chosen_, differing_;
  QVector<RunColumn> columns_;
  QString sortColumn_;
  Qt::SortOrder sortOrder_ = Qt::AscendingOrder;
  mutable QHash<QString, QVector<double>> curves_;  ///< of metric_, thinned for a sparkline
  mutable QSet<QString> curvesWanted_, curvesAsked_;
  mutable bool curvesTimer_ = false;
};

}  // namespace dsw
