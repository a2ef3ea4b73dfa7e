// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>

#include "engine/autograd/node.h"
#include "engine/core/result.h"
#include "engine/tensor/tensor_impl.h"

namespace dsw {
namespace {

void add_to(const Tensor& x, const Tensor& y, const Tensor& sum) {
  Device& device = sum.device();
  if (sum.elements() > 0) check_status(device.kernels().binary(device.stream(), DSW_ADD, x.view(), y.view(), sum.view()), "binary", device);
}

/// The sum of the gradients that have reached one tensor so far.
class PendingGradient {
 public:
  void add(Tensor gradient) {
    fill_gaps();
    if (!sum_) {
      sum_ = std::move(gradient);
    } else if (exclusive(sum_)) {
      add_to(sum_, gradient, sum_);
    } else if (exclusive(gradient)) {
      add_to(sum_, gradient, gradient);
      sum_ = std::move(gradient);
    } else {
      const Tensor total = empty(sum_.shape(), sum_.dtype(), sum_.device());
      add_to(sum_, gradient, total);
      sum_ = total;
    }
  }

  /// `gradient` belongs to a range of a tensor of shape `shape`.
  void add_range(const Tensor& gradient, const Node::Range& range, const Shape& shape) {
    if (sum_ && range_axis_ != range.axis) fill_gaps();
    if (!sum_) {
      sum_ = empty(shape, gradient.dtype(), gradient.device());
      range_axis_ = range.axis;
    } else if (range_axis_ < 0 && !exclusive(sum_)) {
      sum_ = sum_.contiguous_copy();
    }
    const bool fresh = range_axis_ >= 0 && std::none_of(written_.begin(), written_.end(), [&range](const auto& done) {
                         return range.begin < done.second && done.first < range.end;
                       });
    if (range_axis_ >= 0 && !fresh) fill_gaps();
    const Tensor part = sum_.view_slice(range.axis, range.begin, range.end);
    if (fresh) {
      copy_into(gradient, part);
      written_.emplace_back(range.begin, range.end);
    } else {
      add_to(part, gradient, part);
    }
  }

  Tensor take() {
    fill_gaps();
    return std::move(sum_);
  }

 private:
  /// Zeros where no range was written: from then on `sum_` is a gradient like any other.
  void fill_gaps() {
    if (range_axis_ < 0) return;
    std::sort(written_.begin(), written_.end());
    std::int64_t at = 0;
    written_.emplace_back(sum_.size(range_axis_), sum_.size(range_axis_));
    for (const auto& [begin, end] : written_) {
      if (at < begin) {
        const Tensor gap = sum_.view_slice(range_axis_, at, begin);
        Device& device = gap.device();
        if (gap.elements() > 0) check_status(device.kernels().fill(device.stream(), gap.view(), 0), "fill", device);
      }
      at = end;
    }
    written_.clear();
    range_axis_ = -1;
  }

  Tensor sum_;
  int range_axis_ = -1;  ///< while only disjoint ranges along this axis are written
  std::vector<std::pair<std::int64_t, std::int64_t>> written_;
};

struct Reached {
  std::shared_ptr<Node> node;
  PendingGradient gradient;
};

void check_usable(const Node& node) {
  if (!node.backward) {
    throw Error(ErrorCode::Internal, fmt::format("backward: the graph below {} was freed by an earlier backward", node.name),
                "Keep it with keep_graph, or compute the loss again.");
  }
  for (const Edge& edge : node.inputs) {
    const std::shared_ptr<Storage> storage = edge.storage.lock();  // gone: nothing reads it
    if (storage && storage->version != edge.version) {
      throw Error(ErrorCode::Internal, fmt::format("backward: an input of {} was written after {} had used it", node.name, node.name),
                  "Compute the loss again after writing.");
    }
  }
}

}  // namespace

bool exclusive(const Tensor& x) { return x.impl().use_count() == 1 && x.impl()->storage.use_count() == 1 && x.is_contiguous(); }

Tensor Gradients::of(const Tensor& leaf) const {
  const auto found = by_leaf_.find(leaf.id());
  return found == by_leaf_.end() ? Tensor() : found->second;
}

Gradients Gradients::mapped(const std::function<Tensor(const Tensor&)>& f) const {
  Gradients result;
  for (const auto& [leaf, gradient] : by_leaf_) result.by_leaf_.emplace(leaf, f(gradient));
  return result;
}

void Gradients::add(const Tensor& leaf, Tensor gradient) {
  if (!(leaf.shape() == gradient.shape())) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("gradient: the leaf is {}, its gradient is {}; they must be equal",
                                                      leaf.shape().text(), gradient.shape().text()));
  }
  Tensor& slot = by_leaf_[leaf.id()];
  PendingGradient sum;
  if (slot) sum.add(std::move(slot));
  sum.add(std::move(gradient));
  slot = sum.take();
}

Gradients backward(const Tensor& loss, const Tensor& seed, bool keep_graph) {
  DSW_CHECK(loss.requires_grad(), "backward starts at a tensor that depends on something that requires a gradient");
  if (!seed && loss.elements() != 1) {
    throw Error(ErrorCode::ShapeMismatch,
                fmt::format("backward: the loss is {}; without a seed it must have one element", loss.shape().text()));
  }
  if (seed && !(seed.shape() == loss.shape())) {
    throw Error(ErrorCode::ShapeMismatch,
                fmt::format("backward: the loss is {}, the seed is {}; they must be equal", loss.shape().text(), seed.shape().text()));
  }
  const NoGradScope no_grad;
  Gradients gradients;
  Tensor start = seed ? seed.detach() : full(loss.shape(), 1, loss.dtype(), loss.device());
  if (!loss.node()) {
    gradients.add(loss, std::move(start));
    return gradients;
  }

  // An op is always recorded after its inputs, so the reached node with the highest sequence has all of its gradient.
  std::map<std::uint64_t, Reached, std::greater<>> frontier;
  std::unordered_map<const void*, std::pair<Tensor, PendingGradient>> leaves;
  Reached& first = frontier[loss.node()->sequence];
  first.node = loss.node();
  first.gradient.add(std::move(start));
  while (!frontier.empty()) {
    Reached reached = std::move(frontier.begin()->second);
    frontier.erase(frontier.begin());
    Node& node = *reached.node;
    check_usable(node);
    if (node.others) {
      const Edge& input = node.inputs.front();
      if (const auto below = input.node ? frontier.find(input.node->sequence) : frontier.end(); below != frontier.end())
        *node.others = below->second.gradient.take();
      else if (const auto leaf = input.leaf ? leaves.find(input.leaf.id()) : leaves.end(); !input.node && leaf != leaves.end())
        *node.others = leaf->second.second.take();
    }
    Grads grads = node.backward(reached.gradient.take());
    DSW_CHECK(grads.size() == node.inputs.size(), "an op gives one gradient for each input");
    for (std::size_t i = 0; i < grads.size(); ++i) {
      const Edge& input = node.inputs[i];
      if (!grads[i] || !input.wanted()) continue;
      PendingGradient* pending = nullptr;
      if (input.node) {
        Reached& below = frontier[input.node->sequence];
        below.node = input.node;
        pending = &below.gradient;
      } else {
        auto& leaf = leaves[input.leaf.id()];
        leaf.first = input.leaf;
        pending = &leaf.second;
      }
      if (node.range.axis >= 0) {
        pending->add_range(grads[i], node.range, input.shape);
      } else {
        DSW_CHECK(grads[i].shape() == input.shape, "a gradient has the shape of its input");
        pending->add(std::move(grads[i]));
      }
    }
    if (!keep_graph) {
      node.backward = nullptr;
      node.inputs.clear();
    }
  }
  for (auto& [id, leaf] : leaves) gradients.add(leaf.first, leaf.second.take());
  return gradients;
}

}  // namespace dsw
