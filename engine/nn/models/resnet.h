// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/nn/block_chain.h"
#include "engine/nn/kept_memory.h"
#include "engine/nn/layers/conv.h"
#include "engine/nn/layers/linear.h"
#include "engine/nn/layers/norms.h"
#include "engine/nn/model_type.h"

namespace dsw {

/// The CIFAR family of He et al. 2016, sec. 4.2: conv 3×3 to `width` channels, three stages of (depth - 2) / 6 blocks with width, 2 width
/// and 4 width channels (the second and third halve the picture), global average pool, linear.
struct ResNetConfig {
  std::int64_t channels = 3, classes = 10, depth = 20, width = 16;
  bool projection = false;  ///< shortcut B: 1×1 conv and norm; else A: every second pixel, missing channels zero
};

/// relu(bn2(conv2(relu(bn1(conv1 x)))) + shortcut(x)); [B, in, H, W] → [B, out, H/stride, W/stride]. Cost: the layers', one FLOP an
/// element for the sum and each relu. State as akamaster/pytorch_resnet_cifar10: conv1, bn1, conv2, bn2, shortcut.0, shortcut.1.
class ResNetBlock : public Module, public KeptMemory {
 public:
  ResNetBlock(std::int64_t in, std::int64_t out, std::int64_t stride, bool projection);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  /// Counts its output, which its last relu keeps.
  Cost cost(const Shape& input) const override;
  bool keeps_input() const override { return true; }
  /// The two halves and the sum with its shortcut, for the plan.
  Cost first_cost(const Shape& input) const;
  Cost second_cost(const Shape& input) const;
  Cost sum_cost(const Shape& input) const;

 private:
  Tensor shortcut(const Tensor& x, Forward& pass);

  std::int64_t in_, out_, stride_;
  Conv2d& conv1_;
  BatchNorm2d& bn1_;
  Conv2d& conv2_;
  BatchNorm2d& bn2_;
  Conv2d* projection_ = nullptr;
  BatchNorm2d* projection_norm_ = nullptr;
};

/// x [B, channels, H, W] → logits [B, classes]. State: conv1, bn1, layer{1,2,3}.N, linear. Weights N(0, 2 / fan in) (He et al. 2015).
/// Observed besides the blocks': "pooled" [B, 4 width].
class ResNet : public Module, public HasChain {
 public:
  explicit ResNet(const ResNetConfig& config);
  Tensor forward(const Tensor& x, Forward& pass) override;
  Shape output_shape(const Shape& input) const override;
  Cost cost(const Shape& input) const override;
  std::vector<BlockCost> chain_costs(const Shape& input) const override;
  Cost stem_cost(const Shape& input) const;
  Cost head_cost(const Shape& features) const;  ///< features [B, 4 width, H, W]: pool and linear

 private:
  Conv2d& conv1_;
  BatchNorm2d& bn1_;
  std::vector<std::pair<std::string, ResNetBlock*>> blocks_;
  Linear* linear_ = nullptr;
};

/// Registered as "resnet".
struct ResNetType : ModelType {
  static ParamSchema schema();
  std::vector<Problem> validate(const Json& settings, const InputSpec& input) const override;
  Result<std::unique_ptr<Module>> build(const Json& settings, const InputSpec& input) const override;
  Result<NetworkPlan> plan(const Json& settings, const InputSpec& input, std::int64_t batch) const override;
};

}  // namespace dsw
