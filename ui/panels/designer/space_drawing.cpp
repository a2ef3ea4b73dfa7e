// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/designer/space_drawing.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "ui/models/number_format.h"
#include "ui/models/space/space_edit.h"
#include "ui/models/space/space_layers.h"
#include "ui/widgets/graph/graph_items.h"

namespace dsw {
namespace {

constexpr std::size_t kMostRows = 12;

QString text(const std::string& s) { return QString::fromStdString(s); }

class Drawing {
 public:
  Drawing(const Json& model, const SpaceFacts* facts, const std::vector<Problem>& problems, const QSet<QString>& open)
      : model_(model), facts_(facts), open_(open), positions_(model) {
    for (const Problem& problem : problems)
      if (!problem.warning) problems_.emplace_back(problem.pointer, problem.message);
  }

  GraphData run() {
    level({}, "", "", 0);
    return std::move(graph_);
  }

 private:
  /// What a problem of a pointer, or below it, says. Of a node that another one of its kind holds only its own.
  QString errorAt(const std::string& pointer, const QString& name) const {
    for (const auto& [at, message] : problems_)
      if (at == pointer || (at.starts_with(pointer) && at[pointer.size()] == '/')) return spaceProblemText(name, message);
    return {};
  }
  static QString cellTitle(const std::string& cell) { return cell == "cell" ? text(cell) : QObject::tr("cell %1").arg(text(cell)); }

  /// Nodes of a part, placed in frame `frame`; `prefix` begins their paths, `flat` their ids in the flat network.
  void level(const std::string& part_name, const std::string& prefix, const std::string& flat, int depth) {
    const Json* part = spacePart(model_, part_name);
    if (!part || depth > 8) return;
    const QString frame = prefix.empty() ? QString() : text(prefix.substr(0, prefix.size() - 1));
    ends(part_name, prefix, frame, *part);
    if (isWeb(*part)) return web(part_name, *part, prefix, flat, frame);
    const Json nodes = part->value("nodes", Json::array());
    if (!nodes.is_array()) return;
    std::unordered_map<std::string, bool> opened;  // of every node, whether it stands as a frame
    for (const Json& node : nodes) {
      const std::string id = textAt(node, "id");
      const Json* inner = spaceCellOf(node).empty() ? nullptr : spacePart(model_, spaceCellOf(node));
      opened[id] = inner && open_.contains(text(prefix + id));
    }
    const auto source = [&](const std::string& id) {
      const auto at = opened.find(id);
      if (at == opened.end()) return prefix + "*" + id;
      return prefix + id + (at->second ? std::string("/") + kSpaceOutput : "");
    };
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const Json& node = nodes[i];
      const std::string id = textAt(node, "id");
      if (id.empty()) continue;
      const std::string pointer = spacePartPointer(part_name) + "/nodes/" + std::to_string(i);
      const std::vector<std::string> inputs = spaceInputs(*part, i);
      if (opened[id])
        cellFrame(node, part_name, id, prefix, flat, pointer, depth);
      else
        graph_.nodes.push_back(drawNode(node, part_name, id, prefix, flat, pointer, inputs.empty()));
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        const std::string port = k == 0 ? std::string("/") + kSpaceInput : "/" + std::string(kSpaceInput) + "-" + std::to_string(k + 1);
        edge(source(inputs[k]), prefix + id + (opened[id] ? port : ""));
      }
    }
    if (const std::string output = spaceOutput(*part); !output.empty() && opened.contains(output))
      edge(source(output), prefix + kSpaceOutput);
  }

  void edge(const std::string& from, const std::string& to) {
    GraphEdge drawn;
    drawn.from = text(from);
    drawn.to = text(to);
    drawn.id = drawn.from + ">" + drawn.to;
    graph_.edges.push_back(std::move(drawn));
  }

  std::optional<Shape> shapeOf(const std::string& level, const std::string& source) const {
    return facts_ ? spaceSourceShape(model_, *facts_, level, source) : std::nullopt;
  }

  void ends(const std::string& part_name, const std::string& prefix, const QString& frame, const Json& part) {
    const bool inner = !prefix.empty();
    for (const std::string& input : spacePartInputs(model_, part_name)) {
      GraphNode node;
      node.id = text(prefix + "*" + input);
      node.frame = frame;
      node.kind = inner ? GraphNodeKind::Entry : GraphNodeKind::Box;
      node.target = text(spacePartPointer(part_name));
      const auto shape = shapeOf(prefix, input);
      const QString shown = shape ? spaceShapeText(*shape) : QString();
      if (inner) {
        node.name = QObject::tr("in %1").arg(shown).trimmed();
      } else {
        const bool images = facts_ && facts_->input.kind == InputSpec::Kind::Image;
        node.name = !facts_ ? QObject::tr("input") : images ? QObject::tr("images") : QObject::tr("tokens");
        node.foot = shown.isEmpty() ? QString() : (images ? QString() : QStringLiteral("B × ")) + shown;
        node.icon = images ? "images" : "input-cursor-text";
        node.tooltip = QObject::tr("What the data give");
        node.pinned = positions_.of({"", kSpaceInput});
        node.outlet = true;
      }
      graph_.nodes.push_back(std::move(node));
    }
    GraphNode node;
    node.id = text(prefix + kSpaceOutput);
    node.frame = frame;
    node.kind = inner ? GraphNodeKind::Exit : GraphNodeKind::Box;
    node.target = text(spacePartPointer(part_name));
    if (inner) {
      const std::string output = spaceOutput(part);
      const auto shape = output.empty() ? std::nullopt : shapeOf(prefix, output);
      node.name = QObject::tr("out %1").arg(shape ? spaceShapeText(*shape) : QString()).trimmed();
    } else {
      node.name = QObject::tr("output");
      node.icon = "bullseye";
      node.tooltip = QObject::tr("What the data want");
      if (facts_)
        node.foot = facts_->input.kind == InputSpec::Kind::Tokens
                        ? QStringLiteral("%1 × %2").arg(facts_->input.context).arg(facts_->input.vocabulary)
                        : QObject::tr("%1 classes").arg(facts_->input.classes);
      node.pinned = positions_.of({"", kSpaceOutput});
      node.inlet = true;
    }
    graph_.nodes.push_back(std::move(node));
  }

  void rows(GraphNode& drawn, const SpaceFacts::Choice* known, const std::vector<QString>& names) const {
    double most = 0;
    if (known)
      for (const Cost& cost : known->costs) most = std::max(most, cost.flops);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i + 1 == kMostRows && names.size() > kMostRows) {
        GraphRow more;
        more.text = QObject::tr("%1 more").arg(names.size() - i);
        drawn.rows.push_back(std::move(more));
        return;
      }
      GraphRow row;
      const bool fits = known && known->titles.size() == names.size();
      row.text = fits && !known->titles[i].empty() && names[i].isEmpty() ? text(known->titles[i]) : names[i];
      if (known && known->costs.size() == names.size() && known->kind != "depth") {
        row.value = formatCount(known->costs[i].flops);
        row.share = most > 0 ? known->costs[i].flops / most : 0;
      }
      drawn.rows.push_back(std::move(row));
    }
  }

  /// Names of sizes that are left open, written by their key.
  void openSizes(GraphNode& drawn, const Json& node, const std::string& flat_id) const {
    for (const auto& [key, value] : node.items()) {
      if (!value.is_object() || !value.contains("choice") || !value.at("choice").is_array()) continue;
      std::vector<QString> names;
      for (const Json& size : value.at("choice"))
        names.push_back(QStringLiteral("%1 %2").arg(key == "repeat" ? QObject::tr("depth") : text(key), text(size.dump())));
      const SpaceFacts::Choice* known = facts_ ? facts_->choice(key == "repeat" ? flat_id : flat_id + "-" + key) : nullptr;
      rows(drawn, known, names);
    }
  }

  GraphNode drawNode(const Json& node, const std::string& part, const std::string& id, const std::string& prefix, const std::string& flat,
                     const std::string& pointer, bool loose) const {
    GraphNode drawn;
    const std::string op = textAt(node, "op"), cell = spaceCellOf(node), flat_id = flat + id;
    drawn.id = text(prefix + id);
    drawn.name = text(id);
    drawn.frame = prefix.empty() ? QString() : text(prefix.substr(0, prefix.size() - 1));
    drawn.target = text(pointer);
    drawn.pinned = positions_.of({part, id});
    drawn.icon = spaceOpIcon(op);
    drawn.inlet = drawn.outlet = true;
    const SpaceFacts::Node* known = facts_ ? facts_->node(flat_id) : nullptr;
    const std::optional<Shape> shape = !cell.empty() ? shapeOf(prefix, id) : known ? std::optional(known->output) : std::nullopt;
    const QString shown = shape ? QStringLiteral("→ ") + spaceShapeText(*shape) : QString();
    QString title = known && op != "choice" && op != "cell" ? text(known->title) : spaceOpTitle(op);
    if (op == "add" || op == "multiply") {
      drawn.kind = GraphNodeKind::Point;
      drawn.name = op == "add" ? "+" : QStringLiteral("×");
      drawn.tooltip = QStringLiteral("%1, %2 %3").arg(text(id), spaceOpTitle(op), shown).trimmed();
    } else if (op == "choice") {
      if (const std::string name = textAt(node, "name"); !name.empty()) drawn.name = text(name);
      std::vector<QString> names;
      const SpaceFacts::Choice* choice = facts_ ? facts_->choice(flat_id) : nullptr;
      if (node.contains("candidates") && node.at("candidates").is_array())
        for (std::size_t i = 0; i < node.at("candidates").size(); ++i) names.push_back(candidateName(node.at("candidates")[i], choice, i));
      rows(drawn, choice, names);
      drawn.foot = shown;
    } else if (op == "cell") {
      openSizes(drawn, node, flat_id);
      QStringList facts{cellTitle(cell)};
      if (node.contains("repeat") && node.at("repeat").is_number_integer() && node.at("repeat") != 1)
        facts << QStringLiteral("×%1").arg(text(node.at("repeat").dump()));
      if (textAt(node, "scope") == "shared") facts << QObject::tr("shared");
      drawn.foot = facts.join(' ') + (shown.isEmpty() ? "" : " " + shown);
    } else {
      openSizes(drawn, node, flat_id);
      if (title.compare(drawn.name, Qt::CaseInsensitive) == 0) title.clear();
      drawn.foot = (title + " " + shown).trimmed();
    }
    if (known)
      drawn.tooltip = QObject::tr("%1\n%2 parameters, %3 FLOPs an example")
                          .arg(drawn.name + ": " + spaceOpTitle(op), formatCount(known->cost.parameters), formatCount(known->cost.flops));
    drawn.error = errorAt(pointer, drawn.kind == GraphNodeKind::Point ? text(id) : drawn.name);
    if (drawn.error.isEmpty() && !cell.empty()) drawn.error = errorAt(spacePartPointer(cell), text(cell));
    if (loose) drawn.error = QObject::tr("Nothing leads into it.");
    return drawn;
  }

  static QString candidateName(const Json& candidate, const SpaceFacts::Choice* choice, std::size_t number) {
    if (const std::string name = textAt(candidate, "name"); !name.empty()) return text(name);
    if (const std::string cell = spaceCellOf(candidate); !cell.empty()) return text(cell);
    if (choice && number < choice->titles.size() && !choice->titles[number].empty()) return text(choice->titles[number]);
    return spaceOpTitle(textAt(candidate, "op"));
  }

  void cellFrame(const Json& node, const std::string& part, const std::string& id, const std::string& prefix, const std::string& flat,
                 const std::string& pointer, int depth) {
    const std::string cell = spaceCellOf(node);
    const Json* inner = spacePart(model_, cell);
    GraphFrame frame;
    frame.id = text(prefix + id);
    frame.title = text(id);
    frame.parent = prefix.empty() ? QString() : text(prefix.substr(0, prefix.size() - 1));
    frame.target = text(pointer);
    const std::size_t uses = spaceCellUses(model_, cell).size();
    frame.note = cellTitle(cell);
    if (isWeb(*inner)) {
      const Json candidates = inner->value("candidates", Json::array());
      frame.note += QObject::tr(", %1 edges of %2 candidates").arg(spaceWebEdges(*inner).size()).arg(candidates.size());
    }
    if (uses > 1) frame.note += QObject::tr(", in %1 places").arg(uses);
    frame.error = errorAt(pointer, frame.title);
    frame.pinned = positions_.of({part, id});
    frame.closed = graphNodeSize(drawNode(node, part, id, prefix, flat, pointer, false));
    graph_.frames.push_back(std::move(frame));
    const bool once = !node.contains("repeat") || node.at("repeat") == 1;
    level(cell, prefix + id + "/", flat + id + (once ? "-" : "-1-"), depth + 1);
  }

  void web(const std::string& name, const Json& web, const std::string& prefix, const std::string& flat, const QString& frame) {
    const int nodes = web.at("nodes").is_number_integer() ? std::clamp(web.at("nodes").get<int>(), 0, 64) : 0;
    const int inputs = static_cast<int>(spacePartInputs(model_, name).size());
    const QString error = errorAt(spacePartPointer(name), text(name));
    for (int i = 0; i < nodes; ++i) {
      GraphNode node;
      node.id = text(prefix + std::to_string(i));
      node.name = QString::number(i);
      node.kind = GraphNodeKind::Point;
      node.frame = frame;
      node.target = text(spacePartPointer(name));
      node.pinned = positions_.of({name, std::to_string(i)});
      const SpaceFacts::Node* known = facts_ ? facts_->node(flat + std::to_string(i)) : nullptr;
      node.tooltip = known ? QObject::tr("Node %1 → %2").arg(i).arg(spaceShapeText(known->output)) : QObject::tr("Node %1").arg(i);
      if (i + 1 == nodes) node.error = error;
      graph_.nodes.push_back(std::move(node));
      if (i < inputs) edge(prefix + "*" + spacePartInputs(model_, name)[static_cast<std::size_t>(i)], prefix + std::to_string(i));
    }
    for (const auto& [from, to] : spaceWebEdges(web)) edge(prefix + std::to_string(from), prefix + std::to_string(to));
    if (textAt(web, "output") == "concat") {
      for (int i = inputs; i < nodes; ++i) edge(prefix + std::to_string(i), prefix + kSpaceOutput);
    } else if (nodes > 0) {
      edge(prefix + std::to_string(nodes - 1), prefix + kSpaceOutput);
    }
  }

  const Json& model_;
  const SpaceFacts* facts_;
  const QSet<QString>& open_;
  const SpacePositions positions_;
  std::vector<std::pair<std::string, std::string>> problems_;
  GraphData graph_;
};

}  // namespace

GraphData drawSpace(const Json& model, const SpaceFacts* facts, const std::vector<Problem>& problems, const QSet<QString>& open) {
  return Drawing(model, facts, problems, open).run();
}

std::string spaceLevel(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

std::string spaceIdIn(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

SpaceEnd spaceSource(const QString& drawn) {
  const std::string path = drawn.toStdString(), level = spaceLevel(path), id = spaceIdIn(path);
  if (id.starts_with(kSpaceInput)) return {level, id.substr(1)};
  if (id == kSpaceOutput && !level.empty()) {  // what an open cell gives
    const std::string cell = level.substr(0, level.size() - 1);
    return {spaceLevel(cell), spaceIdIn(cell)};
  }
  return {level, id};
}

SpaceEnd spaceTarget(const QString& drawn) {
  const std::string path = drawn.toStdString(), level = spaceLevel(path), id = spaceIdIn(path);
  if (id.starts_with(kSpaceInput) && !level.empty()) {  // what an open cell takes
    const std::string cell = level.substr(0, level.size() - 1);
    return {spaceLevel(cell), spaceIdIn(cell)};
  }
  return {level, id};
}

}  // namespace dsw
