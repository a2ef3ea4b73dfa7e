// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/optimizer.h"

#include <cmath>

namespace dsw {

void Optimizer::attach(const std::vector<Module::Named>& parameters) {
  DSW_CHECK(parameters_.empty() && steps_ == 0, "an optimizer is attached once");
  for (const Module::Named& named : parameters) {
    if (!named.parameter->trainable) continue;
    DSW_CHECK(named.parameter->value && named.parameter->value.is_contiguous(), "an optimizer works on materialized parameters");
    parameters_.push_back(named);
    std::vector<Tensor> state;
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) state.push_back(zeros_like(named.parameter->value));
    state_.push_back(std::move(state));
  }
  updates_.reserve(parameters_.size());
}

void Optimizer::step(const Gradients& gradients, double lr, double grad_scale) {
  ++steps_;
  updates_.clear();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = *parameters_[i].parameter;
    const Tensor gradient = gradients.of(parameter.value);
    if (!gradient || gradient.elements() == 0) continue;
    updates_.push_back({&parameter, gradient.is_contiguous() ? gradient : gradient.contiguous_copy(), &state_[i]});
  }
  if (updates_.empty()) return;
  update(updates_, steps_, lr, grad_scale);
  for (const Update& each : updates_) mark_written(each.parameter->value);
  updates_.clear();
}

std::map<std::string, Tensor> Optimizer::state() const {
  std::map<std::string, Tensor> tensors;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    for (std::size_t slot = 0; slot < slots_.size(); ++slot)
      tensors.emplace(std::string(slots_[slot]) + "." + parameters_[i].name, state_[i][slot]);
  return tensors;
}

Result<void> Optimizer::restore(std::int64_t steps, const std::map<std::string, Tensor>& tensors) {
  const std::map<std::string, Tensor> own = state();
  for (const auto& [name, target] : own) {
    const auto found = tensors.find(name);
    if (found == tensors.end())
      return fail(ErrorCode::BadFormat, fmt::format("The checkpoint lacks the optimizer's tensor {}", name),
                  "It was written by another optimizer or model.");
    const Tensor& source = found->second;
    if (!(source.shape() == target.shape()) || source.dtype() != target.dtype()) {
      return fail(ErrorCode::BadFormat,
                  fmt::format("The checkpoint's {} is {} {}, but this run needs {} {}", name, dtype_name(source.dtype()),
                              source.shape().text(), dtype_name(target.dtype()), target.shape().text()));
    }
    if (&source.device() != &target.device())
      return fail(ErrorCode::InvalidArgument, fmt::format("The checkpoint's {} is on another device than the model", name));
  }
  for (const auto& [name, target] : own) copy_into(tensors.at(name), target);
  steps_ = steps;
  return {};
}

Tensor gradient_square_sum(const std::vector<Module::Named>& parameters, const Gradients& gradients) {
  Tensor sum;
  for (const Module::Named& named : parameters) {
    const Tensor gradient = gradients.of(named.parameter->value);
    if (!gradient || gradient.elements() == 0) continue;
    Device& device = gradient.device();
    if (!sum) sum = zeros({1}, DType::F64, device);
    check_status(device.kernels().square_sum(device.stream(), gradient.view(), sum.view()), "square_sum", device);
  }
  return sum;
}

double gradient_norm(const std::vector<Module::Named>& parameters, const Gradients& gradients) {
  const Tensor sum = gradient_square_sum(parameters, gradients);
  return sum ? std::sqrt(sum.item()) : 0;
}

double clip_scale(double norm, double max_norm) { return max_norm > 0 && norm > max_norm ? max_norm / norm : 1; }

}  // namespace dsw
