// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/graph_editor.h"

#include <QMimeData>
#include <QScrollBar>
#include <QVBoxLayout>

#include "ui/widgets/elided_label.h"
#include "ui/widgets/graph/graph_scene.h"
#include "ui/widgets/graph/mini_map.h"
#include "ui/widgets/icons.h"

namespace dsw {

/// "Cannot connect here", why, and what would help; beside the pointer.
class VerdictBox : public QWidget {
 public:
  explicit VerdictBox(QWidget* parent) : QWidget(parent) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(30, 7, 12, 8);
    column->setSpacing(2);
    column->addWidget(new ThemedLabel(QObject::tr("Cannot connect here"), FontRole::Strong, Token::Text1, this));
    text_ = new ThemedLabel({}, FontRole::Hint, Token::Text2, this);
    text_->setWordWrap(true);
    fix_ = new ThemedLabel({}, FontRole::Hint, Token::Accent, this);
    column->addWidget(text_);
    column->addWidget(fix_);
    setFixedWidth(260);
    hide();
  }
  void say(const GraphVerdict& verdict, QPoint beside, QSize room) {
    text_->setText(verdict.sentence);
    fix_->setText(verdict.fix.isEmpty() ? QString() : QObject::tr("%1 (Tab)").arg(verdict.fix));
    fix_->setVisible(!verdict.fix.isEmpty());
    layout()->activate();
    const int height = layout()->hasHeightForWidth() ? layout()->totalHeightForWidth(width()) : layout()->sizeHint().height();
    resize(width(), height);
    QPoint at = beside + QPoint(18, 18);
    if (at.x() + width() > room.width() - 8) at.setX(beside.x() - width() - 18);
    if (at.y() + height > room.height() - 8) at.setY(beside.y() - height - 18);
    move(std::max(4, at.x()), std::max(4, at.y()));
    show();
    raise();
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    p.setPen(QPen(themeColor(Token::LineStrong), 1));
    p.setBrush(themeColor(Token::Surface3));
    p.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    drawIcon(p, QStringLiteral("x-octagon-fill"), QRectF(10, 9, 13, 13), themeColor(Token::Failed));
  }

 private:
  ThemedLabel* text_;
  ThemedLabel* fix_;
};

namespace {
constexpr int kPortReach = 12, kStep = 8, kLongStep = 64, kDragStart = 4;
qreal snapped(qreal v) { return std::round(v / kStep) * kStep; }
}  // namespace

GraphEditor::GraphEditor(Judge judge, QWidget* parent) : GraphView(parent), judge_(std::move(judge)), verdict_box_(new VerdictBox(this)) {
  steady_ = true;
  setAcceptDrops(true);
  viewport()->setAcceptDrops(true);
  setMiniMapVisible(true);
  connect(graphScene(), &GraphScene::selectionMoved, this, &GraphEditor::selectionChanged);
}

QStringList GraphEditor::selection() const { return graphScene()->selection(); }

void GraphEditor::setSelection(const QStringList& ids) {
  graphScene()->setSelection(ids, ids.isEmpty() ? QString() : ids.first());
  if (!ids.isEmpty())
    if (const QRectF box = graphScene()->rectOf(ids.first()); !box.isNull()) ensureVisible(box, 24, 24);
}

void GraphEditor::selectAll() {
  const QString current = graphScene()->selected();
  const auto level = [](const QString& id) { return id.left(id.lastIndexOf('/') + 1); };
  QStringList ids;
  for (const GraphNode& node : graph().nodes)
    if (level(node.id) == level(current) && node.kind != GraphNodeKind::Entry && node.kind != GraphNodeKind::Exit) ids << node.id;
  for (const GraphFrame& frame : graph().frames)
    if (level(frame.id) == level(current)) ids << frame.id;
  graphScene()->setSelection(ids, ids.contains(current) ? current : ids.value(0));
}

QString GraphEditor::verdictText() const { return verdict_box_->isHidden() ? QString() : verdict_.sentence + ' ' + verdict_.fix; }

QPointF GraphEditor::viewCentre() const { return mapToScene(viewport()->rect().center()); }

std::optional<GraphEditor::Port> GraphEditor::portAt(QPoint pos) const {
  const qreal reach = std::max<qreal>(kPortReach, kPortReach / std::max(0.3, zoom()));
  const QPointF at = mapToScene(pos);
  std::optional<Port> best;
  qreal least = reach;
  for (QGraphicsItem* item : scene()->items(QRectF(at - QPointF(reach, reach), QSizeF(2 * reach, 2 * reach)))) {
    const auto* node = qgraphicsitem_cast<GraphNodeItem*>(item);
    if (!node) continue;
    for (const bool out : {true, false}) {
      const QPointF d = node->mapToScene(node->port(out)) - at;
      const qreal away = std::hypot(d.x(), d.y());
      if (away >= least || (node->node().kind == GraphNodeKind::Point && away > 6)) continue;  // the rest of a point moves it
      least = away;
      best = Port{node->node().id, out};
    }
  }
  return best;
}

QString GraphEditor::edgeAt(QPointF at, const QStringList& except) const {
  for (QGraphicsItem* item : scene()->items(QRectF(at - QPointF(6, 6), QSizeF(12, 12)))) {
    const auto* edge = qgraphicsitem_cast<GraphEdgeItem*>(item);
    if (edge && !except.contains(edge->edge().from) && !except.contains(edge->edge().to)) return edge->edge().id;
  }
  return {};
}

/// A node, else an edge, else the frame's head or border.
QString GraphEditor::itemIdAt(QPoint pos) const {
  const QPointF at = mapToScene(pos);
  for (QGraphicsItem* item : scene()->items(at))
    if (const auto* node = qgraphicsitem_cast<GraphNodeItem*>(item)) return node->node().id;
  if (const QString edge = edgeAt(at, {}); !edge.isEmpty()) return edge;
  const GraphFrameItem* frame = graphScene()->frameAt(at);
  if (!frame) return {};
  const QRectF box = frame->mapRectToScene(frame->box());
  return at.y() < box.top() + 26 || !box.adjusted(6, 6, -6, -6).contains(at) ? frame->frame().id : QString();
}

void GraphEditor::mousePressEvent(QMouseEvent* event) {
  setFocus(Qt::MouseFocusReason);
  press_ = last_ = event->pos();
  moved_ = {};
  if (isConnecting()) endConnecting();
  if (event->button() == Qt::MiddleButton || event->button() == Qt::RightButton) {
    mode_ = Mode::Pan;
    return;
  }
  if (event->button() != Qt::LeftButton) return;
  mode_ = Mode::Press;
  const bool add = event->modifiers() & Qt::ControlModifier;
  if (const auto port = portAt(event->pos()); port && !add && !read_only_) {
    const QString other = [&] {  // an inlet gives its edge's other end
      if (!port->out)
        for (const GraphEdgeItem* edge : graphScene()->edges())
          if (edge->edge().to == port->node) return edge->edge().id;
      return QString();
    }();
    if (port->out) {
      pressed_ = port->node;
      startConnecting(port->node, Mode::Connect);
      end_ = mapToScene(event->pos());
      return;
    }
    if (!other.isEmpty()) taken_ = other;
  }
  pressed_ = itemIdAt(event->pos());
  if (pressed_.isEmpty()) {
    before_box_ = add ? selection() : QStringList();
    if (!add) graphScene()->setSelection({}, {});
    return;
  }
  QStringList ids = selection();
  if (add) {
    if (ids.contains(pressed_))
      ids.removeAll(pressed_);
    else
      ids << pressed_;
    graphScene()->setSelection(ids, ids.contains(pressed_) ? pressed_ : ids.value(0));
  } else if (!ids.contains(pressed_)) {
    graphScene()->setSelection({pressed_}, pressed_);
  } else {
    graphScene()->setSelection(ids, pressed_);
  }
}

void GraphEditor::mouseMoveEvent(QMouseEvent* event) {
  const QPoint by = event->pos() - last_;
  const bool far = (event->pos() - press_).manhattanLength() > kDragStart;
  if (mode_ == Mode::None || !(event->buttons() & (Qt::LeftButton | Qt::MiddleButton | Qt::RightButton))) {
    const auto port = portAt(event->pos());
    const QString over = itemIdAt(event->pos());
    for (GraphNodeItem* item : graphScene()->nodes()) item->setHovered(!port && item->node().id == over);
    viewport()->setCursor(port ? Qt::CrossCursor : over.isEmpty() ? Qt::ArrowCursor : Qt::PointingHandCursor);
    return;
  }
  if (mode_ == Mode::Press && far && !read_only_ && !taken_.isEmpty()) {  // the edge is taken off its inlet
    const QString edge = taken_;
    startConnecting(edge.left(edge.indexOf('>')), Mode::Connect);
    taken_ = edge;
  } else if (mode_ == Mode::Press && far) {
    const bool movable = !pressed_.isEmpty() && !graphScene()->rectOf(pressed_).isNull() && !read_only_;
    if (pressed_.isEmpty())
      mode_ = Mode::Box;
    else if (movable && selection().contains(pressed_))
      mode_ = Mode::Move;
  }
  last_ = event->pos();
  switch (mode_) {
    case Mode::Pan:
      viewport()->setCursor(Qt::ClosedHandCursor);
      horizontalScrollBar()->setValue(horizontalScrollBar()->value() - by.x());
      verticalScrollBar()->setValue(verticalScrollBar()->value() - by.y());
      fitted_ = false;
      break;
    case Mode::Move: {
      const QPointF whole = QPointF(event->pos() - press_) / zoom();
      const QPointF wanted(snapped(whole.x()), snapped(whole.y()));
      graphScene()->drag(selection(), wanted - moved_);
      moved_ = wanted;
      const QRectF box = graphScene()->rectOf(pressed_);
      markEdge(selection().size() == 1 && !(event->modifiers() & Qt::AltModifier) ? edgeAt(box.center(), {pressed_}) : QString());
      viewport()->update();
      break;
    }
    case Mode::Box: {
      box_ = QRect(press_, event->pos()).normalized();
      QStringList ids = before_box_;
      const QRectF area = mapToScene(box_).boundingRect();
      for (const GraphNode& node : graph().nodes)
        if (area.intersects(graphScene()->rectOf(node.id)) && !ids.contains(node.id)) ids << node.id;
      graphScene()->setSelection(ids, ids.value(0));
      viewport()->update();
      break;
    }
    case Mode::Connect: {
      end_ = mapToScene(event->pos());
      const auto port = portAt(event->pos());
      QString over = port && !port->out ? port->node : QString();
      if (over.isEmpty())
        if (const auto* node = qgraphicsitem_cast<GraphNodeItem*>(itemAt(event->pos()))) over = node->node().id;
      aim(over == from_ ? QString() : over, end_);
      break;
    }
    default:
      break;
  }
}

void GraphEditor::mouseReleaseEvent(QMouseEvent* event) {
  const Mode mode = mode_;
  mode_ = Mode::None;
  viewport()->unsetCursor();
  const QString pressed = pressed_, edge = marked_, taken = taken_;
  pressed_.clear();
  taken_.clear();
  markEdge({});
  box_ = {};
  viewport()->update();
  if (mode == Mode::Move && !moved_.isNull()) {
    const QStringList ids = selection();
    const QPointF by = moved_;
    moved_ = {};
    if (event->modifiers() & Qt::AltModifier) {
      graphScene()->drag(ids, -by);
      emit copyWanted(ids, by);
    } else if (!edge.isEmpty()) {
      emit betweenWanted(pressed, edge);
    } else {
      emit moveWanted(ids, by);
    }
  } else if (mode == Mode::Connect) {
    const QString from = from_, to = to_;
    const bool legal = verdict_.legal();
    const bool dragged = (event->pos() - press_).manhattanLength() > kDragStart;
    endConnecting();
    const bool same = !taken.isEmpty() && taken == from + ">" + to;
    if (!dragged) {
      graphScene()->select(from);
    } else if (!to.isEmpty() && legal && !same) {
      if (taken.isEmpty())
        emit connectWanted(from, to);
      else
        emit rerouteWanted(taken, to);
    } else if (to.isEmpty() && !taken.isEmpty()) {
      emit detachWanted(taken);
    } else if (to.isEmpty()) {
      emit newWanted(from, mapToScene(event->pos()));
    }
  }
}

void GraphEditor::mouseDoubleClickEvent(QMouseEvent* event) {
  mode_ = Mode::None;
  endConnecting();
  const QString id = itemIdAt(event->pos());
  if (id.isEmpty() && !read_only_)
    emit newWanted({}, mapToScene(event->pos()));
  else if (!id.isEmpty())
    emit openWanted(id);
}

void GraphEditor::startConnecting(const QString& from, Mode mode) {
  from_ = from;
  to_.clear();
  verdict_ = {};
  mode_ = mode;
  // What can be seen is judged at once; what comes into view when it is aimed at.
  const QRectF seen = mapToScene(viewport()->rect()).boundingRect();
  for (auto it = graphScene()->nodes().cbegin(); it != graphScene()->nodes().cend(); ++it)
    if (it.key() != from && seen.intersects(graphScene()->rectOf(it.key())))
      it.value()->setPortLook(false, judge_(from, it.key()).legal() ? GraphPort::Legal : GraphPort::Illegal);
  viewport()->update();
}

void GraphEditor::endConnecting() {
  from_.clear();
  to_.clear();
  verdict_ = {};
  verdict_box_->hide();
  if (mode_ == Mode::Connect || mode_ == Mode::KeyConnect) mode_ = Mode::None;
  for (GraphNodeItem* item : graphScene()->nodes()) item->setPortLook(false, GraphPort::Plain);
  viewport()->update();
}

void GraphEditor::aim(const QString& to, QPointF at) {
  if (to != to_) {
    to_ = to;
    verdict_ = to.isEmpty() ? GraphVerdict() : judge_(from_, to);
    if (GraphNodeItem* item = graphScene()->node(to)) item->setPortLook(false, verdict_.legal() ? GraphPort::Legal : GraphPort::Illegal);
    if (verdict_.legal())
      verdict_box_->hide();
    else
      setAccessibleDescription(verdict_.sentence);
  }
  if (!verdict_.legal()) verdict_box_->say(verdict_, mapFromScene(at), viewport()->size());
  viewport()->update();
}

void GraphEditor::markEdge(const QString& id) {
  if (id == marked_) return;
  marked_ = id;
  const QStringList chosen = selection();
  for (GraphEdgeItem* edge : graphScene()->edges())
    edge->setMarked(!id.isEmpty() ? edge->edge().id == id : chosen.contains(edge->edge().id));
}

void GraphEditor::beginConnecting() {
  const QString from = graphScene()->selected();
  if (read_only_ || !graphScene()->node(from)) return;
  startConnecting(from, Mode::KeyConnect);
  QString to = graphScene()->nearest(from, 1, 0);
  if (to.isEmpty()) to = graphScene()->nearest(from, 0, 1);
  if (to.isEmpty()) return endConnecting();
  const GraphNodeItem* item = graphScene()->node(to);
  end_ = item->mapToScene(item->port(false));
  aim(to, end_);
}

void GraphEditor::connectKey(QKeyEvent* event) {
  const QString from = from_, to = to_;
  const bool legal = verdict_.legal();
  const auto step = [&](int dx, int dy) {
    const QString next = graphScene()->nearest(to_, dx, dy);
    if (next.isEmpty() || next == from_) return;
    const GraphNodeItem* item = graphScene()->node(next);
    ensureVisible(item->mapRectToScene(item->box()), 24, 24);
    end_ = item->mapToScene(item->port(false));
    aim(next, end_);
  };
  event->accept();
  switch (event->key()) {
    case Qt::Key_Left:
      return step(-1, 0);
    case Qt::Key_Right:
      return step(1, 0);
    case Qt::Key_Up:
      return step(0, -1);
    case Qt::Key_Down:
      return step(0, 1);
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (!legal) return;
      endConnecting();
      emit connectWanted(from, to);
      return;
    case Qt::Key_Tab:
      if (verdict_.fix.isEmpty()) return;
      endConnecting();
      emit fixWanted(from, to);
      return;
    case Qt::Key_Escape:
      pressed_.clear();
      taken_.clear();
      return endConnecting();
    default:
      event->ignore();
  }
}

bool GraphEditor::moveKey(QKeyEvent* event) {
  const qreal step = event->modifiers() & Qt::ShiftModifier ? kLongStep : kStep;
  QPointF by;
  switch (event->key()) {
    case Qt::Key_Left:
      by = {-step, 0};
      break;
    case Qt::Key_Right:
      by = {step, 0};
      break;
    case Qt::Key_Up:
      by = {0, -step};
      break;
    case Qt::Key_Down:
      by = {0, step};
      break;
    default:
      return false;
  }
  if (read_only_ || selection().isEmpty()) return false;
  emit moveWanted(selection(), by);
  return true;
}

void GraphEditor::keyPressEvent(QKeyEvent* event) {
  if (isConnecting()) return connectKey(event);
  if (!(event->modifiers() & Qt::ControlModifier) && moveKey(event)) return event->accept();
  if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
    if (!graphScene()->selected().isEmpty()) emit openWanted(graphScene()->selected());
    return event->accept();
  }
  if (event->key() == Qt::Key_Escape) {
    emit outWanted();
    return event->accept();
  }
  if (event->key() == Qt::Key_L && event->modifiers() == Qt::NoModifier) return event->ignore();  // a command: it changes the document
  GraphView::keyPressEvent(event);
}

bool GraphEditor::focusNextPrevChild(bool next) { return isConnecting() ? false : GraphView::focusNextPrevChild(next); }

void GraphEditor::focusOutEvent(QFocusEvent* event) {
  if (mode_ == Mode::KeyConnect) endConnecting();
  GraphView::focusOutEvent(event);
}

void GraphEditor::dragEnterEvent(QDragEnterEvent* event) {
  if (!read_only_ && event->mimeData()->hasFormat(drop_type_))
    event->acceptProposedAction();
  else
    event->ignore();
}

void GraphEditor::dragMoveEvent(QDragMoveEvent* event) {
  if (!event->mimeData()->hasFormat(drop_type_)) return event->ignore();
  markEdge(edgeAt(mapToScene(event->position().toPoint()), {}));
  event->acceptProposedAction();
}

void GraphEditor::dragLeaveEvent(QDragLeaveEvent*) { markEdge({}); }

void GraphEditor::dropEvent(QDropEvent* event) {
  const QString edge = edgeAt(mapToScene(event->position().toPoint()), {});
  markEdge({});
  event->acceptProposedAction();
  setFocus(Qt::OtherFocusReason);
  emit dropped(event->mimeData()->data(drop_type_), mapToScene(event->position().toPoint()), edge);
}

void GraphEditor::drawForeground(QPainter* p, const QRectF& rect) {
  if (isConnecting()) {
    const GraphNodeItem* from = graphScene()->node(from_);
    if (from != nullptr) {
      const GraphNodeItem* to = graphScene()->node(to_);
      p->save();
      p->setRenderHint(QPainter::Antialiasing);
      QPen pen(themeColor(verdict_.legal() ? Token::Accent : Token::Failed), 1.8);
      if (!verdict_.legal()) pen.setDashPattern({4, 3});
      p->setPen(pen);
      p->setBrush(Qt::NoBrush);
      p->drawPath(graphCurve(from->mapToScene(from->port(true)), to != nullptr ? to->mapToScene(to->port(false)) : end_));
      p->restore();
    }
  }
  GraphView::drawForeground(p, rect);
  if (!box_.isNull() && mode_ == Mode::Box) {
    p->save();
    p->resetTransform();
    QColor ground = themeColor(Token::Accent);
    p->setPen(QPen(ground, 1));
    ground.setAlpha(28);
    p->setBrush(ground);
    p->drawRect(QRectF(box_).adjusted(0.5, 0.5, -0.5, -0.5));
    p->restore();
  }
}

}  // namespace dsw
