// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/memory_estimate.h"

#include <algorithm>
#include <cmath>

#include "engine/nn/network_loss.h"
#include "engine/train/recompute_plan.h"

namespace dsw {
namespace {

constexpr double kFloat = 4;

std::uint64_t whole(double bytes) { return static_cast<std::uint64_t>(std::llround(std::max(0.0, bytes))); }

/// The chain as a BlockProbe would measure it: FLOPs for seconds.
ChainMeasure chain_of(const std::vector<BlockCost>& costs, double before, double head, double later_weights) {
  ChainMeasure chain;
  chain.base_bytes = whole(before);
  chain.head_bytes = whole(head);
  chain.blocks.resize(costs.size());
  for (std::size_t i = costs.size(); i-- > 0;) {
    const BlockCost& cost = costs[i];
    BlockMeasure& block = chain.blocks[i];
    block.seconds = cost.flops;
    block.output_bytes = whole(cost.output_bytes);
    block.kept_bytes = whole(cost.kept_bytes);
    block.needed_bytes = whole(cost.kept_bytes + cost.gradient_bytes);
    block.later_bytes = whole(kFloat * later_weights);
    later_weights += cost.parameters;
  }
  return chain;
}

double stored_bytes(const std::vector<BlockCost>& costs, const std::vector<RecomputedBlocks>& recomputed) {
  double sum = 0;
  for (const BlockCost& cost : costs) sum += cost.kept_bytes;
  for (const RecomputedBlocks& part : recomputed) {
    for (std::size_t i = part.begin; i < part.end; ++i) sum -= costs[i].kept_bytes;
    sum += costs[part.end - 1].output_bytes;
  }
  return sum;
}

}  // namespace

MemoryEstimate estimate_memory(Module& model, const InputSpec& input, const TrainSettings& settings, double optimizer_slots,
                               DType compute) {
  MemoryEstimate estimate;
  const auto* with_chain = dynamic_cast<const HasChain*>(&model);
  const double weights = static_cast<double>(model.trainable_elements()), standing = kFloat * weights * (1 + optimizer_slots);
  const double share = static_cast<double>(dtype_bytes(compute)) / kFloat, copies = share < 1 ? share * kFloat * weights : 0;
  for (std::int64_t micro = settings.micro_batch;; micro = (micro + 1) / 2) {
    const Shape shape = input.input_shape(micro);
    const double all = share * model.cost(shape).activation_bytes;
    const double sums = micro < settings.batch ? kFloat * weights : 0;  // of the micro-batches before
    const double parts = std::ceil(static_cast<double>(settings.batch) / static_cast<double>(micro));
    estimate.micro_batch = micro;
    std::vector<BlockCost> costs = with_chain ? with_chain->chain_costs(shape) : std::vector<BlockCost>{};
    for (BlockCost& cost : costs)
      for (double* bytes : {&cost.output_bytes, &cost.kept_bytes, &cost.gradient_bytes}) *bytes *= share;
    if (costs.empty()) {
      estimate.activation_bytes = all + copies;
      estimate.peak_bytes = standing + sums + all + copies + kFloat * weights;
      return estimate;
    }
    double in_chain = 0, chain_weights = 0;
    for (const BlockCost& cost : costs) {
      in_chain += cost.kept_bytes;
      chain_weights += cost.parameters;
    }
    const double logits = share * logits_bytes(model, shape);
    const double rest = std::max(0.0, all - in_chain - logits);
    const ChainMeasure chain = chain_of(costs, standing + sums + copies + rest, 2 * logits, weights - chain_weights);
    std::vector<RecomputedBlocks> recomputed;
    if (settings.checkpointing == Checkpointing::EveryBlock) recomputed = every_block(costs.size());
    if (settings.checkpointing == Checkpointing::Sqrt) recomputed = sqrt_blocks(costs.size());
    if (settings.checkpointing == Checkpointing::Auto && settings.memory_limit > 0) {
      const auto choice = choose_recomputed(chain, settings.memory_limit);
      if (!choice && micro > 1) continue;
      recomputed = choice ? choice->recomputed : every_block(costs.size());
    }
    estimate.activation_bytes = copies + rest + logits + stored_bytes(costs, recomputed);
    estimate.peak_bytes = std::max(static_cast<double>(predicted_peak(chain, recomputed)), standing + sums + copies + kFloat * weights);
    for (const RecomputedBlocks& part : recomputed)
      for (std::size_t i = part.begin; i < part.end; ++i) estimate.again_flops += parts * costs[i].flops;
    return estimate;
  }
}

}  // namespace dsw
