// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nn/model_type.h"

namespace dsw {

/// Fully connected network on pictures: flatten, then linear, activation and dropout for each hidden layer, then linear to the classes.
/// State: layers.N.{weight, bias}, N counting the linear layers. Registered as "mlp".
struct MlpType : ModelType {
  static ParamSchema schema();
  std::vector<Problem> validate(const Json& settings, const InputSpec& input) const override;
  Result<std::unique_ptr<Module>> build(const Json& settings, const InputSpec& input) const override;
  Result<NetworkPlan> plan(const Json& settings, const InputSpec& input, std::int64_t batch) const override;
};

}  // namespace dsw
