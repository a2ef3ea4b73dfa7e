// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

namespace dsw {

struct Catalog;

/// The learning rate over a run, as a factor of the optimizer's `lr`. A pure function, so a resume needs no state.
/// All but one-cycle start with a linear warm-up: (step + 1) / (warmup + 1) for step < warmup.
/// With p = (step - warmup) / (total - warmup) limited to 0 … 1 they go on as
///   constant   1
///   linear     1 - (1 - floor) p
///   cosine     floor + (1 - floor) (1 + cos πp) / 2                       Source: Loshchilov & Hutter 2017, without restarts
///   step       factor^(number of `at` that step / total has reached)
///   one-cycle  up by a half cosine from `start` to 1 during `rise`, then down to `floor`      Source: Smith & Topin 2018
class LrSchedule {
 public:
  virtual ~LrSchedule() = default;
  /// @param step  0 … total - 1 (beyond: as at the end)   @param total  steps of the whole run, >= 1   @return 0 … 1 and above 0 in
  /// the first step
  virtual double factor(std::int64_t step, std::int64_t total) const = 0;
};

/// The entries of Catalog::lr_schedules. register_optimizers calls it.
void register_lr_schedules(Catalog& catalog);

}  // namespace dsw
