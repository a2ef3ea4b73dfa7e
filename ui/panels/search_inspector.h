// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QPointer>
#include <vector>

#include "ui/panels/search_charts.h"
#include "ui/widgets/fact_sheet.h"

class QTableView;

namespace dsw {

class CandidateTableModel;
class StackedHistory;

/// What the inspector says of a search: the choice that is selected with its candidates and their history, and what would come out if the
/// architecture were derived now. UI thread only.
class SearchInspector : public QObject {
  Q_OBJECT
 public:
  /// Both outlive it; `parent` holds the widgets until the sheet takes them over.
  SearchInspector(RunData& run, SearchModel& search, QWidget* parent);

  void select(int choice) { choice_ = choice; }  ///< -1: none
  int selected() const { return choice_; }
  void setBaseline(const std::optional<SearchBaseline>& baseline) { baseline_ = baseline; }
  /// Always the same number of sections, so that their widgets stay where they are.
  std::vector<FactSection> sections();
  StackedHistory* history() const { return history_; }

 private:
  FactSection head() const;
  FactSection derivedNow() const;
  void fillHistory();

  RunData& run_;
  SearchModel& search_;
  CandidateTableModel* candidates_;
  QPointer<QTableView> table_;
  QPointer<StackedHistory> history_;
  std::optional<SearchBaseline> baseline_;
  int choice_ = -1;
};

}  // namespace dsw
