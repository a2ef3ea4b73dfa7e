// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/core/json.h"
#include "engine/nn/layer_type.h"
#include "engine/nn/model_type.h"
#include "engine/nn/models/graph.h"

namespace dsw {

/// One thing that a choice may take.
struct SpaceCandidate {
  std::string title;       ///< "conv 3×3"; of a size "64"
  std::string op, kind;    ///< of the layer; "cell" and "" of a cell, "size" of a size
  bool skips = false;      ///< passes its input on: identity
  bool zero = false;       ///< gives nothing
  std::int64_t value = 0;  ///< of a size or depth
  Cost cost;               ///< of one example; of a cell with choices: its smallest
};

/// Something that is left open. It has one distribution, also where it decides in several places.
struct SpaceChoice {
  enum class Kind { Operation, Size, Depth } kind = Kind::Operation;
  bool width = false;      ///< a size that is the width of what the layer gives: those that read it follow
  std::string id;          ///< unique
  std::string title;       ///< "context mixing"; of a web's edge "0 → 1"
  std::string pointer;     ///< JSON pointer of its node, edge list or setting in the document
  std::string cell;        ///< id of the cell in place that holds it (of a shared one: the first); empty: the network itself
  int from = -1, to = -1;  ///< nodes of the web whose edge it is; -1: no edge
  std::vector<SpaceCandidate> candidates;
  std::vector<std::string> places;  ///< ids of the nodes that it decides
};

/// Weights of the edges into one node of a web (PC-DARTS' edge normalisation), and how many of them are kept.
struct SpaceEdges {
  std::string id, cell;
  int node = 0;
  std::vector<std::size_t> choices;  ///< the choice of each edge
  std::size_t keep = 0;              ///< 0: all
};

/// A node of the flat network. Candidates of a choice are nodes of their own, which the choice's node reads.
struct SpaceNode {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  GraphNode node;
  std::string pointer, cell;
  std::size_t choice = kNone;  ///< this node takes one of its inputs (operation, depth)
  std::size_t edges = kNone;   ///< this node sums its inputs with these weights
  /// An open size of the layer: its setting and the choice. Without a setting it follows the width of what it reads.
  struct Size {
    std::string setting;
    std::size_t choice;
  };
  std::vector<Size> sizes;
  /// The axis of its output that is as long as a width's choice says; past that all is 0.
  struct OpenAxis {
    std::size_t choice;
    int axis;
    std::vector<std::int64_t> sizes;  ///< for each candidate
    bool operator==(const OpenAxis&) const = default;
  };
  std::optional<OpenAxis> axis;
  /// The node is computed where each of these choices takes one of the marked candidates.
  struct Condition {
    std::size_t choice;
    std::vector<bool> candidates;
  };
  std::vector<Condition> conditions;
  Json settings;  ///< of the layer as it is written, with the largest sizes
  /// Of one example: one, or one for each combination of sizes, the last one's fastest. `input_shapes` as costs.
  std::vector<Cost> costs;
  std::vector<std::vector<Shape>> input_shapes;
};

/// A cell in its place.
struct SpaceCell {
  std::string id, cell, pointer, parent;
  int web_nodes = 0, web_inputs = 0;  ///< 0: no web
};

/// An architecture: a candidate for each choice, and for each SpaceEdges which edges stay (empty: all).
struct Architecture {
  std::vector<std::int32_t> choices;
  std::vector<std::vector<bool>> edges;
  bool operator==(const Architecture&) const = default;
};

/// A distribution over architectures: for each choice the probabilities of its candidates.
using Distribution = std::vector<std::vector<double>>;

/// What a space means: everything wrong with it at its JSON pointer, and what could be made.
struct SearchSpace {
  std::vector<Problem> problems;  ///< in document order; then the rest may be partial
  std::vector<SpaceNode> nodes;   ///< inputs come first
  std::size_t output = kGraphInput;
  std::vector<SpaceChoice> choices;
  std::vector<SpaceEdges> edges;
  std::vector<SpaceCell> cells;
  InputSpec input;

  /// The candidate of each of a node's sizes in a combination, and the layer's settings then.
  std::vector<std::size_t> picks(const SpaceNode& node, std::size_t combination) const;
  Json settings(const SpaceNode& node, std::size_t combination) const;
  double architectures() const;  ///< how many there are; may be infinite
  /// Probability that a node is computed.
  double activity(const SpaceNode& node, const Distribution& p) const;
  /// Cost of one example expected under p: the sum over nodes of activity times cost. `activation_bytes` is an upper bound.
  Cost expected_cost(const Distribution& p) const;
  /// Cost of one architecture by the same sum, that of its nodes that the output needs.
  Cost cost(const Architecture& architecture) const;
  /// For each choice the cheapest (or dearest) candidate by FLOPs, smallest ones of nested choices first.
  Architecture cheapest() const;
  Architecture dearest() const;
};

/// Reads the model section of a search: {"nodes", "cells", "output"} (docs/searches.md). Shapes are those of one example.
SearchSpace analyse_space(const Json& model, const InputSpec& input, const Registry<LayerType>& layers);

/// The schema of /model: {"type": "space", …}.
ParamSchema space_schema();

}  // namespace dsw
