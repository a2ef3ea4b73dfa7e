// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/nas/search_space.h"

namespace dsw {

/// Ops of the flat network besides layers: a choice's node, and the sum over a web node's edges.
inline constexpr const char* kMixOp = "mix";
inline constexpr const char* kEdgeSumOp = "edge-sum";

/// Where a node of the flat network comes from.
struct FlatNote {
  std::string pointer, cell;
  std::vector<std::string> input_pointers;  ///< of each input, in the document
  std::size_t choice = SpaceNode::kNone, edges = SpaceNode::kNone;
  std::vector<SpaceNode::Size> sizes;
  std::vector<SpaceNode::Condition> conditions;
};

/// A space with cells, webs, candidates and sizes put in place: a graph document {"nodes", "output"} whose nodes are layers, kMixOp
/// and kEdgeSumOp, and what each of them came from. Nothing is known of shapes yet; candidates of choices have titles of sizes only.
struct FlatSpace {
  Json graph;
  std::vector<FlatNote> notes;  ///< as graph["nodes"]
  std::vector<SpaceChoice> choices;
  std::vector<std::vector<std::vector<std::string>>> candidate_ids;  ///< [choice][place][candidate]: the node that it reads; sizes: empty
  std::vector<SpaceEdges> edges;
  std::vector<SpaceCell> cells;
  std::vector<Problem> problems;
};
FlatSpace lower_space(const Json& model, const Registry<LayerType>& layers);

/// The settings of a layer that may be left open: {"attention", "heads"}, {"mlp", "hidden"}, and widths.
bool may_be_open(const std::string& op, const std::string& setting);
/// Those that say how wide the layer's output is: {"embedding", "width"}, {"conv2d", "out"} …
bool is_width(const std::string& op, const std::string& setting);

/// The pointer in the document behind one of the flat graph.
std::string source_pointer(const std::string& pointer, const std::vector<FlatNote>& notes);

}  // namespace dsw
