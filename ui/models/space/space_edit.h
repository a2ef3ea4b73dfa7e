// SPDX-License-Identifier: GPL-3.0-or-later
// What a person does to a search space on the canvas, as pure functions on the section /model: each gives the changed section, a name for
// the undo step, and what should be selected afterwards; or a sentence why it cannot be done. Nothing else is touched: nodes that read the
// one before them and a last node that is the output stay so, or have it written out where the change would make another of it.
#pragma once
#include <map>
#include <nlohmann/json.hpp>

#include "ui/models/space/space_parts.h"

namespace dsw {

struct SpaceChange {
  Json model;
  QString label;                    ///< "Connect embed to norm"
  std::vector<std::string> select;  ///< ids in the part that was changed
  QString refused;                  ///< why not; empty: done
  bool ok() const { return refused.isEmpty(); }
};

/// What of a part an id reads is at most.
inline constexpr std::size_t kSpaceManyInputs = 16;

/// Puts a node in; its id is made unique from "id" or "op". `inputs` may be empty: then nothing leads into it yet.
SpaceChange addSpaceNode(const Json& model, const std::string& part, Json node, const std::vector<std::string>& inputs,
                         std::optional<QPointF> at);
/// The same into an edge: it reads `from`, and `to` reads it. `to` may be kSpaceOutput.
SpaceChange insertSpaceNode(const Json& model, const std::string& part, Json node, const std::string& from, const std::string& to,
                            std::optional<QPointF> at);
/// A node that is there into an edge, taken out of where it was.
SpaceChange moveSpaceNodeInto(const Json& model, const SpaceNodeRef& node, const std::string& from, const std::string& to);
/// `from` is an id or "input" …; `to` may be kSpaceOutput. A node of one input changes what it reads; others read it besides.
SpaceChange connectSpaceNodes(const Json& model, const std::string& part, const std::string& from, const std::string& to,
                              std::size_t most_inputs);
/// The path by which `from` already depends on `to` ("a → b"), or empty: connecting them would close a cycle.
std::string spaceCycle(const Json& part, const std::string& from, const std::string& to);
SpaceChange disconnectSpaceNodes(const Json& model, const std::string& part, const std::string& from, const std::string& to);
/// What read a removed node of one input reads that input then.
SpaceChange removeSpaceNodes(const Json& model, const std::string& part, const std::vector<std::string>& ids);
SpaceChange renameSpaceNode(const Json& model, const SpaceNodeRef& node, const std::string& name);
SpaceChange renameSpaceCell(const Json& model, const std::string& cell, const std::string& name);
/// null takes the key away.
SpaceChange setSpaceValue(const Json& model, const SpaceNodeRef& node, const std::string& key, const Json& value);
/// A setting of a cell itself.
SpaceChange setSpaceCellValue(const Json& model, const std::string& cell, const std::string& key, const Json& value);

/// Candidates of a choice, or with an empty id of the web that `part` is.
const Json* spaceCandidates(const Json& model, const SpaceNodeRef& owner);
SpaceChange addSpaceCandidate(const Json& model, const SpaceNodeRef& owner, const Json& candidate);
SpaceChange removeSpaceCandidate(const Json& model, const SpaceNodeRef& owner, std::size_t number);
SpaceChange moveSpaceCandidate(const Json& model, const SpaceNodeRef& owner, std::size_t number, int by);
SpaceChange setSpaceCandidateValue(const Json& model, const SpaceNodeRef& owner, std::size_t number, const std::string& key,
                                   const Json& value);
/// A layer or cell becomes a choice between itself and passing its input on.
SpaceChange makeSpaceChoice(const Json& model, const SpaceNodeRef& node);
/// A choice becomes one of its candidates.
SpaceChange settleSpaceChoice(const Json& model, const SpaceNodeRef& node, std::size_t number);

/// Edges of a web, `to` > `from`, nodes counted from 0.
std::vector<std::pair<int, int>> spaceWebEdges(const Json& web);
SpaceChange setSpaceWebEdge(const Json& model, const std::string& cell, int from, int to, bool on);

SpaceChange placeSpaceNodes(Json model, const std::string& part, const std::map<std::string, QPointF>& at);
/// Takes every position away, so that the canvas lays the space out.
SpaceChange clearSpacePositions(const Json& model);

/// A copy of nodes with the cells that they put in, as JSON for the clipboard; null without nodes.
Json copySpaceNodes(const Json& model, const std::string& part, const std::vector<std::string>& ids);
/// What copySpaceNodes gave, with new ids. Inputs from outside stay where the part has them. `by`: how far from where they were.
SpaceChange pasteSpaceNodes(const Json& model, const std::string& part, const Json& copied, QPointF by, const QString& label);
/// Nodes become a cell in their place. They may have one output; inputs from outside become the cell's.
SpaceChange groupSpaceNodes(const Json& model, const std::string& part, const std::vector<std::string>& ids, const std::string& name);
/// The nodes of a cell in place of the node that puts it in.
SpaceChange ungroupSpaceNode(const Json& model, const SpaceNodeRef& node);

}  // namespace dsw
