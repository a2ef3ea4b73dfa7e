// SPDX-License-Identifier: GPL-3.0-or-later
// Candidates of choices and webs, and the edges of webs.
#include <QObject>
#include <algorithm>

#include "ui/models/space/space_edit_support.h"

namespace dsw {
namespace {

QString tr(const char* text) { return QObject::tr(text); }

Json* ownerOf(Json& model, const SpaceNodeRef& owner) {
  if (!owner.id.empty()) return spaceNode(model, owner);
  Json* part = owner.part.empty() ? nullptr : spacePart(model, owner.part);
  return part && isWeb(*part) ? part : nullptr;
}

QString nameOf(const SpaceNodeRef& owner) { return quoted(owner.id.empty() ? owner.part : owner.id); }

QString opOf(const Json& candidate) {
  const std::string cell = spaceCellOf(candidate);
  return quoted(cell.empty() ? textAt(candidate, "op") : cell);
}

/// The candidates of a copy of the model, with a label for what is done to them.
struct Candidates {
  SpaceChange change;
  Json* list = nullptr;
};
Candidates candidatesOf(const Json& model, const SpaceNodeRef& owner, std::size_t number, const QString& label) {
  Candidates found{{model, label, {}, {}}, nullptr};
  if (!owner.id.empty()) found.change.select = {owner.id};
  Json* at = ownerOf(found.change.model, owner);
  if (at && at->contains("candidates") && (*at)["candidates"].is_array() && number < (*at)["candidates"].size())
    found.list = &(*at)["candidates"];
  else
    found.change = refusedChange(tr("%1 has no such candidate.").arg(nameOf(owner)));
  return found;
}

}  // namespace

const Json* spaceCandidates(const Json& model, const SpaceNodeRef& owner) {
  const Json* at = ownerOf(const_cast<Json&>(model), owner);
  return at && at->contains("candidates") && at->at("candidates").is_array() ? &at->at("candidates") : nullptr;
}

SpaceChange addSpaceCandidate(const Json& model, const SpaceNodeRef& owner, const Json& candidate) {
  SpaceChange change{model, tr("Add candidate %1 to %2").arg(opOf(candidate), nameOf(owner)), {}, {}};
  if (!owner.id.empty()) change.select = {owner.id};
  Json* at = ownerOf(change.model, owner);
  if (!at || (!owner.id.empty() && textAt(*at, "op") != "choice")) return refusedChange(tr("%1 is no choice.").arg(nameOf(owner)));
  if (!at->contains("candidates") || !(*at)["candidates"].is_array()) (*at)["candidates"] = Json::array();
  (*at)["candidates"].push_back(candidate);
  return change;
}

SpaceChange removeSpaceCandidate(const Json& model, const SpaceNodeRef& owner, std::size_t number) {
  Candidates found = candidatesOf(model, owner, number, {});
  if (!found.list) return found.change;
  found.change.label = tr("Remove candidate %1 from %2").arg(opOf((*found.list)[number]), nameOf(owner));
  found.list->erase(found.list->begin() + static_cast<std::ptrdiff_t>(number));
  return found.change;
}

SpaceChange moveSpaceCandidate(const Json& model, const SpaceNodeRef& owner, std::size_t number, int by) {
  Candidates found = candidatesOf(model, owner, number, {});
  if (!found.list) return found.change;
  const std::ptrdiff_t to = static_cast<std::ptrdiff_t>(number) + by;
  if (to < 0 || to >= static_cast<std::ptrdiff_t>(found.list->size())) return refusedChange(tr("It is at the end already."));
  found.change.label = tr("Move candidate %1 of %2").arg(opOf((*found.list)[number]), nameOf(owner));
  const Json moved = (*found.list)[number];
  found.list->erase(found.list->begin() + static_cast<std::ptrdiff_t>(number));
  found.list->insert(found.list->begin() + to, moved);
  return found.change;
}

SpaceChange setSpaceCandidateValue(const Json& model, const SpaceNodeRef& owner, std::size_t number, const std::string& key,
                                   const Json& value) {
  Candidates found = candidatesOf(model, owner, number, tr("Set %1 of a candidate of %2").arg(quoted(key), nameOf(owner)));
  if (!found.list) return found.change;
  if (value.is_null())
    (*found.list)[number].erase(key);
  else
    (*found.list)[number][key] = value;
  return found.change;
}

SpaceChange makeSpaceChoice(const Json& model, const SpaceNodeRef& node) {
  SpaceChange change{model, tr("Leave %1 open").arg(quoted(node.id)), {node.id}, {}};
  Json* there = spaceNode(change.model, node);
  if (!there) return refusedChange(tr("There is no node %1.").arg(quoted(node.id)));
  if (textAt(*there, "op") == "choice") return refusedChange(tr("%1 is a choice already.").arg(quoted(node.id)));
  Json candidate = *there;
  candidate.erase("id");
  candidate.erase("inputs");
  Json choice = {{"id", node.id}, {"op", "choice"}};
  if (there->contains("inputs")) choice["inputs"] = (*there)["inputs"];
  choice["candidates"] = Json::array({candidate, {{"op", "identity"}}});
  *there = std::move(choice);
  return change;
}

SpaceChange settleSpaceChoice(const Json& model, const SpaceNodeRef& node, std::size_t number) {
  SpaceChange change{model, {}, {node.id}, {}};
  Json* there = spaceNode(change.model, node);
  const Json* candidates = there && textAt(*there, "op") == "choice" ? spaceCandidates(change.model, node) : nullptr;
  if (!candidates || number >= candidates->size()) return refusedChange(tr("%1 has no such candidate.").arg(quoted(node.id)));
  Json chosen = (*candidates)[number];
  chosen.erase("name");
  change.label = tr("Use %1 only in %2").arg(opOf(chosen), quoted(node.id));
  Json settled = {{"id", node.id}, {"op", chosen.value("op", Json(""))}};
  if (there->contains("inputs")) settled["inputs"] = (*there)["inputs"];
  for (const auto& [key, value] : chosen.items()) settled[key] = value;
  *there = std::move(settled);
  return change;
}

std::vector<std::pair<int, int>> spaceWebEdges(const Json& web) {
  std::vector<std::pair<int, int>> edges;
  if (!isWeb(web)) return edges;
  const auto number = [&](const char* key, int otherwise) {
    const Json value = web.value(key, Json(otherwise));
    return value.is_number_integer() ? static_cast<int>(std::clamp<std::int64_t>(value.get<std::int64_t>(), 0, 64)) : otherwise;
  };
  const int nodes = number("nodes", 0), inputs = std::max(1, number("inputs", 1));
  const auto listed = web.find("edges");
  const bool all = listed == web.end() || !listed->is_array();
  for (int to = inputs; to < nodes; ++to)
    for (int from = 0; from < to; ++from)
      if (all || std::find(listed->begin(), listed->end(), Json::array({from, to})) != listed->end()) edges.emplace_back(from, to);
  return edges;
}

SpaceChange setSpaceWebEdge(const Json& model, const std::string& cell, int from, int to, bool on) {
  SpaceChange change{
      model, (on ? tr("Connect %1 to %2 in %3") : tr("Disconnect %1 from %2 in %3")).arg(from).arg(to).arg(quoted(cell)), {}, {}};
  Json* web = cell.empty() ? nullptr : spacePart(change.model, cell);
  if (!web || !isWeb(*web)) return refusedChange(tr("%1 is no web.").arg(quoted(cell)));
  std::vector<std::pair<int, int>> edges = spaceWebEdges(*web);
  const auto at = std::find(edges.begin(), edges.end(), std::pair(from, to));
  if (on == (at != edges.end())) return refusedChange(on ? tr("They are connected already.") : tr("They are not connected."));
  if (on && from >= to) return refusedChange(tr("A web runs from lower to higher nodes: %1 does not lead to %2.").arg(from).arg(to));
  Json whole = *web;
  whole.erase("edges");
  const std::vector<std::pair<int, int>> all = spaceWebEdges(whole);
  if (on) {
    if (std::find(all.begin(), all.end(), std::pair(from, to)) == all.end())
      return refusedChange(tr("No edge leads into an input of a web."));
    edges.emplace_back(from, to);
    std::sort(edges.begin(), edges.end(),
              [](const auto& a, const auto& b) { return std::pair(a.second, a.first) < std::pair(b.second, b.first); });
  } else {
    edges.erase(at);
    if (std::none_of(edges.begin(), edges.end(), [&](const auto& edge) { return edge.second == to; }))
      return refusedChange(tr("Node %1 would have no edge left.").arg(to));
  }
  if (edges == all)
    web->erase("edges");
  else
    (*web)["edges"] = edges;
  return change;
}

}  // namespace dsw
