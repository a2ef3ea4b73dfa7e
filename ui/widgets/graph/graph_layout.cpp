// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/graph/graph_layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace dsw {
namespace {

constexpr qreal kColumnGap = 26, kPortGap = 44, kRowGap = 18, kWrapGap = 36, kFramePad = 16, kFrameTitle = 24, kLane = 16, kErrorRoom = 18;
constexpr qreal kPortHeight = 13;  // ports stand at half the height of a node's head

/// One thing to place on one level: a node, a frame with everything in it, or a bend of a long edge.
struct Unit {
  QString id;
  bool frame = false, bend = false;
  QSizeF size;
  int layer = 0;
  qreal anchor = 0;  // from the top: where its edges meet it
  qreal y = 0;       // of the anchor
  QRectF place;
  qreal top() const { return y - anchor; }
  qreal bottom() const { return y - anchor + size.height(); }
};

struct Link { int from, to; bool residual; };

/// Indexes of `links` that close a cycle are dropped; the rest is acyclic.
std::vector<Link> acyclic(int count, const std::vector<Link>& links) {
  std::vector<std::vector<int>> out(static_cast<std::size_t>(count));
  for (int k = 0; k < static_cast<int>(links.size()); ++k) out[static_cast<std::size_t>(links[static_cast<std::size_t>(k)].from)].push_back(k);
  std::vector<char> color(static_cast<std::size_t>(count), 0), dropped(links.size(), 0);
  std::vector<std::pair<int, std::size_t>> stack;
  for (int root = 0; root < count; ++root) {
    if (color[static_cast<std::size_t>(root)] != 0) continue;
    stack.emplace_back(root, 0);
    color[static_cast<std::size_t>(root)] = 1;
    while (!stack.empty()) {
      auto& [at, next] = stack.back();
      const auto& edges = out[static_cast<std::size_t>(at)];
      if (next == edges.size()) {
        color[static_cast<std::size_t>(at)] = 2;
        stack.pop_back();
        continue;
      }
      const int k = edges[next++];
      const int to = links[static_cast<std::size_t>(k)].to;
      char& c = color[static_cast<std::size_t>(to)];
      if (c == 1) dropped[static_cast<std::size_t>(k)] = 1;
      if (c == 0) {
        c = 1;
        stack.emplace_back(to, 0);
      }
    }
  }
  std::vector<Link> kept;
  for (std::size_t k = 0; k < links.size(); ++k)
    if (!dropped[k]) kept.push_back(links[k]);
  return kept;
}

/// Places the units of one level; returns their bounds with the top left at (0, 0).
class Level {
 public:
  Level(std::vector<Unit> units, const std::vector<Link>& links, QSizeF view, qreal gap)
      : units_(std::move(units)), links_(acyclic(static_cast<int>(units_.size()), links)), view_(view), gap_(gap) {}

  QSizeF place() {
    if (units_.empty()) return {};
    assignLayers();
    addBends();
    orderLayers();
    alignLayers();
    return wrapRows();
  }

  std::vector<Unit>& units() { return units_; }
  qreal firstAnchor() const { return first_anchor_; }  // of what stands first, from the top
  /// Bends of link k of the constructor, in order (unit indexes).
  const std::vector<std::vector<int>>& bends() const { return bends_; }
  const std::vector<Link>& links() const { return links_; }

 private:
  std::size_t n() const { return units_.size(); }

  void assignLayers() {
    std::vector<int> waiting(n(), 0);
    std::vector<std::vector<int>> out(n());
    for (const Link& l : links_) {
      ++waiting[static_cast<std::size_t>(l.to)];
      out[static_cast<std::size_t>(l.from)].push_back(l.to);
    }
    std::vector<int> ready;
    for (std::size_t i = 0; i < n(); ++i)
      if (waiting[i] == 0) ready.push_back(static_cast<int>(i));
    for (std::size_t head = 0; head < ready.size(); ++head) {
      const int at = ready[head];
      for (const int to : out[static_cast<std::size_t>(at)]) {
        Unit& target = units_[static_cast<std::size_t>(to)];
        target.layer = std::max(target.layer, units_[static_cast<std::size_t>(at)].layer + 1);
        if (--waiting[static_cast<std::size_t>(to)] == 0) ready.push_back(to);
      }
    }
    // A source stands just before what it feeds ("position" beside "token embed", not far away at the left).
    for (auto it = ready.rbegin(); it != ready.rend(); ++it) {
      const auto i = static_cast<std::size_t>(*it);
      if (out[i].empty()) continue;
      int nearest = std::numeric_limits<int>::max();
      for (const int to : out[i]) nearest = std::min(nearest, units_[static_cast<std::size_t>(to)].layer);
      const bool source = std::none_of(links_.begin(), links_.end(), [&](const Link& l) { return l.to == *it; });
      if (source) units_[i].layer = nearest - 1;
    }
  }

  void addBends() {
    bends_.assign(links_.size(), {});
    chains_.clear();
    for (std::size_t k = 0; k < links_.size(); ++k) {
      const Link l = links_[k];
      if (l.residual) continue;  // runs in a lane under the row
      int before = l.from;
      for (int layer = units_[static_cast<std::size_t>(l.from)].layer + 1; layer < units_[static_cast<std::size_t>(l.to)].layer; ++layer) {
        Unit bend;
        bend.bend = true;
        bend.layer = layer;
        bend.size = QSizeF(0, 8);
        bend.anchor = 4;
        units_.push_back(bend);
        const int at = static_cast<int>(units_.size()) - 1;
        bends_[k].push_back(at);
        chains_.push_back({before, at, false});
        before = at;
      }
      chains_.push_back({before, l.to, false});
    }
    int most = 0;
    for (const Unit& u : units_) most = std::max(most, u.layer);
    layers_.assign(static_cast<std::size_t>(most) + 1, {});
    for (std::size_t i = 0; i < n(); ++i) layers_[static_cast<std::size_t>(units_[i].layer)].push_back(static_cast<int>(i));
    before_.assign(n(), {});
    after_.assign(n(), {});
    for (const Link& l : chains_) {
      after_[static_cast<std::size_t>(l.from)].push_back(l.to);
      before_[static_cast<std::size_t>(l.to)].push_back(l.from);
    }
  }

  void orderLayers() {
    std::vector<double> rank(n(), 0);
    const auto number = [&](const std::vector<int>& layer) {
      for (std::size_t k = 0; k < layer.size(); ++k) rank[static_cast<std::size_t>(layer[k])] = static_cast<double>(k) - static_cast<double>(layer.size()) / 2;
    };
    for (const auto& layer : layers_) number(layer);
    for (int sweep = 0; sweep < 6; ++sweep) {
      const bool down = sweep % 2 == 0;
      for (std::size_t s = 0; s < layers_.size(); ++s) {
        auto& layer = layers_[down ? s : layers_.size() - 1 - s];
        const auto& neighbours = down ? before_ : after_;
        std::vector<double> key(layer.size());
        for (std::size_t k = 0; k < layer.size(); ++k) {
          const auto& ns = neighbours[static_cast<std::size_t>(layer[k])];
          double sum = 0;
          for (const int i : ns) sum += rank[static_cast<std::size_t>(i)];
          key[k] = ns.empty() ? rank[static_cast<std::size_t>(layer[k])] : sum / static_cast<double>(ns.size());
        }
        std::vector<std::size_t> order(layer.size());
        std::iota(order.begin(), order.end(), 0U);
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
        std::vector<int> sorted;
        for (const std::size_t k : order) sorted.push_back(layer[k]);
        layer = std::move(sorted);
        number(layer);
      }
    }
  }

  void alignLayers() {
    for (auto& layer : layers_) {
      qreal at = 0;
      for (const int i : layer) {
        Unit& u = units_[static_cast<std::size_t>(i)];
        u.y = at + u.anchor;
        at += u.size.height() + kRowGap;
      }
      const qreal shift = (at - kRowGap) / 2;
      for (const int i : layer) units_[static_cast<std::size_t>(i)].y -= shift;
    }
    for (int sweep = 0; sweep < 6; ++sweep) {
      const bool down = sweep % 2 == 0;
      for (std::size_t s = 0; s < layers_.size(); ++s) {
        const auto& layer = layers_[down ? s : layers_.size() - 1 - s];
        for (const int i : layer) {
          const auto& ns = (down ? before_ : after_)[static_cast<std::size_t>(i)];
          if (ns.empty()) continue;
          double sum = 0;
          for (const int k : ns) sum += units_[static_cast<std::size_t>(k)].y;
          units_[static_cast<std::size_t>(i)].y = sum / static_cast<double>(ns.size());
        }
        pushApart(layer);
      }
    }
  }

  void pushApart(const std::vector<int>& layer) {
    const auto unit = [&](std::size_t k) -> Unit& { return units_[static_cast<std::size_t>(layer[k])]; };
    qreal pushed = 0;
    for (std::size_t k = 1; k < layer.size(); ++k) {
      const qreal least = unit(k - 1).bottom() + kRowGap + unit(k).anchor;
      if (unit(k).y < least) {
        pushed += least - unit(k).y;
        unit(k).y = least;
      }
    }
    // Half of what was pushed down is given back, so that a crowded layer stays centred.
    if (layer.size() > 1 && pushed > 0)
      for (std::size_t k = 0; k < layer.size(); ++k) unit(k).y -= pushed / static_cast<qreal>(2 * (layer.size() - 1));
  }

  struct Row { std::size_t from, to; qreal top = 0, bottom = 0, width = 0; int lanes = 0; };

  /// Links that run across the border before layer `at`, weighed.
  double crossing(std::size_t at) const {
    double count = 0;
    for (const Link& l : links_) {
      const int from = units_[static_cast<std::size_t>(l.from)].layer, to = units_[static_cast<std::size_t>(l.to)].layer, border = static_cast<int>(at);
      // A residual that begins just before the border runs along with the link beside it.
      if (from < border && to >= border) count += !l.residual ? 1 : from + 1 == border ? 0.2 : 3;
    }
    return count;
  }

  std::vector<Row> rowsFor(int wanted, const std::vector<qreal>& widths, const std::vector<double>& crossings) const {
    const qreal total = std::accumulate(widths.begin(), widths.end(), 0.0) + gap_ * static_cast<qreal>(widths.size());
    const qreal ideal = total / wanted;
    std::vector<Row> rows{{0, 0}};
    qreal used = 0;
    std::size_t best = 0;
    double best_cost = 1e300;
    for (std::size_t s = 0; s < widths.size(); ++s) {
      if (s > rows.back().from && static_cast<int>(rows.size()) < wanted) {
        // Breaking before layer s: far from the ideal width or across many links is bad.
        const double cost = std::abs(used - ideal) / ideal + 0.35 * crossings[s];
        if (cost < best_cost) best_cost = cost, best = s;
        if (used > ideal * 1.35) {
          rows.back().to = best;
          rows.push_back({best, 0});
          s = best;
          used = 0;
          best_cost = 1e300;
        }
      }
      used += widths[s] + gap_;
    }
    rows.back().to = widths.size();
    if (static_cast<int>(rows.size()) < wanted && best > rows.back().from && best_cost < 1e299) {
      rows.back().to = best;
      rows.push_back({best, widths.size()});
    }
    return rows;
  }

  void measure(Row& row, const std::vector<qreal>& widths) const {
    row.top = std::numeric_limits<qreal>::infinity();
    row.bottom = -row.top;
    row.width = -gap_;
    for (std::size_t s = row.from; s < row.to; ++s) {
      row.width += widths[s] + gap_;
      for (const int i : layers_[s]) {
        const Unit& u = units_[static_cast<std::size_t>(i)];
        row.top = std::min(row.top, u.top());
        row.bottom = std::max(row.bottom, u.bottom());
      }
    }
    for (const Link& l : links_) {
      const auto from = static_cast<std::size_t>(units_[static_cast<std::size_t>(l.from)].layer), to = static_cast<std::size_t>(units_[static_cast<std::size_t>(l.to)].layer);
      if (l.residual && to >= row.from && from < row.to) row.lanes = 1;
    }
  }

  QSizeF wrapRows() {
    std::vector<qreal> widths(layers_.size(), 0);
    for (std::size_t s = 0; s < layers_.size(); ++s)
      for (const int i : layers_[s]) widths[s] = std::max(widths[s], units_[static_cast<std::size_t>(i)].size.width());
    std::vector<double> crossings(layers_.size(), 0);
    for (std::size_t s = 1; s < layers_.size(); ++s) crossings[s] = crossing(s);
    std::vector<Row> best_rows;
    double best_scale = -1;
    QSizeF best_size;
    const int most = std::min<int>(24, static_cast<int>(layers_.size()));
    for (int wanted = 1; wanted <= most; ++wanted) {
      std::vector<Row> rows = rowsFor(wanted, widths, crossings);
      if (static_cast<int>(rows.size()) < wanted) break;
      qreal width = 0, height = -kWrapGap;
      double crossed = 0;
      for (Row& row : rows) {
        measure(row, widths);
        width = std::max(width, row.width);
        height += row.bottom - row.top + row.lanes * kLane + kWrapGap;
        if (row.from > 0) crossed += crossings[row.from];
      }
      // The scale at which it fits the view; each link that a wrap leads around costs the reader a little.
      const double scale = std::min({1.0, view_.width() / std::max(width, 1.0), view_.height() / std::max(height, 1.0)}) * std::pow(0.93, crossed);
      if (scale > best_scale * 1.001) {
        best_scale = scale;
        best_rows = rows;
        best_size = QSizeF(width, height);
      }
      if (height > width && height > view_.height()) break;
    }
    first_anchor_ = 0;
    if (!best_rows.empty() && !layers_.front().empty()) first_anchor_ = units_[static_cast<std::size_t>(layers_.front().front())].y - best_rows.front().top;
    qreal y = 0;
    for (const Row& row : best_rows) {
      qreal x = 0;
      for (std::size_t s = row.from; s < row.to; ++s) {
        for (const int i : layers_[s]) {
          Unit& u = units_[static_cast<std::size_t>(i)];
          const QPointF corner(x + (widths[s] - u.size.width()) / 2, y + u.top() - row.top);
          u.place = QRectF(corner, u.size);
        }
        x += widths[s] + gap_;
      }
      y += row.bottom - row.top + row.lanes * kLane + kWrapGap;
    }
    return best_size;
  }

  std::vector<Unit> units_;
  std::vector<Link> links_, chains_;
  QSizeF view_;
  qreal gap_, first_anchor_ = 0;
  std::vector<std::vector<int>> layers_, before_, after_, bends_;
};

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
    for (const GraphFrame& f : graph.frames) inner_[frame_parent_.contains(f.parent) && f.parent != f.id ? f.parent : QString()].push_back(f.id);
  }

  GraphPlaces run(QSizeF view) {
    qreal anchor = 0;
    const QSizeF size = level(QString(), view, 0, &anchor);
    shift(QString(), QPointF());
    for (const GraphNode& node : graph_.nodes)
      if (node.pinned) places_.nodes[node.id].moveTopLeft(*node.pinned);
    places_.bounds = QRectF(QPointF(), size);
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

  QSizeF level(const QString& frame, QSizeF view, int depth, qreal* anchor) {
    std::vector<Unit> units;
    QHash<QString, int> index;
    const auto add = [&](Unit u) {
      index.insert(u.id, static_cast<int>(units.size()));
      units.push_back(std::move(u));
    };
    if (depth < 16) {
      for (const QString& id : inner_.value(frame)) {
        // A frame shares the view with what stands beside it.
        qreal inner_anchor = 0;
        const bool alone = members_.value(frame).size() < 2;
        const QSizeF inside = level(id, QSizeF(view.width() * (alone ? 0.92 : 0.6), view.height() - kFrameTitle - 2 * kFramePad), depth + 1, &inner_anchor);
        Unit u;
        u.id = id;
        u.frame = true;
        u.size = QSizeF(inside.width() + 2 * kFramePad, inside.height() + kFrameTitle + 2 * kFramePad - 6);
        u.anchor = kFrameTitle + kFramePad - 6 + inner_anchor;
        add(std::move(u));
      }
    }
    for (const GraphNode* node : members_.value(frame)) {
      Unit u;
      u.id = node->id;
      u.size = size_of_(*node);
      const bool ports = node->kind == GraphNodeKind::Box && (!node->rows.empty() || !node->icon.isEmpty());
      u.anchor = ports ? kPortHeight : u.size.height() / 2;
      if (!node->error.isEmpty()) u.size.rheight() += kErrorRoom;
      add(std::move(u));
    }
    std::vector<Link> links;
    std::set<std::pair<int, int>> seen;
    for (const GraphEdge& edge : graph_.edges) {
      const int from = index.value(unitIn(edge.from, frame), -1), to = index.value(unitIn(edge.to, frame), -1);
      if (from < 0 || to < 0 || from == to || !seen.insert({from, to}).second) continue;
      links.push_back({from, to, edge.kind == GraphEdgeKind::Residual});
    }
    Level placed(std::move(units), links, view, gap_);
    const QSizeF size = placed.place();
    *anchor = placed.firstAnchor();
    for (const Unit& u : placed.units())
      if (!u.bend) relative_.insert(u.id, u.place);
    for (std::size_t k = 0; k < placed.links().size(); ++k) {
      const Link& l = placed.links()[k];
      QVector<QPointF> bends;
      for (const int b : placed.bends()[k]) bends << placed.units()[static_cast<std::size_t>(b)].place.center();
      const QPair<QString, QString> ends(placed.units()[static_cast<std::size_t>(l.from)].id, placed.units()[static_cast<std::size_t>(l.to)].id);
      if (!bends.isEmpty()) bends_.insert(ends, {frame, bends});
    }
    return size;
  }

  /// Relative places become absolute ones, frame by frame.
  void shift(const QString& frame, QPointF origin) {
    origins_.insert(frame, origin);
    for (const GraphNode* node : members_.value(frame)) {
      QRectF r = relative_.value(node->id).translated(origin);
      if (!node->error.isEmpty()) r.setHeight(r.height() - kErrorRoom);
      places_.nodes.insert(node->id, r);
    }
    for (const QString& id : inner_.value(frame)) {
      const QRectF r = relative_.value(id).translated(origin);
      places_.frames.insert(id, r);
      shift(id, r.topLeft() + QPointF(kFramePad, kFrameTitle + kFramePad - 6));
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
        const QPointF corner = rowCorner(unitIn(edge.to, frame), frame);
        const qreal out = std::max(a.right(), ua.right()) + 12, in = std::min(b.left(), ub.left()) - 12;
        const bool below = ub.top() >= ua.bottom() - 1;
        const qreal between = below ? std::max(ua.bottom() + 10, corner.y() - kWrapGap / 2) : std::max(a.bottom(), b.bottom()) + 14;
        if (edge.kind == GraphEdgeKind::Residual) {
          way = residualWay(a, b, same_row, out, between, corner.x() - 12);
          smooth = false;
        } else if (same_row) {
          way << QPointF(a.right(), a.center().y());
          const auto it = bends_.constFind({unitIn(edge.from, frame), unitIn(edge.to, frame)});
          if (it != bends_.constEnd())
            for (const QPointF& p : it->second) way << p + origins_.value(it->first);
          way << QPointF(b.left(), b.center().y());
          if (way.size() > 2 && std::adjacent_find(way.begin(), way.end(), [](QPointF p, QPointF q) { return q.x() <= p.x(); }) != way.end()) {
            way = {way.first(), way.last()};  // the bends were wrapped into another row
          }
        } else {
          way << QPointF(a.right(), a.center().y()) << QPointF(out, a.center().y()) << QPointF(out, between) << QPointF(in, between) << QPointF(in, b.center().y())
              << QPointF(b.left(), b.center().y());
          smooth = false;
        }
      }
      places_.edges << way;
      places_.smooth << smooth;
    }
  }

  /// Left top of the row in which a unit of `frame` stands.
  QPointF rowCorner(const QString& id, const QString& frame) const {
    const QRectF r = unitRect(id);
    QPointF corner = r.topLeft();
    const auto add = [&](const QRectF& other) {
      if (other.top() < r.bottom() && other.bottom() > r.top()) corner = QPointF(std::min(corner.x(), other.left()), std::min(corner.y(), other.top()));
    };
    for (const GraphNode* node : members_.value(frame)) add(places_.nodes.value(node->id));
    for (const QString& inner : inner_.value(frame)) add(places_.frames.value(inner));
    return corner;
  }

  /// A lane under everything that stands in the target's row between the two ends, then up into the target.
  QVector<QPointF> residualWay(const QRectF& a, const QRectF& b, bool same_row, qreal wrap_out, qreal wrap_between, qreal wrap_in) const {
    const qreal from_x = same_row ? a.right() + 10 : wrap_in;
    qreal lane = std::max(b.bottom(), same_row && a.bottom() < b.bottom() + 40 ? a.bottom() : b.bottom());
    for (const GraphNode& node : graph_.nodes) {
      QRectF r = places_.nodes.value(node.id);
      if (!node.error.isEmpty()) r.setHeight(r.height() + kErrorRoom);
      if (r.right() > from_x && r.left() < b.right() && r.top() < b.bottom() + 4 && r.bottom() > b.top() - 4) lane = std::max(lane, r.bottom());
    }
    lane += 11;
    QVector<QPointF> way{QPointF(a.right(), a.center().y())};
    if (same_row) way << QPointF(from_x, a.center().y());
    else way << QPointF(wrap_out, a.center().y()) << QPointF(wrap_out, wrap_between) << QPointF(wrap_in, wrap_between);
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
  QHash<QString, QPointF> origins_;
  QHash<QPair<QString, QString>, QPair<QString, QVector<QPointF>>> bends_;
  GraphPlaces places_;
};

}  // namespace

GraphPlaces layoutGraph(const GraphData& graph, const std::function<QSizeF(const GraphNode&)>& sizeOf, QSizeF view) {
  return Placer(graph, sizeOf).run(view);
}

}  // namespace dsw
