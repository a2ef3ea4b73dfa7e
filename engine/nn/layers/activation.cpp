// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/layers/activation.h"

#include "engine/nn/ops/dropout.h"
#include "engine/nn/ops/elementwise.h"

namespace dsw {

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names{"relu", "gelu", "gelu-erf", "silu", "tanh", "sigmoid"};
  return names;
}

ActivationKind activation_from_name(const std::string& name) {
  const auto& names = activation_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<ActivationKind>(i);
  }
  throw Error(ErrorCode::NotFound, fmt::format("There is no activation named \"{}\"", name));
}

const char* activation_name(ActivationKind kind) { return activation_names()[static_cast<std::size_t>(kind)].c_str(); }

Tensor activate(ActivationKind kind, const Tensor& x) {
  switch (kind) {
    case ActivationKind::Relu:
      return relu(x);
    case ActivationKind::Gelu:
      return gelu_tanh(x);
    case ActivationKind::GeluErf:
      return gelu(x);
    case ActivationKind::Silu:
      return silu(x);
    case ActivationKind::Tanh:
      return tanh(x);
    case ActivationKind::Sigmoid:
      return sigmoid(x);
  }
  throw Error(ErrorCode::Internal, "an activation without a function");
}

double activation_flops(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::Relu:
      return 1;
    case ActivationKind::Gelu:
      return 9;
    case ActivationKind::GeluErf:
      return 5;
    case ActivationKind::Silu:
      return 5;
    case ActivationKind::Tanh:
      return 1;
    case ActivationKind::Sigmoid:
      return 4;
  }
  return 0;
}

bool activation_keeps_output(ActivationKind kind) {
  return kind == ActivationKind::Relu || kind == ActivationKind::Tanh || kind == ActivationKind::Sigmoid;
}

Cost Activation::cost(const Shape& input) const {
  const double elements = static_cast<double>(input.elements());
  return {activation_flops(kind_) * elements, 0, 0};
}

Tensor drop(const Tensor& x, double p, Forward& pass) { return pass.training && p > 0 ? dropout(x, p, next_dropout_key(pass)) : x; }

std::uint64_t next_dropout_key(Forward& pass) {
  DSW_CHECK(pass.dropout_rng != nullptr, "training with dropout needs random numbers");
  return pass.dropout_rng->next_key();
}

Cost dropout_cost(const Shape& shape, double p) {
  const double elements = p > 0 ? static_cast<double>(shape.elements()) : 0;
  return {2 * elements, 0, 0};
}

Tensor Dropout::forward(const Tensor& x, Forward& pass) { return drop(x, p_, pass); }
Cost Dropout::cost(const Shape& input) const { return dropout_cost(input, p_); }

}  // namespace dsw
