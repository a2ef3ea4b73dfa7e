// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/graph_view.h"

#include "ui/models/command_registry.h"
#include "ui/widgets/graph/graph_scene.h"
#include "ui/widgets/graph/mini_map.h"
#include "ui/widgets/icons.h"

namespace dsw {
namespace {

constexpr double kLeastZoom = 0.05, kMostZoom = 4;

/// "− 90 % + fit" in one frame, bottom left.
class ZoomControl final : public QWidget {
 public:
  explicit ZoomControl(GraphView* view) : QWidget(view) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(2, 2, 2, 2);
    row->setSpacing(0);
    const auto button = [&](const QString& icon, const QString& tip, auto run) {
      auto* b = new QToolButton(this);
      b->setIcon(themeIcon(icon));
      b->setIconSize({14, 14});
      b->setFixedSize(26, 22);
      b->setToolTip(tip);
      b->setAccessibleName(tip);
      b->setFocusPolicy(Qt::NoFocus);
      QObject::connect(b, &QToolButton::clicked, view, run);
      return b;
    };
    auto* label = new QLabel(this);
    label->setFont(themeFont(FontRole::NumberSmall));
    label->setAlignment(Qt::AlignCenter);
    label->setFixedWidth(48);
    row->addWidget(button(QStringLiteral("zoom-out"), QObject::tr("Zoom out (−)"), [view] { view->setZoom(view->zoom() / 1.25); }));
    row->addWidget(label);
    row->addWidget(button(QStringLiteral("zoom-in"), QObject::tr("Zoom in (+)"), [view] { view->setZoom(view->zoom() * 1.25); }));
    row->addWidget(button(QStringLiteral("fullscreen"), QObject::tr("Fit (F)"), [view] { view->fit(); }));
    const auto show_zoom = [label](double zoom) { label->setText(QStringLiteral("%1 %").arg(std::lround(zoom * 100))); };
    QObject::connect(view, &GraphView::zoomChanged, label, show_zoom);
    show_zoom(view->zoom());
    adjustSize();
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    p.setPen(QPen(themeColor(Token::LineStrong), 1));
    p.setBrush(themeColor(Token::Surface1));
    p.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
  }
};

}  // namespace

GraphView::GraphView(QWidget* parent) : QGraphicsView(parent), scene_(new GraphScene(this)) {
  setProperty(kCommandContext, static_cast<int>(CommandContext::Canvas));
  setScene(scene_);
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::StrongFocus);
  setProperty("ownFocus", true);
  setViewportUpdateMode(QGraphicsView::MinimalViewportUpdate);
  setOptimizationFlags(QGraphicsView::DontSavePainterState);
  setTransformationAnchor(QGraphicsView::NoAnchor);
  setResizeAnchor(QGraphicsView::NoAnchor);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setMouseTracking(true);
  setAccessibleName(tr("Network"));
  mini_map_ = new MiniMap(this);
  mini_map_->hide();
  zoom_control_ = new ZoomControl(this);
  connect(&Theme::current(), &Theme::changed, viewport(), qOverload<>(&QWidget::update));
  connect(scene_, &GraphScene::selectionMoved, this, [this](const QString& id) {
    const GraphNodeItem* item = scene_->node(id);
    emit nodeSelected(id, item != nullptr ? item->node().target : QString());
    if (item != nullptr)
      setAccessibleDescription(item->node().error.isEmpty() ? item->node().name + QLatin1String(", ") + item->node().foot
                                                            : item->node().name + QLatin1String(", ") + item->node().error);
    mini_map_->update();
  });
}

GraphView::~GraphView() = default;

void GraphView::setGraph(GraphData graph) {
  QStringList old = scene_->idsInOrder();
  const bool was_empty = old.isEmpty();
  const QPointF centre = mapToScene(viewport()->rect().center());
  scene_->setGraph(std::move(graph), room());
  placeSceneRect();
  if (was_empty || (!steady_ && (fitted_ || old != scene_->idsInOrder())))
    fit();
  else if (steady_)
    centerOn(centre);
  setAccessibleDescription(outline().join(QStringLiteral("; ")));
  viewport()->update();
  mini_map_->update();
  zoom_control_->setVisible(zoom_control_wanted_ && !scene_->nodes().isEmpty());
}

/// Where nodes are put by hand, there is ground on all sides.
void GraphView::placeSceneRect() {
  const QSizeF room = steady_ ? QSizeF(viewport()->size()) / std::max(0.1, zoom()) : QSizeF();
  setSceneRect(scene_->sceneRect().adjusted(-room.width(), -room.height(), room.width(), room.height()));
}

QSizeF GraphView::room() const { return QSizeF(viewport()->size()) - QSizeF(48, 48); }

const GraphData& GraphView::graph() const { return scene_->graph(); }

void GraphView::selectNode(const QString& id) {
  scene_->select(id);
  if (const QRectF box = scene_->rectOf(id); !box.isNull()) ensureVisible(box, 24, 24);
}

QString GraphView::selectedNode() const { return scene_->selected(); }

double GraphView::zoom() const { return transform().m11(); }

void GraphView::setZoom(double factor) {
  fitted_ = false;
  const QPointF centre = mapToScene(viewport()->rect().center());
  factor = std::clamp(factor, kLeastZoom, kMostZoom);
  setTransform(QTransform::fromScale(factor, factor));
  centerOn(centre);
  emit zoomChanged(zoom());
  mini_map_->update();
}

bool GraphView::showsAll() const {
  return viewport()->rect().adjusted(-1, -1, 1, 1).contains(mapFromScene(scene_->sceneRect().adjusted(24, 24, -24, -24)).boundingRect());
}

void GraphView::fit() {
  const QRectF bounds = scene_->sceneRect();
  if (bounds.isEmpty() || viewport()->width() < 20) return;
  const double factor = std::clamp(std::min(viewport()->width() / bounds.width(), viewport()->height() / bounds.height()), kLeastZoom, 1.0);
  setTransform(QTransform::fromScale(factor, factor));
  centerOn(bounds.center());
  fitted_ = true;
  emit zoomChanged(zoom());
  mini_map_->update();
  viewport()->update();
}

void GraphView::fitSelection() {
  QRectF box;
  for (const QString& id : scene_->selection()) box |= scene_->rectOf(id);
  if (box.isNull()) return fit();
  box.adjust(-80, -60, 80, 60);
  const double factor = std::clamp(std::min(viewport()->width() / box.width(), viewport()->height() / box.height()), kLeastZoom, 1.5);
  setTransform(QTransform::fromScale(factor, factor));
  centerOn(box.center());
  fitted_ = false;
  emit zoomChanged(zoom());
}

void GraphView::setMiniMapVisible(bool on) {
  mini_map_->setVisible(on);
  placeOverlays();
}

void GraphView::setZoomControlVisible(bool on) {
  zoom_control_wanted_ = on;
  zoom_control_->setVisible(on && !scene_->nodes().isEmpty());
}

void GraphView::setEmptyText(const QString& sentence) {
  empty_text_ = sentence;
  viewport()->update();
}

void GraphView::setHint(const QString& sentence) {
  hint_ = sentence;
  viewport()->update();
}

void GraphView::focusInEvent(QFocusEvent* event) {
  QGraphicsView::focusInEvent(event);
  viewport()->update();
}

void GraphView::focusOutEvent(QFocusEvent* event) {
  QGraphicsView::focusOutEvent(event);
  viewport()->update();
}

QStringList GraphView::outline() const {
  QStringList lines;
  for (const GraphNode& node : scene_->graph().nodes) {
    QString line = node.name;
    if (!node.value.isEmpty()) line += QLatin1Char(' ') + node.value;
    if (!node.foot.isEmpty()) line += QStringLiteral(", ") + node.foot;
    for (const GraphRow& row : node.rows) line += QStringLiteral(", %1 %2").arg(row.text, row.value).trimmed();
    if (!node.error.isEmpty()) line += QStringLiteral(", error: ") + node.error;
    lines << line;
  }
  return lines;
}

void GraphView::drawBackground(QPainter* p, const QRectF& rect) {
  p->fillRect(rect, themeColor(Token::Surface2));
  if (zoom() < 0.5 || scene_->nodes().isEmpty()) return;
  // Dots every 16 px, each on whole device px: rounding would make some rows fainter than others.
  const QTransform t = p->worldTransform();
  p->save();
  p->resetTransform();
  p->setRenderHint(QPainter::Antialiasing, false);
  QVector<QRectF> dots;
  for (qreal x = std::ceil(rect.left() / 16) * 16; x < rect.right(); x += 16)
    for (qreal y = std::ceil(rect.top() / 16) * 16; y < rect.bottom(); y += 16) {
      const QPointF at = t.map(QPointF(x, y));
      dots << QRectF(std::round(at.x()), std::round(at.y()), 1, 1);
    }
  p->setPen(Qt::NoPen);
  p->setBrush(themeColor(Token::Line));
  p->drawRects(dots);
  p->restore();
}

void GraphView::drawForeground(QPainter* p, const QRectF&) {
  p->save();
  p->resetTransform();
  const QRectF inside = QRectF(viewport()->rect()).adjusted(16, 16, -16, -16);
  p->setPen(themeColor(Token::Text3));
  p->setFont(themeFont(FontRole::Text));
  if (scene_->nodes().isEmpty())
    p->drawText(inside, Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
  else
    p->drawText(inside.adjusted(0, inside.height() / 4, 0, 0), Qt::AlignHCenter | Qt::TextWordWrap, hint_);
  if (hasFocus()) {
    p->setRenderHint(QPainter::Antialiasing);
    p->setBrush(Qt::NoBrush);
    p->setPen(QPen(themeColor(Token::Focus), 2));
    p->drawRoundedRect(QRectF(viewport()->rect()).adjusted(2, 2, -2, -2), 4, 4);
  }
  p->restore();
}

void GraphView::wheelEvent(QWheelEvent* event) {
  const double turns = event->angleDelta().y() / 120.0;
  if (turns == 0) return;
  const QPointF pos = event->position();
  const QPointF under = mapToScene(pos.toPoint());
  const double factor = std::clamp(zoom() * std::pow(1.15, turns), kLeastZoom, kMostZoom);
  setTransform(QTransform::fromScale(factor, factor));
  const QPointF moved = mapFromScene(under) - pos;
  horizontalScrollBar()->setValue(horizontalScrollBar()->value() + static_cast<int>(std::lround(moved.x())));
  verticalScrollBar()->setValue(verticalScrollBar()->value() + static_cast<int>(std::lround(moved.y())));
  fitted_ = false;
  emit zoomChanged(zoom());
  mini_map_->update();
  event->accept();
}

void GraphView::mousePressEvent(QMouseEvent* event) {
  setFocus(Qt::MouseFocusReason);
  press_ = event->pos();
  panning_ = false;
  if (event->button() != Qt::LeftButton) return;
  auto* item = qgraphicsitem_cast<GraphNodeItem*>(itemAt(event->pos()));
  if (item != nullptr) scene_->select(item->node().id);
}

void GraphView::mouseMoveEvent(QMouseEvent* event) {
  if (event->buttons() & (Qt::LeftButton | Qt::MiddleButton)) {
    if (!panning_ && (event->pos() - press_).manhattanLength() > 4) {
      panning_ = true;
      viewport()->setCursor(Qt::ClosedHandCursor);
    }
    if (panning_) {
      const QPoint moved = event->pos() - press_;
      press_ = event->pos();
      horizontalScrollBar()->setValue(horizontalScrollBar()->value() - moved.x());
      verticalScrollBar()->setValue(verticalScrollBar()->value() - moved.y());
      fitted_ = false;
    }
    return;
  }
  auto* over = qgraphicsitem_cast<GraphNodeItem*>(itemAt(event->pos()));
  for (GraphNodeItem* item : scene_->nodes()) item->setHovered(item == over);
  viewport()->setCursor(over != nullptr ? Qt::PointingHandCursor : Qt::ArrowCursor);
}

void GraphView::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton && !panning_) {
    auto* item = qgraphicsitem_cast<GraphNodeItem*>(itemAt(event->pos()));
    if (item == nullptr) {
      scene_->select({});
      if (const GraphFrameItem* frame = scene_->frameAt(mapToScene(event->pos())))
        emit frameActivated(frame->frame().id, frame->frame().target);
    }
  }
  panning_ = false;
  viewport()->unsetCursor();
}

void GraphView::mouseDoubleClickEvent(QMouseEvent* event) {
  auto* item = qgraphicsitem_cast<GraphNodeItem*>(itemAt(event->pos()));
  if (item != nullptr)
    emit nodeActivated(item->node().id, item->node().target);
  else
    fit();
}

void GraphView::walk(int dx, int dy, bool along_edges) {
  const QString from = scene_->selected();
  const QStringList ids = scene_->idsInOrder();
  if (ids.isEmpty()) return;
  if (from.isEmpty()) return selectNode(ids.first());
  if (along_edges && dx != 0) {
    const QVector<QString> next = dx > 0 ? scene_->after(from) : scene_->before(from);
    if (!next.isEmpty()) selectNode(next.first());
    return;
  }
  const QString best = scene_->nearest(from, dx, dy);
  if (!best.isEmpty()) selectNode(best);
}

void GraphView::keyPressEvent(QKeyEvent* event) {
  const bool edges = event->modifiers() & Qt::ControlModifier;
  const bool shift = event->modifiers() & Qt::ShiftModifier;
  switch (event->key()) {
    case Qt::Key_Left:
      walk(-1, 0, edges);
      break;
    case Qt::Key_Right:
      walk(1, 0, edges);
      break;
    case Qt::Key_Up:
      walk(0, -1, edges);
      break;
    case Qt::Key_Down:
      walk(0, 1, edges);
      break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (const GraphNodeItem* item = scene_->node(scene_->selected())) emit nodeActivated(item->node().id, item->node().target);
      break;
    case Qt::Key_Escape:
      if (scene_->selected().isEmpty()) return QWidget::keyPressEvent(event);
      scene_->select({});
      break;
    case Qt::Key_F:
      if (edges) return QWidget::keyPressEvent(event);
      if (shift)
        fitSelection();
      else
        fit();
      break;
    case Qt::Key_L:
      if (edges) return QWidget::keyPressEvent(event);
      scene_->layOut(room());
      placeSceneRect();
      fit();
      break;
    case Qt::Key_M:
      setMiniMapVisible(!mini_map_->isVisible());
      break;
    case Qt::Key_1:
      setZoom(1);
      break;
    case Qt::Key_2:
      setZoom(0.5);
      break;
    case Qt::Key_3:
      setZoom(0.25);
      break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      if (edges) return QWidget::keyPressEvent(event);
      setZoom(zoom() * 1.25);
      break;
    case Qt::Key_Minus:
      if (edges) return QWidget::keyPressEvent(event);
      setZoom(zoom() / 1.25);
      break;
    default:
      QWidget::keyPressEvent(event);
      return;
  }
  event->accept();
}

void GraphView::resizeEvent(QResizeEvent* event) {
  QGraphicsView::resizeEvent(event);
  placeOverlays();
  if (fitted_ && !scene_->nodes().isEmpty()) {
    if (!steady_) scene_->layOut(room());
    placeSceneRect();
    fit();
  }
}

void GraphView::scrollContentsBy(int dx, int dy) {
  QGraphicsView::scrollContentsBy(dx, dy);
  viewport()->update();  // the focus ring does not scroll
  mini_map_->update();
}

void GraphView::placeOverlays() {
  mini_map_->move(width() - mini_map_->width() - 10, height() - mini_map_->height() - 10);
  zoom_control_->move(10, height() - zoom_control_->height() - 10);
}

}  // namespace dsw
