// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/autograd/node.h"
#include "engine/core/rng.h"

namespace dsw {

class StepRecording;  // engine/tensor/step_recording.h

/// What a step gives: tensors in an order that it chooses, and gradients.
struct StepOutputs {
  std::vector<Tensor> values;
  Gradients gradients;
};

/// Steps whose shapes repeat: computed and recorded the first time, made again from the recording from then on, with the same bits
/// (tensor/step_recording.h). One step function has a plan for each key, such as its shapes and the path that was sampled; the least
/// recently used of more than `capacity` goes. Only the last one used holds an arena. A step that cannot be recorded is computed each time.
/// One thread.
class StepPlans {
 public:
  explicit StepPlans(Device& device, std::size_t capacity = 8);
  ~StepPlans();
  StepPlans(const StepPlans&) = delete;
  StepPlans& operator=(const StepPlans&) = delete;

  /// Runs on `inputs` with the random stream `rng`. It reads no memory by the host, and nothing from before it but `inputs` and memory
  /// that stays where it is (weights); it does the same for the same key.
  using Step = std::function<StepOutputs(std::span<const Tensor> inputs, Rng& rng)>;

  /// `key`: whatever the step depends on beside the inputs' content. The outputs are valid until the next call.
  const StepOutputs& run(std::span<const std::int64_t> key, std::span<const Tensor> inputs, Rng& rng, const Step& step);

  /// The last run() repeated a recording.
  bool repeated() const { return repeated_; }
  /// And the device ran it as one captured piece.
  bool ran_as_one_piece() const;
  /// Memory that a repetition of the last run's step takes; 0 where it is computed each time.
  std::size_t plan_bytes() const;
  /// Why the last run's key is computed each time; empty where it is not.
  const std::string& refusal() const;
  /// Gives the arenas' memory back until they are needed again. Outputs become invalid.
  void release_memory();
  /// Forgets everything, as when the weights' memory changed.
  void clear();

 private:
  struct Plan;
  Plan& plan_of(std::span<const std::int64_t> key);
  void record(Plan& plan, std::span<const Tensor> inputs, Rng& rng, const Step& step);
  void repeat(Plan& plan, std::span<const Tensor> inputs, Rng& rng);

  Device* device_;
  std::size_t capacity_;
  std::list<std::unique_ptr<Plan>> plans_;  ///< the most recently used first
  bool repeated_ = false;
};

}  // namespace dsw
