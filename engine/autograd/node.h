// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/autograd/op_trace.h"
#include "engine/tensor/tensor.h"

namespace dsw {

/// Gradients with respect to an op's inputs, in their order; an undefined tensor where none flows.
using Grads = std::vector<Tensor>;
/// dy → gradients of the inputs. Captures what it needs, its own output only detached (a node must not own itself).
using BackwardFn = std::function<Grads(const Tensor& dy)>;

/// An input of a recorded op, without its memory: what an op does not need for its gradient is freed when its last handle goes.
struct Edge {
  std::shared_ptr<Node> node;  ///< the op that made the input; null for a leaf
  Tensor leaf;                 ///< a leaf that requires a gradient
  Shape shape;
  std::weak_ptr<Storage> storage;  ///< for the check that nobody wrote to what the gradient will read
  std::uint32_t version = 0;       ///< the storage's when recorded
  bool wanted() const { return node || leaf; }
};

/// One op in the gradient graph; owned by the tensor that it made, owns the ops below. Graphs of any depth are freed without
/// recursion. A graph belongs to one thread at a time.
class Node {
 public:
  Node() = default;
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const char* name = "";
  std::vector<Edge> inputs;
  BackwardFn backward;
  /// Set for a slice: backward gives only the gradient of this range of inputs[0]. The ranges of several slices are written
  /// into one gradient, without one zero-filled tensor for each.
  struct Range {
    int axis = -1;
    std::int64_t begin = 0, end = 0;
  } range;
  /// Set for an op that adds to its first input's gradient, in the same pass over memory, what has reached that input from elsewhere:
  /// backward() moves that sum here, and `backward` takes it away again.
  std::shared_ptr<Tensor> others;
  /// Set for an op that needs the sum of its output's gradient over the rows (a bias): who makes that gradient may leave both here. They
  /// count only where the very tensor arrives as dy, that is where nothing else was added to it.
  struct RowSums {
    Tensor gradient, sums;
  };
  std::shared_ptr<RowSums> row_sums;
  std::uint64_t sequence = 0;  ///< order of recording
};

/// Gives `y` its place in the graph if any input requires a gradient and recording is on; else returns it as it is.
/// `backward` captures no more than its formula reads (inputs and detached tensors): that is what stays in memory. It may leave
/// out (undefined) a gradient that its input does not require. `name` (in Catalog::ops) and `settings` say to an OpTrace what was called.
Tensor with_grad(Tensor y, const std::vector<Tensor>& inputs, BackwardFn backward, const char* name = "",
                 std::initializer_list<OpSetting> settings = {});
/// Whether nobody else can see this contiguous tensor's memory, so that a sum may be formed in it.
bool exclusive(const Tensor& x);
/// with_grad for y = the range [begin, end) of axis `axis` (not negative) of x.
Tensor with_slice_grad(Tensor y, const Tensor& x, Node::Range range);

/// Whether this thread records graphs. The one piece of thread state: evaluation needs neither graph nor memory for it.
bool recording_gradients();
class RecordingScope {
 public:
  explicit RecordingScope(bool on);
  ~RecordingScope();
  RecordingScope(const RecordingScope&) = delete;
  RecordingScope& operator=(const RecordingScope&) = delete;

 private:
  bool before_;
};
struct NoGradScope : RecordingScope {
  NoGradScope() : RecordingScope(false) {}
};

/// Gradients of leaves, by identity.
class Gradients {
 public:
  Tensor of(const Tensor& leaf) const;            ///< undefined when none reached it
  void add(const Tensor& leaf, Tensor gradient);  ///< sums; throws Error{ShapeMismatch} unless the shapes are equal
  /// The same leaves with f(gradient) in the gradient's place.
  Gradients mapped(const std::function<Tensor(const Tensor&)>& f) const;
  bool empty() const { return by_leaf_.empty(); }
  void clear() { by_leaf_.clear(); }

 private:
  std::unordered_map<const void*, Tensor> by_leaf_;
};

/// Reverse accumulation from `loss` (one element, or `seed` of its shape) to every leaf that requires a gradient.
/// Order: reverse topological, ties by the order of recording, so sums have a fixed order and the bits repeat.
/// Frees the graph as it goes unless `keep_graph`. Gradients themselves are outside any graph.
/// @throws Error{ShapeMismatch} if `seed` does not fit; Error{Internal} if `loss` is outside a graph, if part of its graph was
///         freed before, or if an op's input was written after the op was recorded.   Source: Griewank & Walther 2008, ch. 3.
Gradients backward(const Tensor& loss, const Tensor& seed = {}, bool keep_graph = false);

}  // namespace dsw
