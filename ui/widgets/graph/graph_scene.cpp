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
  const QString kept = selected_;
  clear();
  nodes_.clear();
  edges_.clear();
  frames_.clear();
  selected_.clear();
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
    item->setPorts(!before(node.id).isEmpty(), !after(node.id).isEmpty());
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
    const auto portShift = [](const GraphNodeItem* item) {
      return item->compact() || item->node().kind == GraphNodeKind::Point ? 0.0 : 13.0 - item->box().height() / 2;
    };
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
  if (nodes_.contains(kept)) select(kept);
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

void GraphScene::select(const QString& id) {
  const QString wanted = nodes_.contains(id) ? id : QString();
  if (wanted == selected_) return;
  clearSelection();
  selected_ = wanted;
  if (GraphNodeItem* item = node(wanted)) item->setSelected(true);
  for (GraphEdgeItem* edge : edges_) edge->setLit(!wanted.isEmpty() && (edge->edge().from == wanted || edge->edge().to == wanted));
  emit selectionMoved(selected_);
}

}  // namespace dsw
