// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/block_chain.h"

#include <algorithm>
#include <chrono>

#include "engine/autograd/activation_checkpoint.h"

namespace dsw {
namespace {

std::uint64_t above(std::uint64_t value, std::uint64_t base) { return value > base ? value - base : 0; }

Tensor run_one(const ChainBlock& block, const Tensor& x, Forward& pass) {
  const ForwardScope scope(pass, block.name);
  Tensor y = block.run(x, pass);
  if (pass.observe) pass.observe(pass.scope, y);
  return y;
}

std::vector<Tensor> trainable(const ChainBlock& block) {
  std::vector<Tensor> found;
  for (const Module::Named& named : block.module->parameters())
    if (named.parameter->value.requires_grad()) found.push_back(named.parameter->value);
  return found;
}

/// Blocks [begin, end) of `blocks` as one op.
Tensor run_recomputed(const std::vector<ChainBlock>& blocks, std::size_t begin, std::size_t end, const Tensor& x, Forward& pass) {
  const std::vector<ChainBlock> part(blocks.begin() + static_cast<std::ptrdiff_t>(begin),
                                     blocks.begin() + static_cast<std::ptrdiff_t>(end));
  std::vector<Tensor> parameters;
  for (const ChainBlock& block : part) {
    const std::vector<Tensor> own = trainable(block);
    parameters.insert(parameters.end(), own.begin(), own.end());
  }
  Forward later;  // what the second pass knows of this one
  later.training = pass.training;
  later.compute = pass.compute;
  later.again = true;
  const bool random = pass.dropout_rng != nullptr;
  const Rng numbers = random ? *pass.dropout_rng : Rng();
  BlockProbe* probe = pass.probe;
  const auto forward = [&](const Tensor& input) {
    Tensor y = input;
    for (const ChainBlock& block : part) y = run_one(block, y, pass);
    return y;
  };
  return checkpoint(x, parameters, forward, [part, later, random, numbers, probe, begin](const Tensor& input) {
    Rng same = numbers;
    Forward again = later;
    if (random) again.dropout_rng = &same;
    if (probe) probe->begin_again(input.device(), begin);
    Tensor y = input;
    for (const ChainBlock& block : part) y = run_one(block, y, again);
    if (probe) probe->end_again(input.device(), begin);
    return y;
  });
}

}  // namespace

Tensor run_blocks(const std::vector<ChainBlock>& blocks, Tensor x, Forward& pass) {
  static const std::vector<RecomputedBlocks> none;
  const std::vector<RecomputedBlocks>& recomputed = pass.recomputed && recording_gradients() ? *pass.recomputed : none;
  auto next = recomputed.begin();
  if (pass.probe) pass.probe->begin_chain(x.device(), blocks.size());
  for (std::size_t i = 0; i < blocks.size();) {
    const auto begin = std::chrono::steady_clock::now();
    const std::size_t end = next != recomputed.end() && next->begin == i ? std::min(next->end, blocks.size()) : i + 1;
    if (next != recomputed.end() && next->begin == i) {
      x = run_recomputed(blocks, i, end, x, pass);
      ++next;
    } else {
      x = run_one(blocks[i], x, pass);
    }
    if (pass.probe) pass.probe->end_block(x.device(), i, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    i = end;
  }
  return x;
}

std::uint64_t BlockProbe::note_peak(Device& device) {
  const std::uint64_t peak = device.allocator_stats().peak_bytes;
  peak_ = std::max(peak_, peak);
  device.reset_peak();
  return peak;
}

void BlockProbe::begin_chain(Device& device, std::size_t blocks) {
  measure_.blocks.assign(blocks, {});
  begin_again_.assign(blocks, 0);
  measure_.base_bytes = live_ = device.allocator_stats().live_bytes;
}

void BlockProbe::end_block(Device& device, std::size_t block, double seconds) {
  const std::uint64_t live = device.allocator_stats().live_bytes;
  measure_.blocks[block].seconds = seconds;
  measure_.blocks[block].output_bytes = above(live, live_);
  live_ = live;
  if (block + 1 == measure_.blocks.size()) note_peak(device);
}

void BlockProbe::begin_again(Device& device, std::size_t block) {
  const std::uint64_t before = note_peak(device), live = device.allocator_stats().live_bytes;
  if (block + 1 == measure_.blocks.size())
    measure_.head_bytes = above(before, live_);
  else
    measure_.blocks[block + 1].needed_bytes = above(before, begin_again_[block + 1]);
  begin_again_[block] = live;
  std::uint64_t inputs = measure_.base_bytes;
  for (std::size_t i = 0; i < block; ++i) inputs += measure_.blocks[i].output_bytes;
  measure_.blocks[block].later_bytes = above(live, inputs);
}

void BlockProbe::end_again(Device& device, std::size_t block) {
  measure_.blocks[block].kept_bytes = above(device.allocator_stats().live_bytes, begin_again_[block]);
}

void BlockProbe::end(Device& device) {
  const std::uint64_t before = note_peak(device);
  if (!measure_.blocks.empty()) measure_.blocks.front().needed_bytes = above(before, begin_again_.front());
}

}  // namespace dsw
