// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

#include "ui/panels/search_graph.h"
#include "ui/widgets/figure_export.h"

namespace dsw {

class ElidedLabel;
class GraphView;
class RunData;
class SearchLegend;
class SearchModel;
class SegmentedControl;

/// The searched space, alive: one page for the network and one for each web, edges and choices as they stand at the epoch that is looked
/// at. UI thread only.
class SearchPicture : public QWidget {
  Q_OBJECT
 public:
  /// Both outlive it.
  SearchPicture(RunData& run, SearchModel& search, QWidget* parent);

  GraphView* view() const { return view_; }
  int selected() const { return selected_; }  ///< choice; -1: none
  void select(int choice);                    ///< shows the page that it stands on
  Figure figure();

 signals:
  void selectionMoved(int choice);
  void exported(const QString& path);
  void exportFailed(const QString& path);

 public slots:
  void exportDialog();

 private:
  void refreshSpace();
  void refreshEpoch();
  void showPage(int page);
  int pageOf(int choice) const;

  RunData& run_;
  SearchModel& search_;
  SegmentedControl* tabs_;
  ElidedLabel* title_;
  ElidedLabel* note_;
  GraphView* view_;
  SearchLegend* legend_;
  std::vector<SearchPage> pages_;
  std::vector<WebPlaces> places_;
  int page_ = 0, selected_ = -1;
  bool drawing_ = false, drawn_ = false;
};

}  // namespace dsw
