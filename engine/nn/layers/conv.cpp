// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/layers/conv.h"

#include <cmath>

#include "engine/nn/ops/conv.h"
#include "engine/nn/ops/pool.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

void check_image(const char* what, const Shape& input) {
  if (input.rank() != 4) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("{} wants images [B, C, H, W], but its input is {}", what, input.text()));
  }
}

/// Length of one axis after a window slides over it; throws when the window is larger than the padded axis.
std::int64_t windows(const char* what, const Shape& input, int axis, std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  const std::int64_t room = input[axis] + 2 * padding - kernel;
  if (room < 0) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("{} has a window of {} × {}, but its input is {} × {} with a padding of {}", what,
                                                      kernel, kernel, input[2], input[3], padding));
  }
  return room / stride + 1;
}

Init torch_uniform(const Conv2dConfig& config) {
  return Init::uniform(1 / std::sqrt(static_cast<double>(config.in / config.groups * config.kernel * config.kernel)));
}

}  // namespace

Conv2d::Conv2d(const Conv2dConfig& config) : Conv2d(config, torch_uniform(config)) {}

Conv2d::Conv2d(const Conv2dConfig& config, Init weight_init)
    : config_(config),
      weight_(declare("weight", {config.out, config.in / config.groups, config.kernel, config.kernel}, weight_init, true)) {
  if (config.bias) bias_ = &declare("bias", {config.out}, torch_uniform(config), false);
}

Tensor Conv2d::forward(const Tensor& x, Forward& pass) {
  Conv2dOptions conv;
  conv.stride_h = conv.stride_w = static_cast<std::int32_t>(config_.stride);
  conv.pad_h = conv.pad_w = static_cast<std::int32_t>(config_.padding);
  conv.groups = static_cast<std::int32_t>(config_.groups);
  conv.dilation_h = conv.dilation_w = static_cast<std::int32_t>(config_.dilation);
  Tensor weight = pass.weight(weight_.value), bias = bias_ ? bias_->value : Tensor();
  if (first_out_ > 0) {
    weight = slice(weight, 0, 0, out());
    weight = each_alone() ? weight : contiguous(slice(weight, 1, 0, in()));
    if (bias) bias = slice(bias, 0, 0, out());
    if (each_alone()) conv.groups = static_cast<std::int32_t>(in());
  }
  return conv2d(pass.activation(x), weight, bias, conv);
}

void Conv2d::set_channels(std::int64_t in, std::int64_t out) {
  DSW_CHECK(config_.groups == 1 || (config_.groups == config_.in && config_.in == config_.out), "groups of several channels stay whole");
  first_in_ = in;
  first_out_ = out;
}

void Conv2d::copy_channels(const Channels& inputs, const Channels& outputs) {
  copy_parameter_channels(weight_, each_alone() ? Channels() : inputs, outputs);
  if (bias_) copy_parameter_channels(*bias_, {}, outputs);
}

Shape Conv2d::output_shape(const Shape& input) const {
  check_image("conv", input);
  if (input[1] != in()) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("conv wants {} channels, but its input is {}", in(), input.text()));
  }
  const std::int64_t window = config_.dilation * (config_.kernel - 1) + 1;
  return {input[0], out(), windows("conv", input, 2, window, config_.stride, config_.padding),
          windows("conv", input, 3, window, config_.stride, config_.padding)};
}

Cost Conv2d::cost(const Shape& input) const {
  const double outputs = static_cast<double>(output_shape(input).elements());
  const std::int64_t inputs = each_alone() && first_in_ > 0 ? 1 : in() / config_.groups;
  const double taps = static_cast<double>(inputs * config_.kernel * config_.kernel);
  return {outputs * (2 * taps + (bias_ ? 1 : 0)), own_parameters(), 0};
}

Pool2d::Pool2d(Kind kind, std::int64_t kernel, std::int64_t stride, std::int64_t padding)
    : kind_(kind), kernel_(kernel), stride_(stride), padding_(padding) {}

Tensor Pool2d::forward(const Tensor& x, Forward&) {
  Pool2dOptions pool;
  pool.kernel_h = pool.kernel_w = static_cast<std::int32_t>(kernel_);
  pool.stride_h = pool.stride_w = static_cast<std::int32_t>(stride_);
  pool.pad_h = pool.pad_w = static_cast<std::int32_t>(padding_);
  return kind_ == Kind::Max ? max_pool2d(x, pool) : avg_pool2d(x, pool);
}

Shape Pool2d::output_shape(const Shape& input) const {
  check_image("pool", input);
  return {input[0], input[1], windows("pool", input, 2, kernel_, stride_, padding_), windows("pool", input, 3, kernel_, stride_, padding_)};
}

Cost Pool2d::cost(const Shape& input) const {
  const double outputs = static_cast<double>(output_shape(input).elements());
  return {outputs * static_cast<double>(kernel_ * kernel_), 0, kind_ == Kind::Max ? 4 * outputs : 0};
}

Tensor GlobalAveragePool::forward(const Tensor& x, Forward&) { return global_avg_pool2d(x); }
Shape GlobalAveragePool::output_shape(const Shape& input) const {
  check_image("global average pool", input);
  return {input[0], input[1]};
}
Cost GlobalAveragePool::cost(const Shape& input) const { return {static_cast<double>(input.elements()), 0, 0}; }

Tensor Flatten::forward(const Tensor& x, Forward&) { return reshape(x, output_shape(x.shape())); }
Shape Flatten::output_shape(const Shape& input) const {
  if (input.rank() < 1) throw Error(ErrorCode::ShapeMismatch, "flatten wants a batch axis, but its input is a single number");
  std::int64_t length = 1;
  for (int axis = 1; axis < input.rank(); ++axis) length *= input[axis];
  return {input[0], length};
}
Cost Flatten::cost(const Shape&) const { return {}; }

}  // namespace dsw
