// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/network_graph.h"

#include <map>

#include "ui/models/layer_table_model.h"
#include "ui/models/number_format.h"

namespace dsw {
namespace {

QString tooltipOf(const NetworkNode& node) {
  return QObject::tr("%1\nOutput %2\n%3 parameters, %4 FLOPs, %5 kept for the backward pass")
      .arg(QString::fromStdString(node.title), shapeText(node.output), formatCount(node.cost.parameters), formatCount(node.cost.flops),
           formatBytes(node.cost.activation_bytes));
}

/// How a kind of layer looks far out.
struct KindLook {
  int color;  ///< series colour; kinds that stand beside one another differ, what only shapes or passes on has none
  const char* brief;
};

KindLook lookOf(const std::string& kind) {
  static const std::map<std::string, KindLook> kLooks = {
      {"attention", {0, "attn"}}, {"conv", {0, "conv"}},       {"mlp", {1, "mlp"}},    {"linear", {1, "linear"}},  {"norm", {3, "norm"}},
      {"pool", {2, "pool"}},      {"embedding", {2, "embed"}}, {"output", {4, "out"}}, {"activation", {6, "act"}}, {"input", {-1, "in"}}};
  const auto at = kLooks.find(kind);
  return at == kLooks.end() ? KindLook{-1, ""} : at->second;
}

}  // namespace

GraphData networkGraph(const NetworkPlan& plan, const std::vector<Problem>& problems) {
  GraphData graph;
  for (const NetworkGroup& group : plan.groups) {
    GraphFrame frame;
    frame.id = QString::fromStdString(group.id);
    frame.title = QString::fromStdString(group.title);
    double parameters = 0;
    for (const NetworkNode& node : plan.nodes)
      if (node.group == group.id) parameters += node.cost.parameters;
    if (parameters > 0)
      frame.note = (group.repeat > 1 ? QObject::tr("%1 parameters each") : QObject::tr("%1 parameters")).arg(formatCount(parameters));
    graph.frames.push_back(std::move(frame));
  }
  for (const NetworkNode& node : plan.nodes) {
    GraphNode drawn;
    drawn.id = QString::fromStdString(node.id);
    drawn.name = QString::fromStdString(node.title);
    drawn.foot = node.detail.empty() ? shapeText(node.output) : QString::fromStdString(node.detail);
    drawn.frame = QString::fromStdString(node.group);
    const KindLook look = lookOf(node.kind);
    drawn.color = look.color;
    drawn.brief = node.title == "position" ? QStringLiteral("pos") : QString::fromLatin1(look.brief);  // beside the other table
    drawn.target = QString::fromStdString(node.pointer);
    if (node.kind == "add") {
      drawn.kind = GraphNodeKind::Point;
      drawn.name = QStringLiteral("+");
    }
    drawn.tooltip = tooltipOf(node);
    for (const Problem& problem : problems)
      if (!problem.warning && !node.pointer.empty() && problem.pointer == node.pointer && drawn.error.isEmpty())
        drawn.error = QString::fromStdString(problem.sentence());
    graph.nodes.push_back(std::move(drawn));
  }
  for (const NetworkEdge& edge : plan.edges) {
    GraphEdge drawn;
    drawn.from = QString::fromStdString(edge.from);
    drawn.to = QString::fromStdString(edge.to);
    drawn.kind = edge.residual ? GraphEdgeKind::Residual : GraphEdgeKind::Plain;
    graph.edges.push_back(std::move(drawn));
  }
  return graph;
}

}  // namespace dsw
