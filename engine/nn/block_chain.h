// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/nn/module.h"

namespace dsw {

/// One link of a chain, such as a transformer's block: y = run(x, pass). `name`: its full name, for observers.
struct ChainBlock {
  std::string name;
  Module* module;  ///< whose parameters run reads
  std::function<Tensor(const Tensor& x, Forward& pass)> run;
};

/// What a block costs, from shapes alone; float32.
struct BlockCost {
  double flops = 0, parameters = 0;
  double output_bytes = 0, kept_bytes = 0;  ///< kept for its backward pass, output included, input not
  double gradient_bytes = 0;                ///< most of the gradients of activations that its backward pass holds at once
};
/// A network with a chain says what its blocks cost for an input of the whole network.
class HasChain {
 public:
  virtual ~HasChain() = default;
  virtual std::vector<BlockCost> chain_costs(const Shape& input) const = 0;
};

/// x through all blocks. Those in pass.recomputed keep only their first input and are computed again in the backward pass, with the
/// same random numbers and without touching running statistics: gradients have the same bits either way.
Tensor run_blocks(const std::vector<ChainBlock>& blocks, Tensor x, Forward& pass);

/// What one step took of each block of a chain in which every block is computed again. Bytes are of the device's live memory.
struct BlockMeasure {
  double seconds = 0;              ///< of its forward pass
  std::uint64_t output_bytes = 0;  ///< of what it gives
  std::uint64_t kept_bytes = 0;    ///< of what it keeps for its backward pass, output included, input not
  std::uint64_t needed_bytes = 0;  ///< most during its backward pass, above what was live at its begin
  std::uint64_t later_bytes = 0;   ///< live at that begin besides the inputs of it and its forerunners: gradients of later weights
};

struct ChainMeasure {
  std::vector<BlockMeasure> blocks;  ///< empty: the network has no chain
  std::uint64_t base_bytes = 0;      ///< live before the chain: weights, optimizer state, the chain's input
  std::uint64_t head_bytes = 0;      ///< most between the chain and its backward pass, above what was live at its end
};

/// Measures a chain in one forward and backward pass. Resets the device's peak as it goes: peak_bytes() knows all of it.
class BlockProbe {
 public:
  void begin_chain(Device& device, std::size_t blocks);
  void end_block(Device& device, std::size_t block, double seconds);
  void begin_again(Device& device, std::size_t block);
  void end_again(Device& device, std::size_t block);
  /// After the step.
  void end(Device& device);

  const ChainMeasure& measure() const { return measure_; }
  std::uint64_t peak_bytes() const { return peak_; }

 private:
  std::uint64_t note_peak(Device& device);
  ChainMeasure measure_;
  std::uint64_t peak_ = 0, live_ = 0;
  std::vector<std::uint64_t> begin_again_;
};

}  // namespace dsw
