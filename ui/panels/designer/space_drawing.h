// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QSet>
#include <vector>

#include "engine/core/param_schema.h"
#include "ui/models/space/space_facts.h"
#include "ui/widgets/graph/graph_data.h"

namespace dsw {

/// The section /model of a search as GraphView draws it: layers, choices with a row a candidate, cells (closed: a node; in `open`, by path:
/// a frame with what is in it), webs, the network's ends. Nodes are called by their paths (space_parts.h), edges FROM>TO by what they lead
/// from and to on the canvas. Problems stand at what they are about, those within a closed cell at the cell.
GraphData drawSpace(const Json& model, const SpaceFacts* facts, const std::vector<Problem>& problems, const QSet<QString>& open);

/// One end of a drawn edge as the document has it.
struct SpaceEnd {
  std::string level;  ///< path of the open cell, with a slash at its end; empty: the network
  std::string id;     ///< in that part, as connectSpaceNodes takes it
  bool operator==(const SpaceEnd&) const = default;
};
SpaceEnd spaceSource(const QString& drawn);
SpaceEnd spaceTarget(const QString& drawn);
/// Part and ids of what a path names; the slash of a level parts it from its id.
std::string spaceLevel(const std::string& path);
std::string spaceIdIn(const std::string& path);

}  // namespace dsw
