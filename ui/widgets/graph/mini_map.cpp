// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/graph/mini_map.h"

#include "ui/widgets/graph/graph_scene.h"
#include "ui/widgets/graph_view.h"
#include "ui/widgets/theme.h"

namespace dsw {

MiniMap::MiniMap(GraphView* view) : QWidget(view), view_(view) {
  setFixedSize(156, 106);
  setCursor(Qt::PointingHandCursor);
  setAccessibleName(tr("Overview"));
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QTransform MiniMap::toMap() const {
  const QRectF scene = view_->scene()->sceneRect(), area = QRectF(rect()).adjusted(6, 6, -6, -6);
  const qreal scale = std::min(area.width() / std::max(1.0, scene.width()), area.height() / std::max(1.0, scene.height()));
  QTransform t;
  t.translate(area.center().x(), area.center().y());
  t.scale(scale, scale);
  t.translate(-scene.center().x(), -scene.center().y());
  return t;
}

void MiniMap::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(QPen(themeColor(Token::LineStrong), 1));
  p.setBrush(themeColor(Token::Surface1));
  p.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
  const QTransform t = toMap();
  p.setRenderHint(QPainter::Antialiasing, false);
  for (QGraphicsItem* item : view_->scene()->items(Qt::AscendingOrder)) {
    if (auto* frame = qgraphicsitem_cast<GraphFrameItem*>(item)) p.fillRect(t.mapRect(frame->box()), themeColor(Token::SelectIdle));
    if (auto* node = qgraphicsitem_cast<GraphNodeItem*>(item))
      p.fillRect(t.mapRect(node->mapRectToScene(node->box())), themeColor(!node->node().error.isEmpty() ? Token::Failed
                                                                          : node->isSelected()          ? Token::Accent
                                                                                                        : Token::LineStrong));
  }
  const QRectF seen =
      t.mapRect(view_->mapToScene(view_->viewport()->rect()).boundingRect()).intersected(QRectF(rect()).adjusted(3, 3, -3, -3));
  p.setBrush(Qt::NoBrush);
  p.setPen(QPen(themeColor(Token::Accent), 1.5));
  p.drawRect(seen);
}

void MiniMap::moveTo(QPointF pos) { view_->centerOn(toMap().inverted().map(pos)); }
void MiniMap::mousePressEvent(QMouseEvent* event) { moveTo(event->position()); }
void MiniMap::mouseMoveEvent(QMouseEvent* event) { moveTo(event->position()); }

}  // namespace dsw
