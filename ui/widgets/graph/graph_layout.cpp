// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/graph/graph_layout.h"

#include <algorithm>
#include <set>

#include "ui/widgets/graph/graph_level.h"

namespace dsw {
namespace {

constexpr qreal kColumnGap = 26, kPortGap = 44, kFramePad = 16, kFrameTitle = 24, kErrorRoom = 32;
constexpr qreal kPortHeight = 13;  // ports stand at half the height of a node's head

class Placer {
 public:
  Placer(const GraphData& graph, const std::function<QSizeF(const GraphNode&)>& size_of) : graph_(graph), size_of_(size_of) {
    for (const GraphNode& node : graph.nodes)
      if (!node.rows.empty() || !node.icon.isEmpty()) gap_ = kPortGap;
    for (const GraphFrame& f : graph.frames) frame_parent_.insert(f.id, f.parent);
    for (const GraphNode& node : graph.nodes) {
      node_frame_.insert(node.id, frame_parent_.contains(node.frame) ? node.frame : QString());
      members_[node_frame_[node.id]].push_back(&node);
    }
    for (const GraphFrame& f : graph.frames)
      inner_[frame_parent_.contains(f.parent) && f.parent != f.id ? f.parent : QString()].push_back(f.id);
  }

  GraphPlaces run(QSizeF view) {
    qreal anchor = 0;
    places_.bounds = level(QString(), view, 0, &anchor);
    shift(QString(), QPointF());
    for (const QRectF& r : places_.nodes) places_.bounds |= r;
    for (const QRectF& r : places_.frames) places_.bounds |= r;
    routeEdges();
    return places_;
  }

 private:
  /// The ancestor of a node that stands directly in `frame`, or an empty id where the node is not inside.
  QString unitIn(const QString& node, const QString& frame) const {
    QString at = node, above = node_frame_.value(node);
    for (int guard = 0; guard < 64; ++guard) {
      if (above == frame) return at;
      if (above.isEmpty()) return {};
      at = above;
      above = frame_parent_.contains(frame_parent_.value(above)) ? frame_parent_.value(above) : QString();
    }
    return {};
  }

  /// What stands in a frame, relative to its inside; the rectangle around it.
  QRectF level(const QString& frame, QSizeF view, int depth, qreal* anchor) {
    std::vector<GraphUnit> units;
    QHash<QString, int> index;
    const auto add = [&](GraphUnit u) {
      index.insert(u.id, static_cast<int>(units.size()));
      units.push_back(std::move(u));
    };
    if (depth < 16) {
      for (const QString& id : inner_.value(frame)) {
        // A frame shares the view with what stands beside it.
        qreal inner_anchor = 0;
        const bool alone = members_.value(frame).size() < 2;
        const QRectF inside =
            level(id, QSizeF(view.width() * (alone ? 0.92 : 0.6), view.height() - kFrameTitle - 2 * kFramePad), depth + 1, &inner_anchor);
        GraphUnit u;
        u.id = id;
        u.frame = true;
        u.size = QSizeF(inside.width() + 2 * kFramePad, inside.height() + kFrameTitle + 2 * kFramePad - 6);
        u.anchor = kFrameTitle + kFramePad - 6 + inner_anchor;
        corners_.insert(id, inside.topLeft());
        add(std::move(u));
      }
    }
    for (const GraphNode* node : members_.value(frame)) {
      GraphUnit u;
      u.id = node->id;
      u.size = size_of_(*node);
      const bool ports = node->kind == GraphNodeKind::Box && (!node->rows.empty() || !node->icon.isEmpty() || node->inlet || node->outlet);
      u.anchor = ports ? kPortHeight : u.size.height() / 2;
      if (!node->error.isEmpty()) u.size.rheight() += kErrorRoom;
      add(std::move(u));
    }
    if (allPinned(frame)) {
      *anchor = units.empty() ? 0 : units.front().anchor;
      for (const GraphUnit& u : units) relative_.insert(u.id, QRectF(QPointF(), u.size));
      if (const auto pinned = placePinned(frame, units)) return *pinned;
    }
    std::vector<GraphLink> links;
    std::set<std::pair<int, int>> seen;
    for (const GraphEdge& edge : graph_.edges) {
      const int from = index.value(unitIn(edge.from, frame), -1), to = index.value(unitIn(edge.to, frame), -1);
      if (from < 0 || to < 0 || from == to || !seen.insert({from, to}).second) continue;
      links.push_back({from, to, edge.kind == GraphEdgeKind::Residual});
    }
    GraphLevel placed(std::move(units), links, view, gap_);
    const QSizeF size = placed.place();
    *anchor = placed.firstAnchor();
    for (const GraphUnit& u : placed.units())
      if (!u.bend) relative_.insert(u.id, u.place);
    if (const auto pinned = placePinned(frame, placed.units())) return *pinned;
    for (std::size_t k = 0; k < placed.links().size(); ++k) {
      const GraphLink& l = placed.links()[k];
      QVector<QPointF> bends;
      for (const int b : placed.bends()[k]) bends << placed.units()[static_cast<std::size_t>(b)].place.center();
      const QPair<QString, QString> ends(placed.units()[static_cast<std::size_t>(l.from)].id,
                                         placed.units()[static_cast<std::size_t>(l.to)].id);
      if (!bends.isEmpty()) bends_.insert(ends, {frame, bends});
    }
    return QRectF(QPointF(), size);
  }

  /// Whether nothing is left to lay out: all but ports on the border has its place.
  bool allPinned(const QString& frame) const {
    for (const GraphNode* node : members_.value(frame))
      if (!node->pinned && node->kind != GraphNodeKind::Entry && node->kind != GraphNodeKind::Exit) return false;
    for (const GraphFrame& f : graph_.frames)
      if (!f.pinned && (frame_parent_.contains(f.parent) ? f.parent : QString()) == frame) return false;
    return true;
  }

  /// Pinned nodes and frames to where they are pinned; nothing where there are none. Ports on the border go with what they lead to.
  std::optional<QRectF> placePinned(const QString& frame, const std::vector<GraphUnit>& units) {
    QHash<QString, QPointF> at;
    for (const GraphNode* node : members_.value(frame))
      if (node->pinned) at.insert(node->id, *node->pinned);
    std::vector<const GraphFrame*> opened;
    for (const GraphFrame& f : graph_.frames)
      if (f.pinned && relative_.contains(f.id) && frame_parent_.value(f.id) == frame) {
        at.insert(f.id, *f.pinned);
        opened.push_back(&f);
      }
    if (at.isEmpty()) return std::nullopt;
    QHash<QString, QPointF> room;  // what makes room for a frame that was opened
    for (const GraphFrame* f : opened) {
      const QSizeF more = relative_.value(f->id).size() - f->closed;
      for (auto it = at.cbegin(); it != at.cend(); ++it) {
        if (it.key() == f->id) continue;
        if (it->x() >= f->pinned->x() + f->closed.width() - 1)
          room[it.key()].rx() += std::max(0.0, more.width());
        else if (it->y() >= f->pinned->y() + f->closed.height() - 1)
          room[it.key()].ry() += std::max(0.0, more.height());
      }
    }
    QRectF around;
    for (const GraphUnit& u : units) {
      if (u.bend || !at.contains(u.id)) continue;
      QRectF& place = relative_[u.id];
      place.moveTopLeft(at.value(u.id) + room.value(u.id) + (u.frame ? corners_.value(u.id) : QPointF()));
      around |= place;
    }
    for (const GraphNode* node : members_.value(frame))
      if (!at.contains(node->id) && (node->kind == GraphNodeKind::Entry || node->kind == GraphNodeKind::Exit)) placePort(*node, around);
    for (const GraphUnit& u : units)
      if (!u.bend) around |= relative_.value(u.id);
    return around;
  }

  /// A port on the border among pinned nodes: beside what it leads to.
  void placePort(const GraphNode& port, const QRectF& around) {
    const bool in = port.kind == GraphNodeKind::Entry;
    qreal y = around.top() + kPortHeight;
    for (const GraphEdge& edge : graph_.edges) {
      const QString& other = in ? edge.to : edge.from;
      if ((in ? edge.from : edge.to) != port.id || !relative_.contains(other)) continue;
      y = relative_.value(other).top() + kPortHeight;
      break;
    }
    relative_[port.id].moveCenter(QPointF(in ? around.left() - 40 : around.right() + 40, y));
  }

  /// Relative places become absolute ones, frame by frame.
  void shift(const QString& frame, QPointF origin) {
    origins_.insert(frame, origin);
    for (const GraphNode* node : members_.value(frame)) {
      QRectF r = relative_.value(node->id).translated(origin);
      if (!node->error.isEmpty()) r.setHeight(r.height() - kErrorRoom);
      places_.nodes.insert(node->id, r);
    }
    const QRectF border = places_.frames.value(frame);
    for (const GraphNode* node : members_.value(frame)) {
      QRectF& r = places_.nodes[node->id];
      if (node->kind == GraphNodeKind::Entry) r.moveCenter(QPointF(border.left(), r.center().y()));
      if (node->kind == GraphNodeKind::Exit) r.moveCenter(QPointF(border.right(), r.center().y()));
    }
    for (const QString& id : inner_.value(frame)) {
      const QRectF r = relative_.value(id).translated(origin);
      places_.frames.insert(id, r);
      shift(id, r.topLeft() + kGraphFrameInside - corners_.value(id));
    }
  }

  QString commonFrame(const QString& a, const QString& b) const {
    for (QString at = node_frame_.value(a);; at = frame_parent_.value(at)) {
      if (!unitIn(b, at).isEmpty()) return at;
      if (at.isEmpty()) return {};
    }
  }

  void routeEdges() {
    for (const GraphEdge& edge : graph_.edges) {
      QVector<QPointF> way;
      bool smooth = true;
      if (places_.nodes.contains(edge.from) && places_.nodes.contains(edge.to)) {
        const QRectF a = places_.nodes[edge.from], b = places_.nodes[edge.to];
        const QString frame = commonFrame(edge.from, edge.to);
        const QRectF ua = unitRect(unitIn(edge.from, frame)), ub = unitRect(unitIn(edge.to, frame));
        const bool same_row = b.left() >= a.right() - 1;
        // Between rows: down to the middle between them, back to the left, and into the target.
        const QPointF corner = same_row ? ub.topLeft() : rowCorner(unitIn(edge.to, frame), frame);
        const qreal out = std::max(a.right(), ua.right()) + 12, in = std::min(b.left(), ub.left()) - 12;
        const bool below = ub.top() >= ua.bottom() - 1;
        const qreal between = below ? std::max(ua.bottom() + 10, corner.y() - kGraphWrapGap / 2) : std::max(a.bottom(), b.bottom()) + 14;
        if (edge.through) {
          way << a.center() << *edge.through << b.center();
        } else if (edge.kind == GraphEdgeKind::Residual) {
          way = residualWay(a, b, same_row, out, between, corner.x() - 12);
          smooth = false;
        } else if (same_row) {
          way << QPointF(a.right(), a.center().y());
          const auto it = bends_.constFind({unitIn(edge.from, frame), unitIn(edge.to, frame)});
          if (it != bends_.constEnd())
            for (const QPointF& p : it->second) way << p + origins_.value(it->first);
          way << QPointF(b.left(), b.center().y());
          if (way.size() > 2 &&
              std::adjacent_find(way.begin(), way.end(), [](QPointF p, QPointF q) { return q.x() <= p.x(); }) != way.end()) {
            way = {way.first(), way.last()};  // the bends were wrapped into another row
          }
        } else {
          way << QPointF(a.right(), a.center().y()) << QPointF(out, a.center().y()) << QPointF(out, between) << QPointF(in, between)
              << QPointF(in, b.center().y()) << QPointF(b.left(), b.center().y());
          smooth = false;
        }
      }
      places_.edges << way;
      places_.smooth << smooth;
    }
  }

  /// Left top of the row in which a unit of `frame` stands.
  QPointF rowCorner(const QString& id, const QString& frame) const {
    QRectF row = unitRect(id);
    for (bool grown = true; grown;) {  // what stands beside what stands beside it
      grown = false;
      const auto add = [&](const QRectF& other) {
        if (other.top() >= row.bottom() || other.bottom() <= row.top() || row.contains(other)) return;
        row |= other;
        grown = true;
      };
      for (const GraphNode* node : members_.value(frame)) add(places_.nodes.value(node->id));
      for (const QString& inner : inner_.value(frame)) add(places_.frames.value(inner));
    }
    return row.topLeft();
  }

  /// A lane under everything that stands in the target's row between the two ends, then up into the target.
  QVector<QPointF> residualWay(const QRectF& a, const QRectF& b, bool same_row, qreal wrap_out, qreal wrap_between, qreal wrap_in) const {
    const qreal from_x = same_row ? a.right() + 10 : wrap_in;
    qreal lane = std::max(b.bottom(), same_row && a.bottom() < b.bottom() + 40 ? a.bottom() : b.bottom());
    for (const GraphNode& node : graph_.nodes) {
      QRectF r = places_.nodes.value(node.id);
      if (!node.error.isEmpty()) r.setHeight(r.height() + kErrorRoom);
      if (r.right() > from_x && r.left() < b.right() && r.top() < b.bottom() + 4 && r.bottom() > b.top() - 4)
        lane = std::max(lane, r.bottom());
    }
    lane += 11;
    QVector<QPointF> way{QPointF(a.right(), a.center().y())};
    if (same_row)
      way << QPointF(from_x, a.center().y());
    else
      way << QPointF(wrap_out, a.center().y()) << QPointF(wrap_out, wrap_between) << QPointF(wrap_in, wrap_between);
    return way << QPointF(from_x, lane) << QPointF(b.center().x(), lane) << QPointF(b.center().x(), b.bottom());
  }

  QRectF unitRect(const QString& id) const { return places_.nodes.contains(id) ? places_.nodes.value(id) : places_.frames.value(id); }

  const GraphData& graph_;
  const std::function<QSizeF(const GraphNode&)>& size_of_;
  qreal gap_ = kColumnGap;
  QHash<QString, QString> frame_parent_, node_frame_;
  QHash<QString, std::vector<const GraphNode*>> members_;
  QHash<QString, QVector<QString>> inner_;
  QHash<QString, QRectF> relative_;
  QHash<QString, QPointF> origins_, corners_;  // of a frame's inside: in the scene; left top of what stands in it
  QHash<QPair<QString, QString>, QPair<QString, QVector<QPointF>>> bends_;
  GraphPlaces places_;
};

}  // namespace

GraphPlaces layoutGraph(const GraphData& graph, const std::function<QSizeF(const GraphNode&)>& sizeOf, QSizeF view) {
  return Placer(graph, sizeOf).run(view);
}

}  // namespace dsw
