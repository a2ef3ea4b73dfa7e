// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/layers/cell_layers.h"

#include <algorithm>

#include "engine/nn/layers/activation.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

Shape picture(const char* what, const Shape& input) {
  if (input.rank() != 4)
    throw Error(ErrorCode::ShapeMismatch, fmt::format("{} wants images [B, C, H, W], but its input is {}", what, input.text()));
  return input;
}

Conv2dConfig plain(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                   std::int64_t groups) {
  Conv2dConfig config;
  config.in = in;
  config.out = out;
  config.kernel = kernel;
  config.stride = stride;
  config.padding = dilation * (kernel / 2);
  config.dilation = dilation;
  config.groups = groups;
  config.bias = false;
  return config;
}

void add_depthwise(Sequential& to, const CellConv& conv) {
  to.add(std::make_unique<Activation>(ActivationKind::Relu));
  to.add(std::make_unique<Conv2d>(plain(conv.in, conv.in, conv.kernel, conv.stride, conv.dilation, conv.in)));
  to.add(std::make_unique<Conv2d>(plain(conv.in, conv.out, 1, 1, 1, 1)));
  to.add(std::make_unique<BatchNorm2d>(conv.out));
}

}  // namespace

Tensor Zero::forward(const Tensor& x, Forward&) { return zeros(output_shape(x.shape()), x.dtype(), x.device()); }

Shape Zero::output_shape(const Shape& input) const {
  if (stride_ == 1) return input;
  Shape shape = picture("zero with a stride", input);
  for (const int axis : {2, 3}) shape[axis] = (shape[axis] + stride_ - 1) / stride_;
  return shape;
}

FactorizedReduce::FactorizedReduce(std::int64_t channels)
    : channels_(channels),
      even_(adopt("even", std::make_unique<Conv2d>(plain(channels, channels - channels / 2, 1, 2, 1, 1)))),
      odd_(adopt("odd", std::make_unique<Conv2d>(plain(channels, channels / 2, 1, 2, 1, 1)))),
      norm_(adopt("norm", std::make_unique<BatchNorm2d>(channels))) {
  if (channels < 2) throw Error(ErrorCode::ShapeMismatch, "a skip of stride 2 wants two channels or more");
}

Tensor FactorizedReduce::forward(const Tensor& x, Forward& pass) {
  const Tensor y = relu(x);
  // The pixels to the lower right, with a row and a column of zeros where the picture ends.
  const std::int64_t h = x.size(2), w = x.size(3);
  Tensor shifted = slice(slice(y, 2, 1, h), 3, 1, w);
  shifted = concat({shifted, zeros({x.size(0), x.size(1), h - 1, 1}, x.dtype(), x.device())}, 3);
  shifted = concat({shifted, zeros({x.size(0), x.size(1), 1, w}, x.dtype(), x.device())}, 2);
  return call("norm", norm_, concat({call("even", even_, y, pass), call("odd", odd_, shifted, pass)}, 1), pass);
}

Shape FactorizedReduce::output_shape(const Shape& input) const {
  const Shape shape = picture("a skip of stride 2", input);
  if (shape[1] != channels())
    throw Error(ErrorCode::ShapeMismatch,
                fmt::format("a skip of stride 2 wants {} channels, but its input is {}", channels(), input.text()));
  return {shape[0], channels(), (shape[2] + 1) / 2, (shape[3] + 1) / 2};
}

Cost FactorizedReduce::cost(const Shape& input) const {
  Cost sum{static_cast<double>(input.elements()), 0, 0};
  sum += kept(input);
  sum += kept(input);  // the shifted picture
  sum += even_.cost(input);
  sum += odd_.cost(input);
  const Shape output = output_shape(input);
  sum += kept(output);
  sum += norm_.cost(output);
  return sum;
}

void FactorizedReduce::set_channels(std::int64_t in, std::int64_t out) {
  first_ = in;
  even_.set_channels(in, out - out / 2);
  odd_.set_channels(in, out / 2);
  norm_.set_channels(out, out);
}

/// Outputs of the narrower layer are its even half and then its odd one, as those of the wider; so is what is copied.
void FactorizedReduce::copy_channels(const Channels& inputs, const Channels& outputs) {
  const auto from = 1 + *std::max_element(outputs.begin(), outputs.end()), to = static_cast<std::int64_t>(outputs.size());
  const auto half = [](std::int64_t count, std::int64_t old, std::int64_t offset) {
    Channels channels;
    for (std::int64_t i = 0; i < count; ++i) channels.push_back(offset + i % old);
    return channels;
  };
  even_.copy_channels(inputs, half(to - to / 2, from - from / 2, 0));
  odd_.copy_channels(inputs, half(to / 2, from / 2, 0));
  Channels norm = half(to - to / 2, from - from / 2, 0);
  for (const std::int64_t channel : half(to / 2, from / 2, from - from / 2)) norm.push_back(channel);
  norm_.copy_channels(norm, norm);
}

std::unique_ptr<Sequential> relu_conv_bn(const CellConv& conv) {
  auto layers = std::make_unique<Sequential>();
  layers->add(std::make_unique<Activation>(ActivationKind::Relu));
  layers->add(std::make_unique<Conv2d>(plain(conv.in, conv.out, conv.kernel, conv.stride, conv.dilation, 1)));
  layers->add(std::make_unique<BatchNorm2d>(conv.out));
  return layers;
}

std::unique_ptr<Sequential> dilated_conv(const CellConv& conv) {
  auto layers = std::make_unique<Sequential>();
  add_depthwise(*layers, conv);
  return layers;
}

std::unique_ptr<Sequential> separable_conv(const CellConv& conv) {
  auto layers = std::make_unique<Sequential>();
  CellConv first = conv;
  first.out = conv.in;
  add_depthwise(*layers, first);
  CellConv second = conv;
  second.stride = 1;
  add_depthwise(*layers, second);
  return layers;
}

}  // namespace dsw
