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
  const auto sizeOf = [this](const GraphNode& wanted) {  // measuring text takes long: of what is drawn already it is known
    const GraphNodeItem* item = node(wanted.id);
    return item != nullptr && item->node() == wanted ? item->box().size() : graphNodeSize(wanted);
  };
  places_ = layoutGraph(graph_, sizeOf, view.expandedTo(QSizeF(200, 120)));
  build();
}

/// Items of what did not change stay: to make two thousand of them anew takes longer than a frame.
void GraphScene::build() {
  std::size_t same = 0;
  for (const GraphNode& wanted : graph_.nodes)
    if (const GraphNodeItem* item = node(wanted.id); item != nullptr && item->node() == wanted) ++same;
  if (2 * same < static_cast<std::size_t>(nodes_.size())) {  // taken away all at once they go faster
    clear();
    nodes_.clear();
    edges_.clear();
    frames_.clear();
  }
  after_.clear();
  before_.clear();
  for (std::size_t k = 0; k < graph_.edges.size(); ++k) {
    if (places_.edges[static_cast<qsizetype>(k)].isEmpty()) continue;  // an end is missing
    after_[graph_.edges[k].from] << graph_.edges[k].to;
    before_[graph_.edges[k].to] << graph_.edges[k].from;
  }
  buildFrames();
  buildNodes();
  buildEdges();
  setSceneRect(itemsBoundingRect().adjusted(-24, -24, 24, 24));
  for (auto it = selection_.begin(); it != selection_.end();) {
    const QString id = *it;
    const bool edge = std::any_of(edges_.cbegin(), edges_.cend(), [&](const GraphEdgeItem* e) { return e->edge().id == id; });
    it = nodes_.contains(id) || frame(id) != nullptr || edge ? std::next(it) : selection_.erase(it);
  }
  if (!selection_.contains(selected_)) selected_ = selection_.isEmpty() ? QString() : *selection_.cbegin();
  showSelection();
}

void GraphScene::buildFrames() {
  qDeleteAll(frames_);
  frames_.clear();
  QHash<QString, int> depth;
  for (const GraphFrame& frame : graph_.frames) {
    if (!places_.frames.contains(frame.id)) continue;
    auto* item = new GraphFrameItem(frame, places_.frames.value(frame.id));
    depth[frame.id] = depth.value(frame.parent, -1) + 1;
    item->setZValue(0.01 * depth[frame.id]);
    addItem(item);
    frames_ << item;
  }
}

void GraphScene::buildNodes() {
  QHash<QString, GraphNodeItem*> old = std::exchange(nodes_, {});
  for (const GraphNode& node : graph_.nodes) {
    const QRectF place = places_.nodes.value(node.id);
    GraphNodeItem* item = old.take(node.id);
    if (item == nullptr) item = nodes_.take(node.id);  // its id is there twice: the last one counts
    if (item != nullptr && (item->node() != node || item->box().size() != place.size())) {
      delete item;
      item = nullptr;
    }
    if (item == nullptr) {
      item = new GraphNodeItem(node, place.size());
      addItem(item);
    }
    item->setPorts(node.inlet || !before(node.id).isEmpty(), node.outlet || !after(node.id).isEmpty());
    item->setPos(place.topLeft());
    nodes_.insert(node.id, item);
  }
  qDeleteAll(old);
}

void GraphScene::buildEdges() {
  QMultiHash<QString, GraphEdgeItem*> old;
  for (GraphEdgeItem* item : std::exchange(edges_, {})) old.insert(item->edge().from + '>' + item->edge().to, item);
  for (std::size_t k = 0; k < graph_.edges.size(); ++k) {
    const auto at = static_cast<qsizetype>(k);
    const GraphEdge& edge = graph_.edges[k];
    QVector<QPointF> way = places_.edges[at];
    if (way.size() < 2) continue;
    const GraphNodeItem* from = node(edge.from);
    const GraphNodeItem* to = node(edge.to);
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
    const bool arrow = to->compact() || to->node().kind == GraphNodeKind::Point;
    GraphEdgeItem* item = old.take(edge.from + '>' + edge.to);
    if (item != nullptr && (item->edge() != edge || item->hasArrow() != arrow)) {
      delete item;
      item = nullptr;
    }
    if (item != nullptr) {
      item->setWay(way, places_.smooth[at]);
    } else {
      item = new GraphEdgeItem(edge, way, places_.smooth[at], arrow);
      addItem(item);
    }
    edges_ << item;
  }
  qDeleteAll(old);
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
  // At the end of a wrapped row the way goes on where its edge leads.
  if (best.isEmpty() && dx != 0) best = (dx > 0 ? after(from) : before(from)).value(0);
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
