// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/search_graph.h"

#include <cmath>

#include <QSet>

#include "ui/models/number_format.h"
#include "ui/widgets/graph/graph_items.h"

namespace dsw {
namespace {

constexpr qreal kStep = 150, kHeight = 236;  // px between the columns of a web, and from its upper to its lower nodes

const SearchCell& cellOf(const SearchSpaceInfo& space, int cell) { return space.cells[static_cast<std::size_t>(cell)]; }

QString nodeName(const SearchCell& cell, int node) {
  if (node < cell.inputs) return cell.inputs == 1 ? QObject::tr("in") : QObject::tr("in %1").arg(node + 1);
  if (cell.inputs == 1 && node == cell.nodes - 1) return QObject::tr("out");
  return QString::number(cell.inputs == 1 ? node : node - cell.inputs);
}

/// Edges of a web, by choice.
std::vector<int> edgesOf(const SearchSpaceInfo& space, const SearchCell& cell) {
  std::vector<int> out;
  for (std::size_t c = 0; c < space.choices.size(); ++c)
    if (space.choices[c].isEdge() && space.choices[c].cell == cell.id && space.choices[c].to < cell.nodes)
      out.push_back(static_cast<int>(c));
  return out;
}

QRectF around(QPointF middle, QSizeF size) { return {middle - QPointF(size.width() / 2, size.height() / 2), size}; }

QPointF onCurve(QPointF a, QPointF through, QPointF b, double t) {
  const QPointF control = 2 * through - (a + b) / 2;
  return (1 - t) * (1 - t) * a + 2 * t * (1 - t) * control + t * t * b;
}

/// Lays plates and curves down one by one, each where it covers the least of what is there.
class PlateRoom {
 public:
  PlateRoom(const std::vector<QPointF>& nodes, std::size_t edges) : nodes_(nodes), edges_(edges) {}

  QPointF place(int from, int to) {
    const QPointF a = nodes_[static_cast<std::size_t>(from)], b = nodes_[static_cast<std::size_t>(to)], d = b - a;
    const double length = std::hypot(d.x(), d.y());
    const QPointF normal(-d.y() / length, d.x() / length);
    QPointF best = (a + b) / 2;
    if (edges_ > kMostSearched) return best;
    double least = std::numeric_limits<double>::infinity();
    const double step = 10 * std::max(1.0, static_cast<double>(edges_) / 7);  // the more there are, the coarser
    for (double along = -0.16; along <= 0.161; along += 0.08)
      for (double aside = -300; aside <= 300; aside += step) {
        const QPointF through = (a + b) / 2 + along * d + aside * normal;
        const double cost = covered(from, to, through) + 0.6 * std::abs(aside) + 60 * std::abs(along);
        if (cost < least) least = cost, best = through;
      }
    plates_.push_back(around(best, kGraphPlate));
    for (double t = 0.06; t < 0.95; t += 0.06) curves_.push_back(onCurve(a, best, b, t));
    return best;
  }

 private:
  double covered(int from, int to, QPointF through) const {
    const QRectF plate = around(through, kGraphPlate + QSizeF(14, 14));
    double cost = 0;
    for (const QRectF& other : plates_) cost += plate.intersects(other) ? 2000 : 0;
    for (const QPointF& point : curves_) cost += plate.contains(point) ? 90 : 0;
    const QPointF a = nodes_[static_cast<std::size_t>(from)], b = nodes_[static_cast<std::size_t>(to)];
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      cost += plate.intersects(around(nodes_[n], {kGraphCircle + 8, kGraphCircle + 8})) ? 2000 : 0;
      if (static_cast<int>(n) == from || static_cast<int>(n) == to) continue;
      for (double t = 0.08; t < 0.95; t += 0.08) {
        const QPointF apart = onCurve(a, through, b, t) - nodes_[n];
        cost += std::hypot(apart.x(), apart.y()) < kGraphCircle / 2 + 12 ? 400 : 0;
      }
    }
    for (double t = 0.08; t < 0.95; t += 0.08)
      for (const QRectF& other : plates_) cost += other.contains(onCurve(a, through, b, t)) ? 90 : 0;
    return cost;
  }

  static constexpr std::size_t kMostSearched = 60;
  const std::vector<QPointF>& nodes_;
  const std::size_t edges_;
  std::vector<QRectF> plates_;
  std::vector<QPointF> curves_;
};

std::vector<GraphShare> sharesOf(const SearchChoice& choice, const ChoiceState& state) {
  std::vector<GraphShare> shares;
  for (std::size_t i = 0; i < state.p.size(); ++i) shares.push_back({state.p[i], choice.candidates[i].color});
  return shares;
}

/// Not told yet: as likely as one another.
ChoiceState stateAt(const SearchSpaceInfo& space, const SearchEpoch* epoch, int choice) {
  const auto at = static_cast<std::size_t>(choice);
  if (epoch) return epoch->choices[at];
  ChoiceState even;
  const std::size_t n = space.choices[at].candidates.size();
  even.p.assign(n, n ? 1 / static_cast<double>(n) : 0);
  even.entropy = 1;
  even.chosen = even.leading = -1;
  return even;
}

QString titleAt(const SearchChoice& choice, int candidate) {
  return candidate >= 0 && candidate < static_cast<int>(choice.candidates.size())
             ? choice.candidates[static_cast<std::size_t>(candidate)].title
             : QObject::tr("open");
}

GraphData webGraph(const SearchSpaceInfo& space, int index, const WebPlaces& places, const SearchEpoch* epoch, bool ended) {
  const SearchCell& cell = cellOf(space, index);
  GraphData graph;
  for (int n = 0; n < cell.nodes; ++n) {
    GraphNode node;
    node.id = QStringLiteral("node:%1").arg(n);
    node.name = nodeName(cell, n);
    node.kind = GraphNodeKind::Circle;
    node.pinned = places.nodes[static_cast<std::size_t>(n)] - QPointF(kGraphCircle / 2, kGraphCircle / 2);
    graph.nodes.push_back(std::move(node));
  }
  for (const int c : edgesOf(space, cell)) {
    const SearchChoice& choice = space.choices[static_cast<std::size_t>(c)];
    const ChoiceState state = stateAt(space, epoch, c);
    const QPointF middle = places.plates.value(c);
    const QString op = state.chosen >= 0 && state.chosen < static_cast<int>(choice.candidates.size())
                           ? choice.candidates[static_cast<std::size_t>(state.chosen)].op
                           : QString();
    GraphEdge edge{
        QStringLiteral("node:%1").arg(choice.from), QStringLiteral("node:%1").arg(choice.to), GraphEdgeKind::Plain, {}, {}, middle, 1.5, {},
        ended && op == QLatin1String("zero")};
    const double most = state.p.empty() ? 0 : *std::max_element(state.p.begin(), state.p.end());
    edge.width = 1.5 + 5 * most;
    edge.entropy = state.entropy;
    graph.edges.push_back(edge);
    GraphNode plate;
    plate.id = choiceNodeId(c);
    plate.kind = GraphNodeKind::Plate;
    plate.name = titleAt(choice, state.leading);
    plate.value = epoch ? formatProbability(most) : QString();
    plate.shares = sharesOf(choice, state);
    plate.pinned = middle - QPointF(kGraphPlate.width() / 2, kGraphPlate.height() / 2);
    plate.tooltip = QObject::tr("%1\nEntropy %2 of 1, margin %3")
                        .arg(choiceTitle(space, c), formatProbability(state.entropy), formatProbability(state.margin));
    plate.muted = edge.dropped;
    graph.nodes.push_back(std::move(plate));
  }
  return graph;
}

/// The network without candidates, which stand as rows in their choice, and without what is inside webs.
class NetworkPicture {
 public:
  NetworkPicture(const SearchSpaceInfo& space, const SearchEpoch* epoch, bool ended) : space_(space), epoch_(epoch), ended_(ended) {
    for (const SearchCell& cell : space.cells)
      if (cell.nodes > 0) webs_.insert(cell.id);
    for (std::size_t c = 0; c < space.choices.size(); ++c)
      for (const QString& place : space.choices[c].places) decided_.insert(place, static_cast<int>(c));
    for (const SearchNode& node : space.nodes) {
      if (node.choice < 0) continue;
      choice_nodes_.insert({node.choice, node.cell}, node.id);
      if (!decider_.contains(node.choice)) decider_.insert(node.choice, node.id);
    }
  }

  GraphData draw() {
    add(QStringLiteral("input"), QObject::tr("input"), {}, -1, {});
    for (const SearchNode& node : space_.nodes) {
      const QString web = webOf(node.cell);
      const QString shown = !web.isEmpty()                           ? web
                            : node.candidate >= 0 && node.choice < 0 ? choicePlace(node.candidate, node.cell)
                                                                     : node.id;
      shown_.insert(node.id, shown);
      if (shown != node.id) {
        if (!web.isEmpty() && !seen_.contains(web)) add(web, web, {}, -1, frameOf(web));
        continue;
      }
      const int choice = node.choice >= 0 ? node.choice : decided_.value(node.id, -1);
      add(node.id, node.title, node.shape, choice, node.cell);
    }
    for (const SearchCell& cell : space_.cells) {
      if (webs_.contains(cell.id)) continue;
      GraphFrame frame;
      frame.id = cell.id;
      frame.title = cell.id;
      frame.parent = cell.parent;
      graph_.frames.push_back(std::move(frame));
    }
    QSet<QPair<QString, QString>> drawn;
    const auto node = [this](const QString& id) {  // a candidate stands in its choice, and that under an id of its own
      const QString place = shown_.value(id, id);
      return shown_.value(place, place);
    };
    for (const auto& [from, to] : space_.edges) {
      const QPair<QString, QString> ends(node(from), node(to));
      if (ends.first == ends.second || drawn.contains(ends) || !seen_.contains(ends.first) || !seen_.contains(ends.second)) continue;
      drawn.insert(ends);
      GraphEdge edge;
      edge.from = ends.first;
      edge.to = ends.second;
      graph_.edges.push_back(std::move(edge));
    }
    return std::move(graph_);
  }

 private:
  QString webOf(QString cell) const {
    for (int guard = 0; guard < 32 && !cell.isEmpty(); ++guard) {
      if (webs_.contains(cell)) return cell;
      cell = frameOf(cell);
    }
    return {};
  }
  QString frameOf(const QString& id) const {
    for (const SearchCell& cell : space_.cells)
      if (cell.id == id) return cell.parent;
    return {};
  }
  /// The node of a candidate's choice that stands in the same cell.
  QString choicePlace(int choice, const QString& cell) const {
    const auto here = choice_nodes_.constFind({choice, cell});
    return here != choice_nodes_.constEnd() ? *here : decider_.value(choice);
  }

  void add(const QString& id, const QString& title, const QString& shape, int choice, const QString& frame) {
    seen_.insert(id);
    shown_.insert(id, id);
    GraphNode node;
    node.id = choice >= 0 && !first_.contains(choice) ? choiceNodeId(choice) : id;
    if (choice >= 0) {
      first_.insert(choice);
      // A choice in several places is drawn in each; the first one answers for all.
      seen_.insert(node.id);
      shown_.insert(id, node.id);
    }
    node.name = title;
    node.foot = shape;
    node.frame = frame;
    node.target = choice >= 0 ? choiceNodeId(choice) : QString();
    if (choice >= 0) {
      const SearchChoice& what = space_.choices[static_cast<std::size_t>(choice)];
      const ChoiceState state = stateAt(space_, epoch_, choice);
      node.icon = QStringLiteral("diagram-3");
      for (std::size_t i = 0; i < state.p.size(); ++i)
        if (!ended_ || static_cast<int>(i) == state.chosen || state.p[i] > 0.005) {
          GraphRow row;
          row.text = what.candidates[i].title;
          row.value = formatProbability(state.p[i]);
          row.share = state.p[i];
          row.color = what.candidates[i].color;
          row.strong = static_cast<int>(i) == state.chosen;
          node.rows.push_back(std::move(row));
        }
      node.tooltip = QObject::tr("%1\nEntropy %2 of 1, margin %3")
                         .arg(choiceTitle(space_, choice), formatProbability(state.entropy), formatProbability(state.margin));
    }
    graph_.nodes.push_back(std::move(node));
  }

  const SearchSpaceInfo& space_;
  const SearchEpoch* epoch_;
  const bool ended_;
  GraphData graph_;
  QSet<QString> webs_, seen_;
  QSet<int> first_;
  QHash<QString, QString> shown_;
  QHash<QString, int> decided_;
  QHash<QPair<int, QString>, QString> choice_nodes_;
  QHash<int, QString> decider_;
};

}  // namespace

std::vector<SearchPage> searchPages(const SearchSpaceInfo& space) {
  std::vector<SearchPage> pages;
  const bool others = std::any_of(space.choices.begin(), space.choices.end(), [](const SearchChoice& choice) { return !choice.isEdge(); });
  std::vector<SearchPage> webs;
  for (std::size_t c = 0; c < space.cells.size(); ++c)
    if (space.cells[c].nodes > 1 && !edgesOf(space, space.cells[c]).empty()) webs.push_back({space.cells[c].id, static_cast<int>(c)});
  if (others || webs.empty()) pages.push_back({QObject::tr("Network"), -1});
  if (webs.size() == 1) webs.front().title = QObject::tr("Cell");
  pages.insert(pages.end(), webs.begin(), webs.end());
  return pages;
}

WebPlaces webPlaces(const SearchSpaceInfo& space, int index) {
  const SearchCell& cell = cellOf(space, index);
  WebPlaces places;
  const int inner = cell.nodes - cell.inputs, columns = inner;
  const qreal height = std::max(kHeight, cell.nodes > 5 ? 70.0 * cell.nodes : 0.0), step = cell.nodes > 5 ? 1.5 * kStep : kStep;
  for (int n = 0; n < cell.nodes; ++n) {
    if (n < cell.inputs)
      places.nodes.emplace_back(0, height * (n + 1) / (cell.inputs + 1));
    else if (n == cell.nodes - 1 && cell.inputs == 1)
      places.nodes.emplace_back(step * columns, 0.45 * height);
    else
      places.nodes.emplace_back(step * (n - cell.inputs + 1), (n - cell.inputs) % 2 == 0 ? 0 : height);
  }
  // Short edges first: they have the least choice of where to run.
  std::vector<int> edges = edgesOf(space, cell);
  const auto reach = [&](int c) { return space.choices[static_cast<std::size_t>(c)].to - space.choices[static_cast<std::size_t>(c)].from; };
  std::stable_sort(edges.begin(), edges.end(), [&](int a, int b) { return reach(a) < reach(b); });
  PlateRoom room(places.nodes, edges.size());
  for (const int c : edges)
    places.plates.insert(c, room.place(space.choices[static_cast<std::size_t>(c)].from, space.choices[static_cast<std::size_t>(c)].to));
  return places;
}

GraphData searchGraph(const SearchSpaceInfo& space, const SearchPage& page, const WebPlaces& places, const SearchEpoch* epoch, bool ended) {
  return page.cell >= 0 ? webGraph(space, page.cell, places, epoch, ended) : NetworkPicture(space, epoch, ended).draw();
}

QString choiceNodeId(int choice) { return QStringLiteral("choice:%1").arg(choice); }

int choiceOfNode(const QString& id) { return id.startsWith(QLatin1String("choice:")) ? id.mid(7).toInt() : -1; }

QString choiceTitle(const SearchSpaceInfo& space, int choice) {
  const SearchChoice& what = space.choices[static_cast<std::size_t>(choice)];
  if (!what.isEdge()) return what.title;
  for (const SearchCell& cell : space.cells)
    if (cell.id == what.cell) return QObject::tr("Edge %1 → %2").arg(nodeName(cell, what.from), nodeName(cell, what.to));
  return QObject::tr("Edge %1").arg(what.title);
}

}  // namespace dsw
