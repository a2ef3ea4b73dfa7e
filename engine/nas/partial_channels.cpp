// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/partial_channels.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/nn/layers/first_channels.h"
#include "engine/nn/ops/pool.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

constexpr std::size_t kNone = SpaceNode::kNone;

/// Layers that do the same with fewer channels; of those that read an open width the first ones may be all there are.
bool keeps_to_channels(const SpaceNode& node) {
  static const std::set<std::string> ops{"zero",        "identity",   "relu-conv-bn", "separable-conv", "dilated-conv", "conv2d",
                                         "batchnorm2d", "activation", "dropout",      "maxpool2d",      "avgpool2d"};
  return ops.contains(node.node.op) && node.sizes.empty() && node.settings.value("groups", 1) == 1;
}

std::int64_t largest_divisor(std::int64_t channels, std::int64_t most) {
  std::int64_t divisor = std::min(channels, most);
  while (channels % divisor != 0) --divisor;
  return divisor;
}

/// Two by two, into the sides rounded up.
Pool2dOptions half_pool(const Shape& x) {
  Pool2dOptions pool;
  pool.pad_h = static_cast<std::int32_t>(x[2] % 2);
  pool.pad_w = static_cast<std::int32_t>(x[3] % 2);
  return pool;
}

/// Channel g C / groups + j goes to j groups + g.
Tensor shuffled(const Tensor& x, std::int64_t groups) {
  const Shape shape = x.shape();
  const Tensor grouped = reshape(x, {shape[0], groups, shape[1] / groups, shape[2], shape[3]});
  return reshape(transpose(grouped, 1, 2), shape);
}

}  // namespace

PartialChoices::PartialChoices(const SearchSpace& space) : space_(space), choice_of_(space.nodes.size(), kNone) {
  for (std::size_t i = 0; i < space.nodes.size(); ++i) {
    modules_.push_back(space.nodes[i].node.module.get());
    if (!applies(i)) continue;
    choice_of_[i] = i;
    for (const std::size_t candidate : space.nodes[i].node.inputs) choice_of_[candidate] = i;
  }
}

Shape PartialChoices::input_shape(std::size_t choice) const {
  const std::size_t from = space_.nodes[space_.nodes[choice].node.inputs.front()].node.inputs.front();
  return from == kGraphInput ? space_.input.input_shape(1) : space_.nodes[from].node.output;
}

bool PartialChoices::applies(std::size_t choice) const {
  const SpaceNode& node = space_.nodes[choice];
  if (node.choice == kNone || space_.choices[node.choice].kind != SpaceChoice::Kind::Operation) return false;
  const std::vector<std::size_t>& candidates = node.node.inputs;
  const auto layer = [&](std::size_t candidate) {
    return candidate != kGraphInput && keeps_to_channels(space_.nodes[candidate]) &&
           space_.nodes[candidate].node.inputs == space_.nodes[candidates.front()].node.inputs;
  };
  if (!std::all_of(candidates.begin(), candidates.end(), layer) || space_.nodes[candidates.front()].node.inputs.size() != 1) return false;
  const Shape input = input_shape(choice), output = node.node.output;
  if (input.rank() != 4 || output.rank() != 4 || input[1] < kNarrowest || output[1] != input[1]) return false;
  return output == input || output == pool2d_shape(input, half_pool(input));
}

std::size_t PartialChoices::choice_of(std::size_t node, const PartialChannels& partial) const {
  const std::size_t choice = choice_of_[node];
  return choice != kNone && largest_divisor(input_shape(choice)[1], partial.first) > 1 ? choice : kNone;
}

std::int64_t PartialChoices::passing(std::size_t node, const PartialChannels& partial) const {
  const std::int64_t channels = input_shape(choice_of_[node])[1];
  return channels / largest_divisor(channels, partial.now);
}

double PartialChoices::share(std::size_t node, const PartialChannels& partial) const {
  const std::size_t choice = choice_of(node, partial);
  return choice == kNone ? 1 : static_cast<double>(passing(node, partial)) / static_cast<double>(input_shape(choice)[1]);
}

std::size_t PartialChoices::around(std::size_t node, const PartialChannels& partial) const {
  if (choice_of(node, partial) != node) return kGraphInput;
  return space_.nodes[space_.nodes[node].node.inputs.front()].node.inputs.front();
}

double PartialChoices::flops(std::size_t node, const PartialChannels& partial) const {
  Shape shape = input_shape(choice_of_[node]);
  const std::int64_t pass = passing(node, partial), around = shape[1] - pass;
  if (choice_of_[node] == node) {
    const Shape output = space_.nodes[node].node.output;
    return output == shape ? 0 : static_cast<double>(4 * around * output[2] * output[3]);
  }
  const FirstChannelsScope scope(*modules_[node], pass);
  shape[1] = pass;
  return modules_[node]->cost(shape).flops;
}

Tensor PartialChoices::enter(std::size_t choice, const PartialChannels& partial, const Tensor& input) const {
  return contiguous(slice(input, 1, 0, passing(choice, partial)));
}

Tensor PartialChoices::join(std::size_t choice, const PartialChannels& partial, const Tensor& mixed, const Tensor& input) const {
  const std::int64_t channels = input.size(1), pass = passing(choice, partial);
  Shape shape = space_.nodes[choice].node.output;
  shape[0] = input.size(0);
  shape[1] = pass;
  std::vector<Tensor> parts{mixed ? mixed : zeros(shape, input.dtype(), input.device())};
  if (pass < channels) {
    const Tensor rest = slice(input, 1, pass, channels);
    parts.push_back(shape[2] == input.size(2) && shape[3] == input.size(3) ? rest : max_pool2d(rest, half_pool(input.shape())));
  }
  return shuffled(concat(parts, 1), largest_divisor(channels, partial.first));
}

std::size_t PartialChoices::widen(const PartialChannels& from, const PartialChannels& to) {
  std::size_t widened = 0;
  for (std::size_t i = 0; i < choice_of_.size(); ++i) {
    if (choice_of(i, from) == kNone || passing(i, to) <= passing(i, from)) continue;
    if (choice_of_[i] == i)
      ++widened;
    else
      copy_first_channels(*modules_[i], passing(i, from), passing(i, to));
  }
  return widened;
}

}  // namespace dsw
