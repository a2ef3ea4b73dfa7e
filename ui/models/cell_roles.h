// SPDX-License-Identifier: GPL-3.0-or-later
// Item roles that table and tree models offer and the delegates of ui/widgets/item_delegates.h paint. Qt Core only.
#pragma once
#include <Qt>

namespace dsw {

/// DisplayRole is always the finished text (also what Ctrl+C copies in views that do not ask for ExactRole).
enum CellRole : int {
  SortRole = Qt::UserRole + 100,  ///< QVariant that compares as the column sorts (double, QString)
  ExactRole,                      ///< QString for copy and CSV: shortest text that reads back equal
  StatusRole,                     ///< QString, a run status: "running", "finished", …            (StateDelegate)
  SeriesRole,                     ///< int, series index whose line sample is drawn, -1 none        (NumberDelegate, TextDelegate)
  DashRole,                       ///< QVector<double>, dash in px that replaces the series' own
  SparkRole,                      ///< QVector<double>, NaN is a gap                                (SparklineDelegate)
  FractionRole,                   ///< double 0..1, bar length                                      (BarDelegate)
  ToneRole,                       ///< int, a CellTone
  EmphasisRole,                   ///< bool: semibold (the best value of a row or column)
  ChipsRole,                      ///< QStringList                                                  (ChipDelegate)
  LinkRole,                       ///< bool: drawn in accent, opens something
  IconRole,                       ///< QString, icon name in resources/icons
  CountRole,                      ///< QString, muted text at the right end (navigator: "142", "v4")
};

enum class CellTone : int { Normal, Muted, Better, Worse, Warning, Accent };

}  // namespace dsw
