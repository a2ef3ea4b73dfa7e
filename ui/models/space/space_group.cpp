// SPDX-License-Identifier: GPL-3.0-or-later
// Several nodes at a time: copies of them, a cell made of them, and a cell taken apart.
#include <QObject>
#include <algorithm>
#include <set>

#include "ui/models/space/space_edit_support.h"

namespace dsw {
namespace {

QString tr(const char* text) { return QObject::tr(text); }
constexpr const char* kCopied = "deepshock-space";

bool isInput(const std::string& id) { return id == "input" || id.starts_with("input-"); }

/// Cells that nodes put in, with those within, by name.
void collectCells(const Json& model, const Json& nodes, Json& cells) {
  const auto take = [&](const Json& owner, auto&& self) -> void {
    const std::string cell = spaceCellOf(owner);
    if (!cell.empty() && !cells.contains(cell))
      if (const Json* part = spacePart(model, cell)) {
        cells[cell] = *part;
        collectCells(model, part->value("nodes", Json::array()), cells);
        self(*part, self);
      }
    if (owner.is_object() && owner.contains("candidates") && owner.at("candidates").is_array())
      for (const Json& candidate : owner.at("candidates")) self(candidate, self);
  };
  if (nodes.is_array())
    for (const Json& node : nodes) take(node, take);
}

}  // namespace

Json copySpaceNodes(const Json& model, const std::string& part, const std::vector<std::string>& ids) {
  const Json* where = spacePart(model, part);
  if (!where || isWeb(*where)) return nullptr;
  Json nodes = Json::array(), cells = Json::object(), places = Json::object();
  const Json all = where->value("nodes", Json::array());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string id = textAt(all[i], "id");
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) continue;
    nodes.push_back(orderedNode(all[i], id, spaceInputs(*where, i)));
    if (const auto at = spacePosition(model, {part, id})) places[id] = {at->x(), at->y()};
  }
  if (nodes.empty()) return nullptr;
  collectCells(model, nodes, cells);
  return {{kCopied, 1}, {"nodes", nodes}, {"cells", cells}, {"layout", places}};
}

SpaceChange pasteSpaceNodes(const Json& model, const std::string& part, const Json& copied, QPointF by, const QString& label) {
  if (!copied.is_object() || !copied.contains(kCopied) || !copied.contains("nodes") || !copied.at("nodes").is_array())
    return refusedChange(tr("The clipboard holds no nodes of a space."));
  SpaceChange change{model, label, {}, {}};
  Json* where = spacePart(change.model, part);
  if (!where || isWeb(*where)) return refusedChange(tr("Nothing can be added to a web; change how many nodes it has."));
  PartKeeper keeper(*where);
  std::map<std::string, std::string> names;
  const std::vector<std::string> own_inputs = spacePartInputs(model, part);
  for (const Json& node : copied.at("nodes")) {
    if (!node.is_object() || textAt(node, "op").empty()) return refusedChange(tr("The clipboard holds no nodes of a space."));
    const std::string id = freeSpaceId(*where, textAt(node, "id"));
    names[textAt(node, "id")] = id;
    nodesIn(*where).push_back(orderedNode(node, id, {}));
    change.select.push_back(id);
  }
  for (std::size_t i = 0; i < copied.at("nodes").size(); ++i) {
    const Json& node = copied.at("nodes")[i];
    std::vector<std::string> inputs;
    if (node.contains("inputs") && node.at("inputs").is_array())
      for (const Json& input : node.at("inputs")) {
        if (!input.is_string()) continue;
        const std::string name = input.get<std::string>();
        if (names.contains(name))
          inputs.push_back(names.at(name));
        else if (spaceNodeIndex(*where, name) || std::find(own_inputs.begin(), own_inputs.end(), name) != own_inputs.end())
          inputs.push_back(name);
      }
    const auto index = spaceNodeIndex(*where, change.select[i]);
    setSpaceInputs(nodesIn(*where)[*index], inputs);
  }
  keeper.finish();
  if (copied.contains("cells") && copied.at("cells").is_object())
    for (const auto& [name, cell] : copied.at("cells").items())
      if (!spacePart(change.model, name)) change.model["cells"][name] = cell;
  if (copied.contains("layout") && copied.at("layout").is_object())
    for (const auto& [id, at] : copied.at("layout").items())
      if (names.contains(id) && at.is_array() && at.size() == 2 && at[0].is_number() && at[1].is_number())
        setSpacePosition(change.model, {part, names[id]}, QPointF(at[0].get<double>(), at[1].get<double>()) + by);
  for (const std::string& id : change.select)  // a cell never holds itself
    if (const Json* node = spaceNode(change.model, {part, id}); node && !part.empty() && spaceCellOf(*node) == part)
      return refusedChange(tr("The cell %1 cannot hold itself.").arg(quoted(part)));
  return change;
}

SpaceChange groupSpaceNodes(const Json& model, const std::string& part, const std::vector<std::string>& ids, const std::string& name) {
  SpaceChange change{model, {}, {}, {}};
  Json* where = spacePart(change.model, part);
  if (!where || isWeb(*where) || ids.empty()) return refusedChange(tr("Select the nodes that become a cell first."));
  PartKeeper keeper(*where);
  const std::set<std::string> inside(ids.begin(), ids.end());
  Json members = Json::array();
  std::vector<std::string> outer;  // what the cell reads
  std::set<std::string> leaving;   // whose result is read outside
  const std::string output = spaceOutput(*where);
  std::optional<QPointF> corner;
  std::size_t last = 0;
  for (std::size_t i = 0; i < nodesIn(*where).size(); ++i) {
    const Json& node = nodesIn(*where)[i];
    const std::string id = textAt(node, "id");
    std::vector<std::string> inputs = spaceInputs(*where, i);
    if (!inside.contains(id)) {
      for (const std::string& input : inputs)
        if (inside.contains(input)) leaving.insert(input);
      continue;
    }
    last = i;
    if (id == output) leaving.insert(id);
    for (std::string& input : inputs) {
      if (inside.contains(input)) continue;
      auto at = std::find(outer.begin(), outer.end(), input);
      if (at == outer.end()) at = outer.insert(outer.end(), input);
      input = at == outer.begin() ? "input" : "input-" + std::to_string(at - outer.begin() + 1);
    }
    members.push_back(orderedNode(node, id, inputs));
    if (const auto at = spacePosition(model, {part, id}))
      corner = corner ? QPointF(std::min(corner->x(), at->x()), std::min(corner->y(), at->y())) : *at;
  }
  if (members.size() != inside.size()) return refusedChange(tr("Select nodes of one part; inputs and outputs stay where they are."));
  if (leaving.size() != 1) {
    std::vector<std::string> names(leaving.begin(), leaving.end());
    return refusedChange(names.empty() ? tr("Nothing outside reads these nodes, so the cell would have no output.")
                                       : tr("A cell has one output, but %1 are read outside of these.").arg(namesOf(names)));
  }
  // What is inside may not lead out and in again.
  for (const std::string& input : outer)
    for (const std::string& id : ids)
      if (!isInput(input) && !spaceCycle(*where, input, id).empty())
        return refusedChange(tr("%1 stands between these nodes; select it too.").arg(quoted(input)));
  const std::string cell = freeSpaceCell(model, name), id = freeSpaceId(*where, cell);
  Json placed = {{"id", id}, {"op", "cell"}, {"cell", cell}, {"inputs", outer}};
  Json kept = Json::array();
  const Json all = nodesIn(*where);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!inside.contains(textAt(all[i], "id"))) kept.push_back(all[i]);
    if (i == last) kept.push_back(placed);
  }
  nodesIn(*where) = std::move(kept);
  keeper.finish();
  replaceSpaceSource(*where, *leaving.begin(), id);
  if (output == *leaving.begin()) (*where)["output"] = id;
  change.model["cells"][cell] = {{"nodes", members}, {"output", *leaving.begin()}};
  for (const std::string& member : ids) {
    const auto at = spacePosition(model, {part, member});
    setSpacePosition(change.model, {part, member}, std::nullopt);
    if (at && corner) setSpacePosition(change.model, {cell, member}, *at - *corner);
  }
  if (corner) setSpacePosition(change.model, {part, id}, corner);
  change.label = tr("Make cell %1 of %2").arg(quoted(cell), namesOf(ids));
  change.select = {id};
  return change;
}

SpaceChange ungroupSpaceNode(const Json& model, const SpaceNodeRef& node) {
  SpaceChange change{model, tr("Take %1 apart").arg(quoted(node.id)), {}, {}};
  Json* where = spacePart(change.model, node.part);
  const Json* there = spaceNode(change.model, node);
  const std::string cell = there ? spaceCellOf(*there) : std::string();
  const Json* part = cell.empty() ? nullptr : spacePart(model, cell);
  if (!part) return refusedChange(tr("%1 is no cell.").arg(quoted(node.id)));
  if (isWeb(*part)) return refusedChange(tr("%1 is a web: its edges are choices, which only a cell can hold.").arg(quoted(cell)));
  if (there->contains("repeat") && there->at("repeat") != 1)
    return refusedChange(tr("%1 is repeated; set its depth to 1 first.").arg(quoted(node.id)));
  const Json members = part->value("nodes", Json::array());
  const std::string inner_output = spaceOutput(*part);
  if (members.empty() || inner_output.empty()) return refusedChange(tr("The cell %1 is empty.").arg(quoted(cell)));
  PartKeeper keeper(*where);
  const std::size_t at = *spaceNodeIndex(*where, node.id);
  const std::vector<std::string> outer = spaceInputs(*where, at);
  const bool was_output = spaceOutput(*where) == node.id;
  const auto corner = spacePosition(model, node);
  Json before = Json::array(), after = Json::array();
  for (std::size_t i = 0; i < nodesIn(*where).size(); ++i)
    if (i != at) (i < at ? before : after).push_back(nodesIn(*where)[i]);
  Json flat = *where;
  std::map<std::string, std::string> names{{"input", outer.empty() ? "input" : outer[0]}};
  for (std::size_t i = 1; i < outer.size(); ++i) names["input-" + std::to_string(i + 1)] = outer[i];
  for (const Json& member : members) {
    const std::string id = freeSpaceId(flat, textAt(member, "id"));
    names[textAt(member, "id")] = id;
    nodesIn(flat).push_back({{"id", id}});
    change.select.push_back(id);
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::vector<std::string> inputs = spaceInputs(*part, i);
    for (std::string& input : inputs)
      if (names.contains(input)) input = names[input];
    before.push_back(orderedNode(members[i], change.select[i], inputs));
    if (const auto place = spacePosition(model, {cell, textAt(members[i], "id")}); place && corner)
      setSpacePosition(change.model, {node.part, change.select[i]}, *place + *corner);
  }
  where = spacePart(change.model, node.part);
  for (const Json& rest : after) before.push_back(rest);
  nodesIn(*where) = std::move(before);
  keeper.finish();
  replaceSpaceSource(*where, node.id, names[inner_output]);
  if (was_output) (*where)["output"] = names[inner_output];
  setSpacePosition(change.model, node, std::nullopt);
  return change;
}

}  // namespace dsw
