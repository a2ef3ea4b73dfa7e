// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <unordered_map>
#include <vector>

#include "engine/tensor/tensor.h"

namespace dsw {

/// Gradients with respect to an op's inputs, in their order; an undefined tensor where none flows.
using Grads = std::vector<Tensor>;
/// dy → gradients of the inputs. Captures what it needs, its own output only detached (a node must not own itself).
using BackwardFn = std::function<Grads(const Tensor& dy)>;

/// One op in the gradient graph; owned by the tensor that it made, owns its inputs.
class Node {
 public:
  const char* name = "";
  std::vector<Tensor> inputs;
  BackwardFn backward;
};

/// Gives `y` its place in the graph if any input requires a gradient and recording is on; else returns it as it is.
Tensor with_grad(Tensor y, std::vector<Tensor> inputs, BackwardFn backward, const char* name = "");

/// Whether this thread records graphs. The one piece of thread state: evaluation needs neither graph nor memory for it.
bool recording_gradients();
class NoGradScope {
 public:
  NoGradScope();
  ~NoGradScope();
  NoGradScope(const NoGradScope&) = delete;
  NoGradScope& operator=(const NoGradScope&) = delete;

 private:
  bool before_;
};

/// Gradients of leaves, by identity.
class Gradients {
 public:
  Tensor of(const Tensor& leaf) const;                 ///< undefined when none reached it
  void add(const Tensor& leaf, Tensor gradient);       ///< sums
  void clear() { by_leaf_.clear(); }

 private:
  std::unordered_map<const void*, Tensor> by_leaf_;
};

/// Reverse accumulation from `loss` (one element, or `seed` of its shape) to every leaf that requires a gradient.
/// Order: reverse topological, ties by the order of recording, so sums have a fixed order and the bits repeat.
/// Frees the graph as it goes unless `keep_graph`. Source: Griewank & Walther 2008, ch. 3.
Gradients backward(const Tensor& loss, const Tensor& seed = {}, bool keep_graph = false);

}  // namespace dsw
