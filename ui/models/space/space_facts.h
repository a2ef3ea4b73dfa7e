// SPDX-License-Identifier: GPL-3.0-or-later
// What a search space means by shapes alone: for the canvas, its inspector and the line below it. Values; any thread.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/core/json.h"
#include "engine/nn/model_type.h"

namespace dsw {

/// Of one example and one forward pass; shapes have a batch of 1.
struct SpaceFacts {
  struct Node {
    std::string title, kind;  ///< of its layer: "conv 3×3", "conv"
    Shape output;
    Cost cost;  ///< the largest, where sizes are open
  };
  struct Choice {
    std::string kind;  ///< "operation", "size", "depth"
    std::vector<std::string> titles;
    std::vector<Cost> costs;  ///< of each candidate
    std::size_t places = 1;   ///< how many it decides
  };
  InputSpec input;
  Shape input_shape;
  bool whole = false;                     ///< without problems: the numbers below are known
  std::map<std::string, Node> nodes;      ///< by flat id
  std::map<std::string, Choice> choices;  ///< by flat id of every place; of a size ID-SETTING
  std::size_t choice_count = 0;
  double architectures = 0;
  Cost smallest, largest;
  double supernet_parameters = 0;
  double all_bytes = 0, path_bytes = 0;  ///< memory of a step: every candidate runs, or the dearest path alone

  const Node* node(const std::string& flat) const;
  const Choice* choice(const std::string& flat) const;
};

/// @param document  of the task `search`; @param input  what its data give
SpaceFacts spaceFacts(const Json& document, const InputSpec& input, const Catalog& catalog);

/// The id in the flat network of what a path of the canvas names (space_parts.h); of a cell, of what gives its result.
std::string spaceFlatId(const Json& model, const std::string& path);

}  // namespace dsw
