// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/module.h"

#include <set>

#include "engine/autograd/node.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

void fill(Parameter& parameter, const std::string& full_name, Device& device, std::uint64_t seed, DType dtype) {
  Tensor value = empty(parameter.shape, dtype, device);
  // A stream for each name: adding, removing or reordering parameters leaves the others' values as they were.
  const std::uint64_t key = Rng(seed, "init/" + full_name).next_key();
  const DswKernels& kernels = device.kernels();
  switch (parameter.init.kind) {
    case Init::Kind::Zeros:
      check_status(kernels.fill(device.stream(), value.view(), 0), "fill", device);
      break;
    case Init::Kind::Ones:
      check_status(kernels.fill(device.stream(), value.view(), 1), "fill", device);
      break;
    case Init::Kind::Normal:
      check_status(kernels.random_normal(device.stream(), value.view(), key, 0, parameter.init.a), "random_normal", device);
      break;
    case Init::Kind::Uniform:
      check_status(kernels.random_uniform(device.stream(), value.view(), key, -parameter.init.a, parameter.init.a), "random_uniform",
                   device);
      break;
  }
  if (parameter.trainable) value.set_requires_grad(true);
  parameter.value = value;
}

}  // namespace

Tensor Forward::activation(const Tensor& x) const {
  return compute.dtype == DType::F32 || !dtype_is_float(x.dtype()) ? x : cast(x, compute.dtype);
}

Tensor Forward::weight(const Tensor& master) {
  if (compute.dtype == DType::F32 || master.dtype() == compute.dtype) return master;
  Tensor& copy = copies[master.id()];
  // A copy made while nothing was recorded has no way back to its weight.
  if (!copy || (recording_gradients() && master.requires_grad() && !copy.requires_grad())) copy = cast(master, compute.dtype);
  return copy;
}

void Module::materialize(Device& device, std::uint64_t seed, DType dtype) {
  for (Named& named : parameters()) fill(*named.parameter, named.name, device, seed, dtype);
}

std::vector<Module::Named> Module::parameters() {
  std::set<const Parameter*> seen;
  std::vector<Named> out;
  for (const auto& parameter : own_) {
    if (seen.insert(parameter.get()).second) out.push_back({parameter->name, parameter.get()});
  }
  for (const auto& [name, child] : children_) {
    for (const Named& named : child->parameters()) {
      if (seen.insert(named.parameter).second) out.push_back({name + "." + named.name, named.parameter});
    }
  }
  return out;
}

std::int64_t Module::trainable_elements() {
  std::int64_t sum = 0;
  for (const Named& named : parameters()) {
    if (named.parameter->trainable) sum += named.parameter->shape.elements();
  }
  return sum;
}

Parameter& Module::declare(std::string name, Shape shape, Init init, bool decay) {
  own_.push_back(std::make_unique<Parameter>(Parameter{std::move(name), shape, init, true, decay, {}}));
  return *own_.back();
}

Parameter& Module::declare_buffer(std::string name, Shape shape, Init init) {
  own_.push_back(std::make_unique<Parameter>(Parameter{std::move(name), shape, init, false, false, {}}));
  return *own_.back();
}

double Module::own_parameters() const {
  double sum = 0;
  for (const auto& parameter : own_) {
    if (parameter->trainable) sum += static_cast<double>(parameter->shape.elements());
  }
  return sum;
}

Tensor Module::call(const std::string& name, Module& child, const Tensor& x, Forward& pass) {
  ForwardScope scope(pass, name);
  Tensor y = child.forward(x, pass);
  if (pass.observe) pass.observe(pass.scope, y);
  return y;
}

}  // namespace dsw
