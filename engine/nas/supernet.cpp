// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/supernet.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/nas/lowering.h"
#include "engine/nas/open_size.h"
#include "engine/nn/layers/first_channels.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

bool is_zero(const SpaceNode& node) { return node.node.op == "zero"; }

bool is_active(const Mixing& mixing, const SpaceNode& node, std::size_t input) {
  if (node.choice != SpaceNode::kNone) return mixing.active[node.choice][input];
  if (node.edges != SpaceNode::kNone && !mixing.kept.empty() && !mixing.kept[node.edges].empty()) return mixing.kept[node.edges][input];
  return true;
}

/// Of the dearest combination of open sizes.
Cost largest(const SpaceNode& node) {
  Cost most;
  for (const Cost& cost : node.costs)
    if (cost.flops >= most.flops) most = cost;
  return most;
}

/// x times the i-th of `factors`.
Tensor times(const Tensor& x, const Tensor& factors, std::size_t i) {
  const auto at = static_cast<std::int64_t>(i);
  return mul(x, cast(slice(factors, 0, at, at + 1), x.dtype()));
}

}  // namespace

Supernet::Supernet(SearchSpace& space) : space_(space), partial_(space) {
  for (SpaceNode& node : space.nodes) {
    modules_.push_back(&adopt(node.node.id, std::move(node.node.module)));
    // What has weights of its own, or a function that is not 0 at 0, gives numbers also where its input has none.
    writes_.push_back(node.node.op == "activation" || !modules_.back()->parameters().empty());
  }
}

std::vector<bool> Supernet::reached(const Mixing& mixing) const {
  std::vector<bool> needed(space_.nodes.size(), false);
  needed[space_.output] = true;
  for (std::size_t i = space_.nodes.size(); i-- > 0;) {
    if (!needed[i] || is_zero(space_.nodes[i])) continue;
    const std::vector<std::size_t>& inputs = space_.nodes[i].node.inputs;
    for (std::size_t k = 0; k < inputs.size(); ++k)
      if (inputs[k] != kGraphInput && is_active(mixing, space_.nodes[i], k)) needed[inputs[k]] = true;
    if (const std::size_t from = partial_.around(i, mixing.partial); from != kGraphInput) needed[from] = true;
  }
  return needed;
}

double Supernet::flops(const Mixing& mixing) const {
  const std::vector<bool> computed = reached(mixing);
  double sum = 0;
  for (std::size_t i = 0; i < computed.size(); ++i)
    if (computed[i])
      sum += partial_.choice_of(i, mixing.partial) == SpaceNode::kNone ? largest(space_.nodes[i]).flops : partial_.flops(i, mixing.partial);
  return sum;
}

Tensor Supernet::gather(std::size_t number, const std::vector<Tensor>& values, const Tensor& x) {
  const SpaceNode& node = space_.nodes[number];
  const bool chooses = node.choice != SpaceNode::kNone;
  const Tensor& factors = chooses ? mixing_.weights[node.choice] : mixing_.edges[node.edges];
  Tensor sum;
  for (std::size_t k = 0; k < node.node.inputs.size(); ++k) {
    const std::size_t from = node.node.inputs[k];
    if (!is_active(mixing_, node, k)) continue;
    const Tensor& value = from == kGraphInput ? x : values[from];
    if (!value) continue;  // zero
    const Tensor part = factors ? times(value, factors, k) : value;
    sum = sum ? add(sum, part) : part;
  }
  return sum;
}

std::vector<std::string> Supernet::open_sizes(std::size_t number, Device& device) {
  const SpaceNode& node = space_.nodes[number];
  auto* open = node.sizes.empty() ? nullptr : dynamic_cast<OpenSizes*>(modules_[number]);
  if (!open) return {};
  std::vector<std::string> opened;
  for (const SpaceNode::Size& size : node.sizes) {
    if (is_width(node.node.op, size.setting)) continue;  // a mask on its output
    std::vector<std::int64_t> sizes;
    if (size.setting.empty()) {
      if (node.node.layer->narrowing != Narrowing::Masked) continue;
      sizes = node.axis->sizes;
    } else {
      for (const SpaceCandidate& candidate : space_.choices[size.choice].candidates) sizes.push_back(candidate.value);
    }
    opened.push_back(size.setting.empty() ? "width" : size.setting);
    open->set_size(opened.back(), size_mask(sizes, mixing_.active[size.choice], mixing_.weights[size.choice], device));
  }
  return opened;
}

Tensor Supernet::masked(const Tensor& value, const SpaceNode::OpenAxis& axis) const {
  const Tensor mask = size_mask(axis.sizes, mixing_.active[axis.choice], mixing_.weights[axis.choice], value.device());
  if (!mask) return value;
  Shape along(std::vector<std::int64_t>(static_cast<std::size_t>(value.shape().rank()), 1));
  along[axis.axis] = mask.size(0);
  return mul(value, cast(reshape(mask, along), value.dtype()));
}

Tensor Supernet::forward(const Tensor& data, Forward& pass) {
  const Tensor x = pass.activation(data);
  const std::vector<bool> needed = reached(mixing_);
  // Outputs; undefined ones are zero throughout, or not needed.
  std::vector<Tensor> values(space_.nodes.size());
  std::vector<Tensor> entering(space_.nodes.size());  // of partial choices: the channels that pass
  std::vector<std::size_t> readers(space_.nodes.size(), 0);
  for (std::size_t i = 0; i < space_.nodes.size(); ++i) {
    if (!needed[i]) continue;
    for (const std::size_t from : space_.nodes[i].node.inputs)
      if (from != kGraphInput) readers[from] = i;
    if (const std::size_t from = partial_.around(i, mixing_.partial); from != kGraphInput) readers[from] = i;
  }
  std::vector<std::vector<std::size_t>> last_read(space_.nodes.size());
  for (std::size_t i = 0; i < readers.size(); ++i)
    if (readers[i] > i) last_read[readers[i]].push_back(i);
  const auto value_of = [&](std::size_t node) {
    if (node == kGraphInput || values[node]) return node == kGraphInput ? x : values[node];
    Shape shape = space_.nodes[node].node.output;
    shape[0] = x.size(0);
    return zeros(shape, pass.compute.dtype == DType::F32 ? x.dtype() == DType::I32 ? DType::F32 : x.dtype() : pass.compute.dtype,
                 x.device());
  };
  const bool evaluates = !pass.training;
  for (std::size_t i = 0; i < space_.nodes.size(); ++i) {
    const SpaceNode& node = space_.nodes[i];
    if (!needed[i] || is_zero(node)) continue;
    const std::size_t partial = partial_.choice_of(i, mixing_.partial);
    if (node.choice != SpaceNode::kNone || node.edges != SpaceNode::kNone) {
      values[i] = gather(i, values, x);
      if (partial != SpaceNode::kNone) {
        values[i] = partial_.join(i, mixing_.partial, values[i], value_of(partial_.around(i, mixing_.partial)));
        entering[i] = Tensor();
      }
    } else {
      std::vector<Tensor> inputs;
      for (const std::size_t from : node.node.inputs) inputs.push_back(value_of(from));
      if (partial != SpaceNode::kNone) {
        if (!entering[partial]) entering[partial] = partial_.enter(partial, mixing_.partial, inputs.front());
        inputs.front() = entering[partial];
      }
      const std::vector<std::string> opened = open_sizes(i, x.device());
      const FirstChannelsScope first(*modules_[i], partial == SpaceNode::kNone ? 0 : partial_.passing(i, mixing_.partial));
      // Dropout is a layer of its own in these networks; all else computes as in training, with the batch's statistics.
      const bool by_batch = evaluates && node.node.op != "dropout";
      pass.training = pass.training || by_batch;
      pass.again = pass.again || by_batch;
      if (auto* join = dynamic_cast<JoinModule*>(modules_[i])) {
        ForwardScope scope(pass, node.node.id);
        values[i] = join->join(inputs, pass);
      } else {
        values[i] = call(node.node.id, *modules_[i], inputs.front(), pass);
      }
      if (evaluates) pass.training = pass.again = false;
      for (const std::string& setting : opened) dynamic_cast<OpenSizes*>(modules_[i])->set_size(setting, {});
      if (node.axis && writes_[i]) values[i] = masked(values[i], *node.axis);
    }
    for (const std::size_t done : last_read[i]) values[done] = Tensor();
  }
  if (values[space_.output]) return values[space_.output];
  Shape shape = space_.nodes[space_.output].node.output;
  shape[0] = x.size(0);
  return zeros(shape, DType::F32, x.device());
}

Shape Supernet::output_shape(const Shape& input) const {
  Shape shape = space_.nodes[space_.output].node.output;
  shape[0] = input[0];
  return shape;
}

Cost Supernet::cost(const Shape& input) const {
  Cost sum;
  for (const SpaceNode& node : space_.nodes) sum += largest(node);
  const double batch = static_cast<double>(input[0]);
  return {sum.flops * batch, sum.parameters, sum.activation_bytes * batch};
}

}  // namespace dsw
