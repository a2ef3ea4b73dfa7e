// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

namespace dsw {

class GraphView;

/// The whole graph in 156 × 106 px with the visible part framed; click and drag move the view. Errors are red.
class MiniMap : public QWidget {
  Q_OBJECT
 public:
  explicit MiniMap(GraphView* view);

 protected:
  void paintEvent(QPaintEvent*) override;
  void mousePressEvent(QMouseEvent*) override;
  void mouseMoveEvent(QMouseEvent*) override;

 private:
  QTransform toMap() const;
  void moveTo(QPointF pos);
  GraphView* view_;
};

}  // namespace dsw
