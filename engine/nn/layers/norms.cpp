// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/layers/norms.h"

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

Cost row_norm_cost(const Shape& input, double flops_per_element, double statistics, double parameters) {
  const double elements = static_cast<double>(input.elements());
  const double rows = input.rank() > 0 && input[-1] > 0 ? elements / static_cast<double>(input[-1]) : 0;
  return {flops_per_element * elements, parameters, 4 * statistics * rows};
}

void check_last_axis(const char* what, const Shape& input, std::int64_t width) {
  if (input.rank() < 1 || input[-1] != width) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("{} wants a last axis of {}, but its input is {}", what, width, input.text()));
  }
}

/// Σ mask x / Σ mask over the last axis. [..., C] → [..., 1].
Tensor masked_mean(const Tensor& x, const Tensor& mask) { return div(sum(mul(x, mask), {-1}, true), sum(mask, {}, true)); }

/// x · rsqrt(its masked mean square + eps), without the mean where `centred`.
Tensor masked_norm(const Tensor& x, const Tensor& mask, bool centred, double eps) {
  const DType dtype = x.dtype() == DType::F64 ? DType::F64 : DType::F32;
  const Tensor wide = cast(x, dtype), own = cast(mask, dtype);
  const Tensor moved = centred ? sub(wide, masked_mean(wide, own)) : wide;
  return mul(moved, rsqrt(affine(masked_mean(mul(moved, moved), own), 1, eps)));
}

}  // namespace

void RowNorm::set_size(const std::string& setting, const Tensor& mask) {
  DSW_CHECK(setting == "width", "a norm has an open width alone");
  width_mask_ = mask;
}

LayerNorm::LayerNorm(std::int64_t width, bool bias, double eps)
    : width_(width), eps_(eps), weight_(declare("weight", {width}, Init::ones(), false)) {
  if (bias) bias_ = &declare("bias", {width}, Init::zeros(), false);
}
Tensor LayerNorm::forward(const Tensor& x, Forward&) {
  if (!width_mask_) return layer_norm(x, weight_.value, bias_ ? bias_->value : Tensor(), eps_);
  const Tensor scaled = mul(masked_norm(x, width_mask_, true, eps_), weight_.value);
  return cast(bias_ ? add(scaled, bias_->value) : scaled, x.dtype());
}
SumAndNorm LayerNorm::forward_sum(const Tensor& x, const Tensor& r) {
  return add_layer_norm(x, r, weight_.value, bias_ ? bias_->value : Tensor(), eps_);
}
Shape LayerNorm::output_shape(const Shape& input) const {
  check_last_axis("layer norm", input, width_);
  return input;
}
Cost LayerNorm::cost(const Shape& input) const { return row_norm_cost(input, 8, 2, own_parameters()); }

RmsNorm::RmsNorm(std::int64_t width, double eps) : width_(width), eps_(eps), weight_(declare("weight", {width}, Init::ones(), false)) {}
Tensor RmsNorm::forward(const Tensor& x, Forward&) {
  if (!width_mask_) return rms_norm(x, weight_.value, eps_);
  return cast(mul(masked_norm(x, width_mask_, false, eps_), weight_.value), x.dtype());
}
SumAndNorm RmsNorm::forward_sum(const Tensor& x, const Tensor& r) { return add_rms_norm(x, r, weight_.value, eps_); }
Shape RmsNorm::output_shape(const Shape& input) const {
  check_last_axis("rms norm", input, width_);
  return input;
}
Cost RmsNorm::cost(const Shape& input) const { return row_norm_cost(input, 5, 1, own_parameters()); }

BatchNorm2d::BatchNorm2d(std::int64_t channels, double momentum, double eps)
    : channels_(channels),
      momentum_(momentum),
      eps_(eps),
      weight_(declare("weight", {channels}, Init::ones(), false)),
      bias_(declare("bias", {channels}, Init::zeros(), false)),
      running_mean_(declare_buffer("running_mean", {channels}, Init::zeros())),
      running_var_(declare_buffer("running_var", {channels}, Init::ones())) {}
Tensor BatchNorm2d::forward(const Tensor& x, Forward& pass) {
  const bool counted = !(pass.training && pass.again);  // running statistics take each batch once
  const auto first = [this](const Tensor& all) { return first_ > 0 ? slice(all, 0, 0, first_) : all; };
  return batch_norm(x, first(weight_.value), first(bias_.value), counted ? first(running_mean_.value) : Tensor(),
                    counted ? first(running_var_.value) : Tensor(), pass.training, momentum_, eps_);
}
void BatchNorm2d::set_channels(std::int64_t in, std::int64_t out) {
  DSW_CHECK(in == out, "a batch norm has as many outputs as inputs");
  first_ = in;
}
void BatchNorm2d::copy_channels(const Channels&, const Channels& outputs) {
  for (const Parameter* parameter : {&weight_, &bias_, &running_mean_, &running_var_}) copy_parameter_channels(*parameter, {}, outputs);
}
Shape BatchNorm2d::output_shape(const Shape& input) const {
  if (input.rank() != 4 || input[1] != channels()) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("batch norm wants [B, {}, H, W], but its input is {}", channels(), input.text()));
  }
  return input;
}
Cost BatchNorm2d::cost(const Shape& input) const {
  const double elements = static_cast<double>(input.elements());
  return {8 * elements, own_parameters(), 8 * static_cast<double>(channels())};
}

}  // namespace dsw
