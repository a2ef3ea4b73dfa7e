// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QTreeWidget>

#include "ui/widgets/graph/graph_data.h"

namespace dsw {

/// The canvas as a tree: nodes with what they say, in their cells. What assistive tools read.
class SpaceOutline : public QTreeWidget {
  Q_OBJECT
 public:
  explicit SpaceOutline(QWidget* parent = nullptr);
  void setGraph(const GraphData& graph);
  void setCurrent(const QString& id);

 signals:
  void chosen(const QString& id);
  void left();  ///< Esc

 protected:
  void keyPressEvent(QKeyEvent*) override;

 private:
  QHash<QString, QTreeWidgetItem*> rows_;
  QString shown_;
  bool setting_ = false;
};

}  // namespace dsw
