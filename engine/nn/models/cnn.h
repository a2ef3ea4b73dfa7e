// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nn/model_type.h"

namespace dsw {

/// Convolutional network on pictures: for each entry of `channels` conv (stride 1, padded to keep the size), norm, activation and a
/// max pool by the entry of `pool`; then flatten, dropout, the dense layers and linear to the classes.
/// State: conv.N, norm.N, dense.N (the last is the classifier). Registered as "cnn".
struct CnnType : ModelType {
  static ParamSchema schema();
  std::vector<Problem> validate(const Json& settings, const InputSpec& input) const override;
  Result<std::unique_ptr<Module>> build(const Json& settings, const InputSpec& input) const override;
  Result<NetworkPlan> plan(const Json& settings, const InputSpec& input, std::int64_t batch) const override;
};

}  // namespace dsw
