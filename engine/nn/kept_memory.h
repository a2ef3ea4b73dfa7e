// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/nn/module.h"

namespace dsw {

/// What a layer's backward pass needs besides what lies inside the layer. Layers that say nothing need neither input nor output.
/// A layer's Cost counts only the memory inside it: input and output belong to whoever joins layers, who counts each tensor once if
/// one of its neighbours keeps it (kept_outputs). A whole model counts its output, but not the data that it is given.
class KeptMemory {
 public:
  virtual ~KeptMemory() = default;
  virtual bool keeps_input() const { return false; }
  virtual bool keeps_output() const { return false; }
  virtual bool gives_view() const { return false; }  ///< the output is the input's memory
};
/// The module's own answer; false for a module that says nothing.
bool keeps_input(const Module& module);

/// Of an elementwise sum of two tensors of this shape; its gradient needs neither.
inline Cost sum_cost(const Shape& shape) { return {static_cast<double>(shape.elements()), 0, 0}; }
/// float32 memory of a tensor that the backward pass needs.
inline Cost kept(const Shape& shape) { return {0, 0, 4 * static_cast<double>(shape.elements())}; }

/// Modules joined to a network: what each reads (earlier modules, or kNetworkInput) and the shape that it gives.
inline constexpr std::size_t kNetworkInput = static_cast<std::size_t>(-1);
struct Joined {
  const Module* module;
  std::vector<std::size_t> inputs;
  Shape output;
};
/// Bytes of each module's output that live until the backward pass. `last` is the network's output, which the loss needs.
std::vector<double> kept_outputs(const std::vector<Joined>& network, std::size_t last);

}  // namespace dsw
