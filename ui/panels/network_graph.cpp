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

/// Series colours: kinds that stand beside one another differ; what only shapes or passes on has none.
int colorOf(const std::string& kind) {
  static const std::map<std::string, int> kColors = {{"attention", 0}, {"conv", 0},      {"mlp", 1},    {"linear", 1},    {"norm", 3},
                                                     {"pool", 2},      {"embedding", 2}, {"output", 4}, {"activation", 6}};
  const auto at = kColors.find(kind);
  return at == kColors.end() ? -1 : at->second;
}

QString briefOf(const std::string& kind) {
  static const std::map<std::string, const char*> kBrief = {
      {"attention", "attn"}, {"conv", "conv"},       {"mlp", "mlp"},    {"linear", "linear"},  {"norm", "norm"},
      {"pool", "pool"},      {"embedding", "embed"}, {"output", "out"}, {"activation", "act"}, {"input", "in"}};
  const auto at = kBrief.find(kind);
  return at == kBrief.end() ? QString() : QString::fromLatin1(at->second);
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
    drawn.color = colorOf(node.kind);
    drawn.brief = briefOf(node.kind);
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
