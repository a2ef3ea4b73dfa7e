// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>

class QTableView;

namespace dsw {

/// Gives the columns of a small table their widths, so that names stay whole: every other column has what its head and cells need, the
/// names have the rest. Where that is too little, the bar beside a number goes first; then names elide at 200 px, and the table scrolls
/// sideways. Columns only grow while rows change their values, so that running numbers move nothing. UI thread only.
class NameColumn : public QObject {
  Q_OBJECT
 public:
  /// Belongs to the view, which has its model and its delegates. `bar`: a column of a BarDelegate, -1 for none.
  NameColumn(QTableView* view, int name, int bar = -1);
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void measure(bool anew);
  void fit();
  QTableView* view_;
  const int name_, bar_;
  QVector<int> needs_;  ///< px of each column
};

}  // namespace dsw
