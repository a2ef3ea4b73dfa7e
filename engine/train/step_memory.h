// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <optional>
#include <string>

#include "engine/nn/block_chain.h"
#include "engine/train/train_settings.h"

namespace dsw {

/// How the steps of a run fit into memory: which blocks are computed again in the backward pass, and how many examples at once.
/// Neither changes what is learned; the first not a bit of it. Policies that need to know the network (sqrt, auto) let the first step
/// compute every block again and measure it.
class StepMemory {
 public:
  StepMemory() = default;
  explicit StepMemory(const TrainSettings& settings);

  std::int64_t micro_batch() const { return micro_batch_; }
  void set_micro_batch(std::int64_t examples) { micro_batch_ = examples; }

  /// This step is measured, so each block of it has to run.
  bool measuring() const { return measuring_; }
  /// Before each forward pass of a step, and after the step's last backward pass.
  void prepare(Forward& pass);
  /// Gives a sentence when something was chosen.
  std::optional<std::string> learn(Device& device);
  /// After a step that was made again from its recording, whose memory is laid out anew: where that passes the limit, fewer blocks are
  /// kept. Gives a sentence then; the recording is void.
  std::optional<std::string> fit(Device& device);
  /// Most live bytes of the step so far, whatever the probe reset.
  std::uint64_t peak_bytes(Device& device) const;
  /// The step found no memory: half as many examples at once. False: there is only one.
  bool shrink();

 private:
  Checkpointing policy_ = Checkpointing::None;
  std::uint64_t limit_ = 0;
  std::int64_t micro_batch_ = 1;
  bool measuring_ = false, fits_ = true;
  std::uint64_t unforeseen_ = 0;  ///< bytes by which recorded steps exceeded what was predicted
  BlockProbe probe_;
  std::vector<RecomputedBlocks> recomputed_;
};

}  // namespace dsw
