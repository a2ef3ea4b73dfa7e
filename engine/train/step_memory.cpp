// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/step_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/train/recompute_plan.h"

namespace dsw {
namespace {

constexpr std::size_t kMostBlocks = 4096;   // of a network whose chain was not seen yet
constexpr double kShareOfFreeMemory = 0.8;  // what `auto` takes without a limit
std::string megabytes(std::uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

std::size_t computed_again(const std::vector<RecomputedBlocks>& parts) {
  std::size_t sum = 0;
  for (const RecomputedBlocks& part : parts) sum += part.end - part.begin;
  return sum;
}

}  // namespace

StepMemory::StepMemory(const TrainSettings& settings)
    : policy_(settings.checkpointing),
      limit_(settings.memory_limit),
      micro_batch_(settings.micro_batch),
      measuring_(policy_ == Checkpointing::Sqrt || policy_ == Checkpointing::Auto) {
  if (policy_ != Checkpointing::None) recomputed_ = every_block(kMostBlocks);
}

void StepMemory::prepare(Forward& pass) {
  pass.recomputed = recomputed_.empty() ? nullptr : &recomputed_;
  if (measuring_) pass.probe = &probe_;
}

std::optional<std::string> StepMemory::learn(Device& device) {
  if (!measuring_) return std::nullopt;
  probe_.end(device);
  const ChainMeasure& chain = probe_.measure();
  const std::size_t count = chain.blocks.size();
  measuring_ = false;
  if (policy_ == Checkpointing::Sqrt || count == 0) {
    recomputed_ = sqrt_blocks(count);
    return std::nullopt;
  }
  const AllocatorStats now = device.allocator_stats();
  const std::uint64_t limit =
      limit_ > 0 ? limit_
                 : static_cast<std::uint64_t>(kShareOfFreeMemory * static_cast<double>(device.info().free_bytes + now.reserved_bytes));
  const auto choice = choose_recomputed(chain, limit);
  if (choice) {
    recomputed_ = choice->recomputed;
    fits_ = limit_ == 0;
    if (recomputed_.empty()) return std::nullopt;
    return fmt::format("{} of {} blocks are computed again in the backward pass, so that a step takes {} at most",
                       computed_again(recomputed_), count, megabytes(choice->peak_bytes));
  }
  const std::string needs = fmt::format("With every block computed again a step takes {}, above the limit of {}",
                                        megabytes(predicted_peak(chain, every_block(count))), megabytes(limit));
  if (!shrink()) return needs;
  measuring_ = true;
  probe_ = BlockProbe();  // the next step's peak is its own
  return fmt::format("{}: {} examples at once from here on", needs, micro_batch_);
}

std::optional<std::string> StepMemory::fit(Device& device) {
  if (fits_) return std::nullopt;
  const std::uint64_t peak = device.allocator_stats().peak_bytes;
  fits_ = peak <= limit_;
  if (fits_) return std::nullopt;
  unforeseen_ += peak - limit_;
  const auto choice = choose_recomputed(probe_.measure(), limit_ - std::min(limit_, unforeseen_));
  fits_ = !choice || choice->recomputed == recomputed_;  // nothing more can be done
  if (fits_) return std::nullopt;
  recomputed_ = choice->recomputed;
  return fmt::format("The step took {}, above the limit of {}: {} of {} blocks are computed again from here on", megabytes(peak),
                     megabytes(limit_), computed_again(recomputed_), probe_.measure().blocks.size());
}

std::uint64_t StepMemory::peak_bytes(Device& device) const {
  return std::max(device.allocator_stats().peak_bytes, measuring_ ? probe_.peak_bytes() : 0);
}

bool StepMemory::shrink() {
  if (micro_batch_ <= 1) return false;
  micro_batch_ = (micro_batch_ + 1) / 2;
  return true;
}

}  // namespace dsw
