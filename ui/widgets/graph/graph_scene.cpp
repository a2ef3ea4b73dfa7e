// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/graph/graph_scene.h"

#include "ui/widgets/theme.h"

namespace dsw {

GraphScene::GraphScene(QObject* parent) : QGraphicsScene(parent) {
  setItemIndexMethod(QGraphicsScene::BspTreeIndex);
  connect(&Theme::current(), &Theme::changed, this, [this] { update(); });
}

void GraphScene::setGraph(GraphData graph, QSizeF view) {
  graph_ = std::move(graph);
  layOut(view);
}

void GraphScene::layOut(QSizeF view) {
  places_ = layoutGraph(graph_, graphNodeSize, view.expandedTo(QSizeF(200, 120)));
  build();
}

void GraphScene::build() {
  clear();
  nodes_.clear();
  edges_.clear();
  frames_.clear();
  after_.clear();
  before_.clear();
  for (std::size_t k = 0; k < graph_.edges.size(); ++k) {
    if (places_.edges[static_cast<qsizetype>(k)].isEmpty()) continue;  // an end is missing
    after_[graph_.edges[k].from] << graph_.edges[k].to;
    before_[graph_.edges[k].to] << graph_.edges[k].from;
  }
  QHash<QString, int> depth;
  for (const GraphFrame& frame : graph_.frames) {
    if (!places_.frames.contains(frame.id)) continue;
    auto* item = new GraphFrameItem(frame, places_.frames.value(frame.id));
    depth[frame.id] = depth.value(frame.parent, -1) + 1;
    item->setZValue(0.01 * depth[frame.id]);
    addItem(item);
    frames_ << item;
  }
  for (const GraphNode& node : graph_.nodes) {
    const QRectF place = places_.nodes.value(node.id);
    auto* item = new GraphNodeItem(node, place.size());
    item->setPorts(node.inlet || !before(node.id).isEmpty(), node.outlet || !after(node.id).isEmpty());
    item->setPos(place.topLeft());
    addItem(item);
    nodes_.insert(node.id, item);
  }
  for (std::size_t k = 0; k < graph_.edges.size(); ++k) {
    const auto at = static_cast<qsizetype>(k);
    QVector<QPointF> way = places_.edges[at];
    if (way.size() < 2) continue;
    const GraphNodeItem* from = node(graph_.edges[k].from);
    const GraphNodeItem* to = node(graph_.edges[k].to);
    // Full nodes have their ports at head height.
    const auto portShift = [](const GraphNodeItem* item) { return item->port(true).y() - item->box().height() / 2; };
    const bool up = places_.smooth[at] ? false : way.last().x() > to->pos().x() + 1;
    const qreal out = portShift(from), in = up ? 0 : portShift(to);
    if (out != 0) {
      way.first().ry() += out;
      if (!places_.smooth[at]) way[1].ry() += out;
    }
    if (in != 0) {
      way.last().ry() += in;
      if (!places_.smooth[at]) way[way.size() - 2].ry() += in;
    }
    auto* item = new GraphEdgeItem(graph_.edges[k], way, places_.smooth[at], to->compact() || to->node().kind == GraphNodeKind::Point);
    addItem(item);
    edges_ << item;
  }
  setSceneRect(itemsBoundingRect().adjusted(-24, -24, 24, 24));
  for (auto it = selection_.begin(); it != selection_.end();) {
    const QString id = *it;
    const bool edge = std::any_of(edges_.cbegin(), edges_.cend(), [&](const GraphEdgeItem* e) { return e->edge().id == id; });
    it = nodes_.contains(id) || frame(id) != nullptr || edge ? std::next(it) : selection_.erase(it);
  }
  if (!selection_.contains(selected_)) selected_ = selection_.isEmpty() ? QString() : *selection_.cbegin();
  showSelection();
}

GraphFrameItem* GraphScene::frame(const QString& id) const {
  for (GraphFrameItem* item : frames_)
    if (item->frame().id == id) return item;
  return nullptr;
}

QRectF GraphScene::rectOf(const QString& id) const {
  if (const GraphNodeItem* item = node(id)) return item->mapRectToScene(item->box());
  if (const GraphFrameItem* item = frame(id)) return item->mapRectToScene(item->box());
  return {};
}

GraphFrameItem* GraphScene::frameAt(QPointF pos) const {
  GraphFrameItem* found = nullptr;
  for (GraphFrameItem* frame : frames_)
    if (frame->box().contains(pos) && (found == nullptr || frame->zValue() > found->zValue())) found = frame;
  return found;
}

QStringList GraphScene::idsInOrder() const {
  QStringList ids;
  for (const GraphNode& node : graph_.nodes) ids << node.id;
  return ids;
}

QVector<QString> GraphScene::after(const QString& id) const { return after_.value(id); }
QVector<QString> GraphScene::before(const QString& id) const { return before_.value(id); }

QString GraphScene::nearest(const QString& from, int dx, int dy) const {
  const QRectF start = rectOf(from);
  if (start.isNull()) return {};
  QString best;
  qreal least = std::numeric_limits<qreal>::infinity();
  for (auto it = nodes_.cbegin(); it != nodes_.cend(); ++it) {
    const QPointF d = rectOf(it.key()).center() - start.center();
    const qreal along = d.x() * dx + d.y() * dy, aside = std::abs(d.x() * dy) + std::abs(d.y() * dx);
    if (it.key() == from || along < 4) continue;
    if (along + 2 * aside < least) {
      least = along + 2 * aside;
      best = it.key();
    }
  }
  return best;
}

void GraphScene::select(const QString& id) {
  const bool known = nodes_.contains(id) || frame(id) != nullptr;
  setSelection(known ? QStringList{id} : QStringList(), known ? id : QString());
}

void GraphScene::setSelection(const QStringList& ids, const QString& current) {
  const QSet<QString> wanted(ids.cbegin(), ids.cend());
  if (wanted == selection_ && current == selected_) return;
  selection_ = wanted;
  selected_ = current;
  showSelection();
  emit selectionMoved(selected_);
}

void GraphScene::showSelection() {
  clearSelection();
  for (const QString& id : selection_)
    if (GraphNodeItem* item = node(id)) item->setSelected(true);
  for (GraphFrameItem* item : frames_) item->setMarked(selection_.contains(item->frame().id));
  for (GraphEdgeItem* item : edges_) {
    const GraphEdge& edge = item->edge();
    item->setLit(selection_.contains(edge.from) || selection_.contains(edge.to));
    item->setMarked(!edge.id.isEmpty() && selection_.contains(edge.id));
  }
}

QStringList GraphScene::selection() const {
  QStringList ids;
  for (const GraphNode& node : graph_.nodes)
    if (selection_.contains(node.id)) ids << node.id;
  for (const GraphFrame& item : graph_.frames)
    if (selection_.contains(item.id)) ids << item.id;
  for (const GraphEdge& edge : graph_.edges)
    if (!edge.id.isEmpty() && selection_.contains(edge.id)) ids << edge.id;
  return ids;
}

bool GraphScene::inside(QString frame, const QString& outer) const {
  for (int depth = 0; depth < 64 && !frame.isEmpty(); ++depth) {
    if (frame == outer) return true;
    QString above;
    for (const GraphFrame& f : graph_.frames)
      if (f.id == frame) above = f.parent;
    frame = above;
  }
  return false;
}

void GraphScene::drag(const QStringList& ids, QPointF by) {
  QSet<QString> moved(ids.cbegin(), ids.cend());
  for (GraphFrameItem* item : frames_) {
    const QString id = item->frame().id;
    const bool with = std::any_of(ids.cbegin(), ids.cend(), [&](const QString& outer) { return inside(id, outer); });
    if (!with) continue;
    item->moveBy(by.x(), by.y());
    for (const GraphNode& node : graph_.nodes)
      if (node.frame == id) moved << node.id;
  }
  for (const QString& id : moved)
    if (GraphNodeItem* item = node(id)) item->moveBy(by.x(), by.y());
  for (GraphEdgeItem* item : edges_) {
    const GraphNodeItem* from = node(item->edge().from);
    const GraphNodeItem* to = node(item->edge().to);
    if (moved.contains(item->edge().from) || moved.contains(item->edge().to))
      item->setWay({from->mapToScene(from->port(true)), to->mapToScene(to->port(false))}, true);
  }
}

}  // namespace dsw
