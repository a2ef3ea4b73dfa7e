// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/space/space_edit.h"

#include <QObject>
#include <algorithm>

#include "ui/models/space/space_edit_support.h"

namespace dsw {
namespace {

QString tr(const char* text) { return QObject::tr(text); }

/// The network's own input and output may not be removed or moved between parts.
bool isInput(const std::string& id) { return id == "input" || id.starts_with("input-"); }

}  // namespace

PartKeeper::PartKeeper(Json& part) : part_(part), output_(spaceOutput(part)) {
  for (std::size_t i = 0; i < nodesIn(part_).size(); ++i)
    if (!nodesIn(part_)[i].contains("inputs")) inputs_[textAt(nodesIn(part_)[i], "id")] = spaceInputs(part_, i);
}

void PartKeeper::finish() {
  Json& nodes = nodesIn(part_);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto before = inputs_.find(textAt(nodes[i], "id"));
    if (before != inputs_.end() && !nodes[i].contains("inputs") && spaceInputs(part_, i) != before->second)
      setSpaceInputs(nodes[i], before->second);
  }
  if (!output_.empty() && spaceOutput(part_) != output_ && spaceNodeIndex(part_, output_)) part_["output"] = output_;
}

SpaceChange refusedChange(const QString& why) { return {{}, {}, {}, why}; }

QString namesOf(const std::vector<std::string>& ids) {
  if (ids.size() == 1) return quoted(ids[0]);
  return ids.size() == 2 ? tr("%1 and %2").arg(quoted(ids[0]), quoted(ids[1])) : tr("%1 nodes").arg(ids.size());
}

Json& nodesIn(Json& part) {
  if (!part.contains("nodes") || !part["nodes"].is_array()) part["nodes"] = Json::array();
  return part["nodes"];
}

Json orderedNode(const Json& node, const std::string& id, const std::vector<std::string>& inputs) {
  Json made = {{"id", id}, {"op", node.value("op", Json(""))}, {"inputs", inputs}};
  for (const auto& [key, value] : node.items())
    if (!made.contains(key)) made[key] = value;
  return made;
}

void setSpaceInputs(Json& node, const std::vector<std::string>& inputs) {
  if (node.contains("inputs"))
    node["inputs"] = inputs;
  else
    node = orderedNode(node, textAt(node, "id"), inputs);
}

void setSpacePosition(Json& model, const SpaceNodeRef& ref, std::optional<QPointF> at) {
  const std::string key = spaceLayoutKey(ref);
  const bool known = model.contains(kSpaceLayout) && model.at(kSpaceLayout).is_object();  // else it is no layout, and makes way for one
  if (at) {
    if (!known) model[kSpaceLayout] = Json::object();
    model[kSpaceLayout][key] = {std::lround(at->x()), std::lround(at->y())};
  } else if (known) {
    model[kSpaceLayout].erase(key);
    if (model[kSpaceLayout].empty()) model.erase(kSpaceLayout);
  }
}

void replaceSpaceSource(Json& part, const std::string& before, const std::string& after) {
  Json& nodes = nodesIn(part);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    std::vector<std::string> inputs = spaceInputs(part, i);
    if (std::find(inputs.begin(), inputs.end(), before) == inputs.end()) continue;
    std::vector<std::string> kept;
    for (const std::string& input : inputs) {
      const std::string& now = input == before ? after : input;
      if (!now.empty()) kept.push_back(now);
    }
    setSpaceInputs(nodes[i], kept);
  }
  if (textAt(part, "output") != before) return;
  if (after.empty() || isInput(after))
    part.erase("output");
  else
    part["output"] = after;
}

SpaceChange addSpaceNode(const Json& model, const std::string& part, Json node, const std::vector<std::string>& inputs,
                         std::optional<QPointF> at) {
  SpaceChange change{model, {}, {}, {}};
  Json* where = spacePart(change.model, part);
  if (!where || isWeb(*where)) return refusedChange(tr("Nothing can be added to a web; change how many nodes it has."));
  const std::string wanted =
      textAt(node, "id").empty() ? spaceCellOf(node).empty() ? textAt(node, "op") : spaceCellOf(node) : textAt(node, "id");
  const std::string id = freeSpaceId(*where, wanted);
  PartKeeper keeper(*where);
  const bool first = nodesIn(*where).empty();
  nodesIn(*where).push_back(orderedNode(node, id, first && inputs.empty() ? std::vector<std::string>{"input"} : inputs));
  keeper.finish();
  if (at) setSpacePosition(change.model, {part, id}, at);
  change.label = tr("Add %1").arg(quoted(id));
  change.select = {id};
  return change;
}

SpaceChange insertSpaceNode(const Json& model, const std::string& part, Json node, const std::string& from, const std::string& to,
                            std::optional<QPointF> at) {
  SpaceChange change = addSpaceNode(model, part, std::move(node), {from}, at);
  if (!change.ok()) return change;
  Json& where = *spacePart(change.model, part);
  const std::string id = change.select.front();
  if (to == kSpaceOutput) {
    where["output"] = id;
  } else if (const auto index = spaceNodeIndex(where, to)) {
    std::vector<std::string> inputs = spaceInputs(where, *index);
    const auto place = std::find(inputs.begin(), inputs.end(), from);
    if (place == inputs.end()) return refusedChange(tr("%1 does not read %2.").arg(quoted(to), quoted(from)));
    *place = id;
    setSpaceInputs(nodesIn(where)[*index], inputs);
  }
  change.label = tr("Insert %1 before %2").arg(quoted(id), to == kSpaceOutput ? tr("the output") : quoted(to));
  return change;
}

SpaceChange moveSpaceNodeInto(const Json& model, const SpaceNodeRef& node, const std::string& from, const std::string& to) {
  const Json* there = spaceNode(model, node);
  if (!there || node.id == from || node.id == to) return refusedChange(tr("A node does not go into an edge of its own."));
  const Json copy = *there;
  const auto at = spacePosition(model, node);
  SpaceChange without = removeSpaceNodes(model, node.part, {node.id});
  if (!without.ok()) return without;
  return insertSpaceNode(without.model, node.part, copy, from, to, at);
}

std::string spaceCycle(const Json& part, const std::string& from, const std::string& to) {
  // Does `from` read `to`, over however many nodes? `reader` leads back from what was read to who read it.
  std::map<std::string, std::size_t> index;
  const Json nodes = part.value("nodes", Json::array());
  for (std::size_t i = 0; i < nodes.size(); ++i) index.emplace(textAt(nodes[i], "id"), i);
  std::map<std::string, std::string> reader{{from, {}}};
  std::vector<std::string> open{from};
  while (!open.empty()) {
    const std::string id = open.back();
    open.pop_back();
    if (id == to) {
      std::string text = id;
      for (std::string at = reader[id]; !at.empty(); at = reader[at]) text += " → " + at;
      return text;
    }
    const auto at = index.find(id);
    if (at == index.end()) continue;
    for (const std::string& input : spaceInputs(part, at->second))
      if (reader.emplace(input, id).second) open.push_back(input);
  }
  return {};
}

SpaceChange connectSpaceNodes(const Json& model, const std::string& part, const std::string& from, const std::string& to,
                              std::size_t most_inputs) {
  SpaceChange change{model, tr("Connect %1 to %2").arg(quoted(from), to == kSpaceOutput ? tr("the output") : quoted(to)), {}, {}};
  Json* where = spacePart(change.model, part);
  if (!where) return refusedChange(tr("There is no such part."));
  if (to == kSpaceOutput) {
    if (isInput(from)) return refusedChange(tr("The output needs a node; the input alone is no network."));
    if (spaceOutput(*where) == from) return refusedChange(tr("%1 is the output already.").arg(quoted(from)));
    (*where)["output"] = from;
    change.select = {from};
    return change;
  }
  const auto index = spaceNodeIndex(*where, to);
  if (!index) return refusedChange(tr("There is no node %1.").arg(quoted(to)));
  const std::string cycle = spaceCycle(*where, from, to);
  if (!cycle.empty())
    return refusedChange(tr("This closes a cycle: %1 → %2. A network runs from its input to its output.").arg(quoted(cycle), quoted(to)));
  std::vector<std::string> inputs = spaceInputs(*where, *index);
  if (std::find(inputs.begin(), inputs.end(), from) != inputs.end())
    return refusedChange(tr("%1 reads %2 already.").arg(quoted(to), quoted(from)));
  if (most_inputs == 1)
    inputs = {from};
  else if (inputs.size() >= most_inputs)
    return refusedChange(tr("%1 takes %2 inputs and has them.").arg(quoted(to)).arg(most_inputs));
  else
    inputs.push_back(from);
  setSpaceInputs(nodesIn(*where)[*index], inputs);
  change.select = {to};
  return change;
}

SpaceChange disconnectSpaceNodes(const Json& model, const std::string& part, const std::string& from, const std::string& to) {
  if (to == kSpaceOutput) return refusedChange(tr("The output reads one node; connect another to change it."));
  SpaceChange change{model, tr("Disconnect %1 from %2").arg(quoted(from), quoted(to)), {to}, {}};
  Json* where = spacePart(change.model, part);
  const auto index = where ? spaceNodeIndex(*where, to) : std::nullopt;
  if (!index) return refusedChange(tr("There is no node %1.").arg(quoted(to)));
  std::vector<std::string> inputs = spaceInputs(*where, *index);
  if (std::erase(inputs, from) == 0) return refusedChange(tr("%1 does not read %2.").arg(quoted(to), quoted(from)));
  setSpaceInputs(nodesIn(*where)[*index], inputs);
  return change;
}

SpaceChange removeSpaceNodes(const Json& model, const std::string& part, const std::vector<std::string>& ids) {
  SpaceChange change{model, tr("Delete %1").arg(namesOf(ids)), {}, {}};
  Json* where = spacePart(change.model, part);
  if (!where || isWeb(*where)) return refusedChange(tr("Nodes of a web are not deleted one by one; change how many it has."));
  PartKeeper keeper(*where);
  for (const std::string& id : ids) {
    const auto index = spaceNodeIndex(*where, id);
    if (!index) return refusedChange(tr("There is no node %1.").arg(quoted(id)));
    const std::vector<std::string> inputs = spaceInputs(*where, *index);
    const bool was_output = spaceOutput(*where) == id;
    // What the next one reads must not depend on this node being before it.
    if (*index + 1 < nodesIn(*where).size() && !nodesIn(*where)[*index + 1].contains("inputs"))
      setSpaceInputs(nodesIn(*where)[*index + 1], spaceInputs(*where, *index + 1));
    const std::string instead = inputs.size() == 1 ? inputs.front() : std::string();
    if (was_output && !instead.empty() && !isInput(instead)) (*where)["output"] = instead;
    replaceSpaceSource(*where, id, instead);
    nodesIn(*where).erase(nodesIn(*where).begin() + static_cast<std::ptrdiff_t>(*index));
    setSpacePosition(change.model, {part, id}, std::nullopt);
    where = spacePart(change.model, part);
  }
  keeper.finish();
  return change;
}

SpaceChange renameSpaceNode(const Json& model, const SpaceNodeRef& node, const std::string& name) {
  SpaceChange change{model, tr("Rename %1 to %2").arg(quoted(node.id), quoted(name)), {name}, {}};
  Json* where = spacePart(change.model, node.part);
  const auto index = where ? spaceNodeIndex(*where, node.id) : std::nullopt;
  if (!index) return refusedChange(tr("There is no node %1.").arg(quoted(node.id)));
  if (!isSpaceName(name)) return refusedChange(tr("A name has letters, digits, - and _, and is not \"input\"."));
  if (name == node.id) return refusedChange(tr("That is its name already."));
  if (spaceNodeIndex(*where, name)) return refusedChange(tr("Another node is called %1.").arg(quoted(name)));
  const auto at = spacePosition(model, node);
  for (std::size_t i = 0; i < nodesIn(*where).size(); ++i) {
    Json& reader = nodesIn(*where)[i];
    if (!reader.contains("inputs")) continue;
    std::vector<std::string> inputs = spaceInputs(*where, i);
    std::replace(inputs.begin(), inputs.end(), node.id, name);
    reader["inputs"] = inputs;
  }
  nodesIn(*where)[*index]["id"] = name;
  if (textAt(*where, "output") == node.id) (*where)["output"] = name;
  if (at) {
    setSpacePosition(change.model, node, std::nullopt);
    setSpacePosition(change.model, {node.part, name}, at);
  }
  return change;
}

SpaceChange renameSpaceCell(const Json& model, const std::string& cell, const std::string& name) {
  SpaceChange change{model, tr("Rename cell %1 to %2").arg(quoted(cell), quoted(name)), {}, {}};
  if (!spacePart(model, cell) || cell.empty()) return refusedChange(tr("There is no cell %1.").arg(quoted(cell)));
  if (!isSpaceName(name)) return refusedChange(tr("A name has letters, digits, - and _, and is not \"input\"."));
  if (spacePart(model, name)) return refusedChange(tr("Another cell is called %1.").arg(quoted(name)));
  for (const std::string& use : spaceCellUses(model, cell)) change.model.at(Json::json_pointer(use.substr(6)))["cell"] = name;
  Json cells = Json::object();
  for (const auto& [key, value] : change.model["cells"].items()) cells[key == cell ? name : key] = value;
  change.model["cells"] = std::move(cells);
  if (model.contains(kSpaceLayout) && model.at(kSpaceLayout).is_object()) {
    Json layout = Json::object();
    for (const auto& [key, value] : model.at(kSpaceLayout).items())
      layout[key.starts_with(cell + "/") ? name + key.substr(cell.size()) : key] = value;
    change.model[kSpaceLayout] = std::move(layout);
  }
  return change;
}

SpaceChange setSpaceValue(const Json& model, const SpaceNodeRef& node, const std::string& key, const Json& value) {
  SpaceChange change{model, tr("Set %1 of %2").arg(quoted(key), quoted(node.id)), {node.id}, {}};
  Json* there = spaceNode(change.model, node);
  if (!there) return refusedChange(tr("There is no node %1.").arg(quoted(node.id)));
  if (value.is_null())
    there->erase(key);
  else
    (*there)[key] = value;
  return change;
}

SpaceChange setSpaceCellValue(const Json& model, const std::string& cell, const std::string& key, const Json& value) {
  SpaceChange change{model, tr("Set %1 of cell %2").arg(quoted(key), quoted(cell)), {}, {}};
  Json* there = cell.empty() ? nullptr : spacePart(change.model, cell);
  if (!there) return refusedChange(tr("There is no cell %1.").arg(quoted(cell)));
  if (value.is_null())
    there->erase(key);
  else
    (*there)[key] = value;
  return change;
}

SpaceChange placeSpaceNodes(Json model, const std::string& part, const std::map<std::string, QPointF>& at) {
  std::vector<std::string> ids;
  for (const auto& [id, place] : at) ids.push_back(id);
  SpaceChange change{std::move(model), tr("Move %1").arg(namesOf(ids)), ids, {}};
  for (const auto& [id, place] : at) setSpacePosition(change.model, {part, id}, place);
  return change;
}

SpaceChange clearSpacePositions(const Json& model) {
  SpaceChange change{model, tr("Lay out"), {}, {}};
  change.model.erase(kSpaceLayout);
  return change;
}

}  // namespace dsw
