// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <map>
#include <optional>
#include <vector>

#include "engine/nas/lowering.h"
#include "engine/nas/search_space.h"

namespace dsw {

/// What open widths (SpaceChoice::width) change: the shapes of all nodes, worked out once for each combination of them.
class OpenWidths {
 public:
  /// @param largest  analysis of flat.graph, where every width is the largest, without problems
  OpenWidths(const FlatSpace& flat, const GraphAnalysis& largest, const InputSpec& input, const Registry<LayerType>& layers);

  /// Layers that cannot follow, and what does not fit with some width; at pointers of the document.
  const std::vector<Problem>& problems() const { return problems_; }
  /// The widths that change the shape of a node's inputs or output.
  std::vector<std::size_t> seen_by(std::size_t node) const;
  /// Widths as {choice: candidate}; those that are not named are the largest.
  using Picks = std::map<std::size_t, std::size_t>;
  std::vector<Shape> input_shapes(std::size_t node, const Picks& picks) const;
  /// Bytes of a node's output that the backward pass needs.
  double kept_output(std::size_t node, const Picks& picks) const;
  /// The axis of a node's output that is open.
  std::optional<SpaceNode::OpenAxis> axis(std::size_t node) const;

 private:
  struct Variant {
    std::vector<Shape> outputs;
    std::vector<double> kept;
  };
  std::size_t number_of(const Picks& picks) const;
  Variant variant_of(const GraphAnalysis& analysis) const;
  Shape output(std::size_t from, std::size_t variant) const;
  std::optional<SpaceNode::OpenAxis> axis_of(std::size_t node, const std::string& pointer);
  void check_layers(const FlatSpace& flat, const GraphAnalysis& largest);

  Shape input_;
  std::vector<std::size_t> choices_, counts_, largest_;  ///< widths; their candidates; the largest one's number
  std::vector<std::vector<std::int64_t>> values_;
  std::vector<std::vector<std::size_t>> node_inputs_;
  std::vector<Variant> variants_;  ///< the last choice's candidate fastest
  std::vector<std::optional<SpaceNode::OpenAxis>> axes_;
  std::vector<Problem> problems_;
};

}  // namespace dsw
