// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/models/resnet.h"

#include <cmath>

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/pool.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

std::unique_ptr<Conv2d> make_conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  Conv2dConfig config;
  config.in = in;
  config.out = out;
  config.kernel = kernel;
  config.stride = stride;
  config.padding = kernel / 2;
  config.bias = false;
  return std::make_unique<Conv2d>(config, Init::normal(std::sqrt(2 / static_cast<double>(in * kernel * kernel))));
}

double elements(const Shape& shape) { return static_cast<double>(shape.elements()); }

/// A relu keeps its output.
Cost relu_cost(const Shape& shape) { return {elements(shape), 0, 4 * elements(shape)}; }

}  // namespace

ResNetBlock::ResNetBlock(std::int64_t in, std::int64_t out, std::int64_t stride, bool projection)
    : in_(in),
      out_(out),
      stride_(stride),
      conv1_(adopt("conv1", make_conv(in, out, 3, stride))),
      bn1_(adopt("bn1", std::make_unique<BatchNorm2d>(out))),
      conv2_(adopt("conv2", make_conv(out, out, 3, 1))),
      bn2_(adopt("bn2", std::make_unique<BatchNorm2d>(out))) {
  if (projection && (stride != 1 || in != out)) {
    projection_ = &adopt("shortcut.0", make_conv(in, out, 1, stride));
    projection_norm_ = &adopt("shortcut.1", std::make_unique<BatchNorm2d>(out));
  }
}

Tensor ResNetBlock::shortcut(const Tensor& x, Forward& pass) {
  if (projection_) return call("shortcut.1", *projection_norm_, call("shortcut.0", *projection_, x, pass), pass);
  Tensor y = x;
  if (stride_ != 1) {
    Pool2dOptions every_second;  // a window of one pixel takes it as it is
    every_second.kernel_h = every_second.kernel_w = 1;
    every_second.stride_h = every_second.stride_w = static_cast<std::int32_t>(stride_);
    y = avg_pool2d(y, every_second);
  }
  const std::int64_t before = (out_ - in_) / 2, after = out_ - in_ - before;
  if (out_ == in_) return y;
  std::vector<Tensor> parts;
  if (before > 0) parts.push_back(zeros({y.size(0), before, y.size(2), y.size(3)}, y.dtype(), y.device()));
  parts.push_back(y);
  parts.push_back(zeros({y.size(0), after, y.size(2), y.size(3)}, y.dtype(), y.device()));
  return concat(parts, 1);
}

Tensor ResNetBlock::forward(const Tensor& x, Forward& pass) {
  const Tensor inner = relu(call("bn1", bn1_, call("conv1", conv1_, x, pass), pass));
  const Tensor outer = call("bn2", bn2_, call("conv2", conv2_, inner, pass), pass);
  return relu(add(outer, shortcut(x, pass)));
}

Shape ResNetBlock::output_shape(const Shape& input) const { return conv1_.output_shape(input); }

Cost ResNetBlock::first_cost(const Shape& input) const {
  const Shape shape = output_shape(input);
  Cost sum = conv1_.cost(input);
  sum += kept(shape);  // by the norm
  sum += bn1_.cost(shape);
  sum += relu_cost(shape);
  return sum;
}

Cost ResNetBlock::second_cost(const Shape& input) const {
  const Shape shape = output_shape(input);
  Cost sum = conv2_.cost(shape);
  sum += kept(shape);
  sum += bn2_.cost(shape);
  return sum;
}

Cost ResNetBlock::sum_cost(const Shape& input) const {
  const Shape shape = output_shape(input);
  Cost sum = relu_cost(shape);
  sum += dsw::sum_cost(shape);
  if (projection_) {
    sum += projection_->cost(input);
    sum += projection_norm_->cost(shape);
    sum += kept(shape);
  }
  return sum;
}

Cost ResNetBlock::cost(const Shape& input) const {
  Cost sum = first_cost(input);
  sum += second_cost(input);
  sum += sum_cost(input);
  return sum;
}

ResNet::ResNet(const ResNetConfig& config)
    : conv1_(adopt("conv1", make_conv(config.channels, config.width, 3, 1))),
      bn1_(adopt("bn1", std::make_unique<BatchNorm2d>(config.width))) {
  const std::int64_t count = (config.depth - 2) / 6;
  std::int64_t in = config.width;
  for (std::int64_t stage = 0; stage < 3; ++stage) {
    const std::int64_t out = config.width << stage;
    for (std::int64_t i = 0; i < count; ++i) {
      std::string name = fmt::format("layer{}.{}", stage + 1, i);
      auto block = std::make_unique<ResNetBlock>(in, out, stage > 0 && i == 0 ? 2 : 1, config.projection);
      blocks_.emplace_back(name, &adopt(name, std::move(block)));
      in = out;
    }
  }
  linear_ = &adopt("linear", std::make_unique<Linear>(in, config.classes, true, Init::normal(std::sqrt(2 / static_cast<double>(in))),
                                                      Init::uniform(1 / std::sqrt(static_cast<double>(in)))));
  linear_->keep_precise();
}

Tensor ResNet::forward(const Tensor& x, Forward& pass) {
  Tensor y = relu(call("bn1", bn1_, call("conv1", conv1_, x, pass), pass));
  std::vector<ChainBlock> chain;
  for (const auto& [name, block] : blocks_)
    chain.push_back({name, block, [block = block](const Tensor& input, Forward& inner) { return block->forward(input, inner); }});
  y = run_blocks(chain, y, pass);
  y = global_avg_pool2d(y);
  pass.see("pooled", y);
  return call("linear", *linear_, y, pass);
}

Shape ResNet::output_shape(const Shape& input) const {
  Shape shape = conv1_.output_shape(input);
  for (const auto& [name, block] : blocks_) shape = block->output_shape(shape);
  return linear_->output_shape({shape[0], shape[1]});
}

Cost ResNet::stem_cost(const Shape& input) const {
  const Shape shape = conv1_.output_shape(input);
  Cost sum = conv1_.cost(input);
  sum += kept(shape);
  sum += bn1_.cost(shape);
  sum += relu_cost(shape);
  return sum;
}

Cost ResNet::head_cost(const Shape& features) const {
  Cost sum = linear_->cost({features[0], features[1]});
  sum += {elements(features), 0, 0};
  sum += kept({features[0], features[1]});
  sum += kept({features[0], linear_->out()});
  return sum;
}

Cost ResNet::cost(const Shape& input) const {
  Cost sum = stem_cost(input);
  Shape shape = conv1_.output_shape(input);
  for (const auto& [name, block] : blocks_) {
    sum += block->cost(shape);
    shape = block->output_shape(shape);
  }
  sum += head_cost(shape);
  return sum;
}

std::vector<BlockCost> ResNet::chain_costs(const Shape& input) const {
  std::vector<BlockCost> costs;
  Shape shape = conv1_.output_shape(input);
  for (const auto& [name, block] : blocks_) {
    const Cost own = block->cost(shape);
    const double before = kept(shape).activation_bytes;
    shape = block->output_shape(shape);
    const double output = kept(shape).activation_bytes;
    costs.push_back({own.flops, own.parameters, output, own.activation_bytes, 2 * output + before});
  }
  return costs;
}

}  // namespace dsw
