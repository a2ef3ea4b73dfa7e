// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/autograd/node.h"
#include "engine/core/result.h"
#include "engine/nn/module.h"

namespace dsw {

struct Catalog;

/// Changes parameters against their gradients. Made by Catalog::optimizers from the settings of /optimizer; used by the run's
/// worker thread. It holds pointers to the parameters, which outlive it.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Takes the trainable ones of `parameters` (materialized) and allocates their state, all zeros. Once, before the first step.
  void attach(const std::vector<Module::Named>& parameters);
  /// One step in place with learning rate `lr` (the schedule's factor times base_lr()). Gradients are multiplied by
  /// `grad_scale` on the way (clip_scale; the inverse of a loss scale). A parameter without a gradient stays as it is.
  void step(const Gradients& gradients, double lr, double grad_scale = 1);

  double base_lr() const { return lr_; }
  std::int64_t steps() const { return steps_; }  ///< steps made
  const std::vector<Module::Named>& parameters() const { return parameters_; }

  /// What a checkpoint keeps besides the weights: name ("momentum.blocks.0.weight") → tensor of the parameter's shape.
  /// The tensors share the optimizer's memory.
  std::map<std::string, Tensor> state() const;
  /// Goes on from a checkpoint: `tensors` may hold more than the state. Error{BadFormat} names what is missing or does not fit;
  /// then nothing was changed.
  Result<void> restore(std::int64_t steps, const std::map<std::string, Tensor>& tensors);

 protected:
  /// `slots`: one name for each tensor of state a parameter has ("momentum"; "m", "v").
  Optimizer(double lr, std::vector<const char*> slots) : lr_(lr), slots_(std::move(slots)) {}
  /// A parameter of this step with its gradient and state, all contiguous.
  struct Update {
    const Parameter* parameter;
    Tensor gradient;
    const std::vector<Tensor>* state;
  };
  /// One step of them all, of one device, at least one. `step` counts from 1.
  virtual void update(std::span<const Update> updates, std::int64_t step, double lr, double grad_scale) = 0;

 private:
  double lr_;
  std::vector<const char*> slots_;
  std::vector<Module::Named> parameters_;
  std::vector<std::vector<Tensor>> state_;  ///< [parameter][slot]
  std::vector<Update> updates_;             ///< of the running step; keeps its memory
  std::int64_t steps_ = 0;
};

/// The sum of squares of all gradients of the parameters together, float64 [1]; undefined without gradients.
Tensor gradient_square_sum(const std::vector<Module::Named>& parameters, const Gradients& gradients);
/// Euclidean norm of all gradients of the parameters together, in float64, before any scaling. NaN or infinite when a gradient is.
/// Source: Pascanu, Mikolov, Bengio 2013.
double gradient_norm(const std::vector<Module::Named>& parameters, const Gradients& gradients);
/// Factor that brings a norm down to `max_norm`: min(1, max_norm / norm). max_norm <= 0: 1 (no clipping).
double clip_scale(double norm, double max_norm);

/// The entries of Catalog::optimizers (`adamw`, `sgd`) and of Catalog::lr_schedules.
void register_optimizers(Catalog& catalog);

}  // namespace dsw
