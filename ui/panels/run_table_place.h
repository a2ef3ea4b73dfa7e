// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QStringList>

class QTreeView;

namespace dsw {

class RunTableModel;

/// Other columns, groups or another filter make the run table anew: whoever stood on a run stands on it afterwards, with the same rows
/// selected and the same part in sight, as far as they are still there. Made after everything else that follows columnsReset; belongs to
/// the view. UI thread only.
class RunTablePlace : public QObject {
  Q_OBJECT
 public:
  RunTablePlace(RunTableModel& model, QTreeView* view);

 private:
  void keep();
  void find();
  RunTableModel& model_;
  QTreeView* view_;
  QStringList selected_;
  QString current_, column_;
  int rows_ = 0, x_ = 0, y_ = 0;
};

}  // namespace dsw
