// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/step_plan.h"

#include <algorithm>
#include <optional>

#include "engine/tensor/step_recording.h"
#include "engine/tensor/tensor_impl.h"

namespace dsw {
namespace {

/// A place in an arena, or in memory from before the step.
class PlacedStorage final : public Storage {
 public:
  explicit PlacedStorage(std::size_t bytes) { bytes_ = bytes; }
  void place(void* memory) { data_ = memory; }
};

/// Ends a recording however the step ends.
class Recorded {
 public:
  Recorded(Device& device, const std::shared_ptr<StepRecording>& recording) : device_(device), on_(device.record(recording)) {}
  ~Recorded() { device_.record(nullptr); }
  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;
  bool on() const { return on_; }

 private:
  Device& device_;
  bool on_;
};

}  // namespace

struct StepPlans::Plan {
  std::vector<std::int64_t> key;
  std::string refusal;
  std::shared_ptr<StepRecording> recording;          ///< once it can be repeated
  std::vector<Tensor> inputs;                        ///< places in the arena, where the recorded calls read them
  std::shared_ptr<Storage> arena;                    ///< null while its memory is given back
  std::vector<std::shared_ptr<PlacedStorage>> kept;  ///< of outputs and inputs
  StepOutputs outputs;
  std::optional<StepOutputs> repeatable;  ///< the outputs' places, until the first repetition

  void bind(Device& device) {
    if (arena) return;
    arena = device.allocate(recording->arena_bytes());
    recording->bind(device, arena->data());
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i]->place(recording->kept(i));
  }
  /// Holds no memory.
  void rest() {
    arena.reset();
    outputs = repeatable ? std::move(*repeatable) : recording ? std::move(outputs) : StepOutputs{};
    repeatable.reset();
  }
};

StepPlans::StepPlans(Device& device, std::size_t capacity) : device_(&device), capacity_(capacity) {}
StepPlans::~StepPlans() = default;

void StepPlans::clear() { plans_.clear(); }

void StepPlans::release_memory() {
  for (const auto& plan : plans_) plan->rest();
}

std::size_t StepPlans::plan_bytes() const {
  if (plans_.empty() || !plans_.front()->recording) return 0;
  return plans_.front()->recording->arena_bytes();
}

bool StepPlans::ran_as_one_piece() const { return repeated_ && !plans_.empty() && plans_.front()->recording->ran_as_one_piece(); }

const std::string& StepPlans::refusal() const {
  static const std::string none;
  return plans_.empty() ? none : plans_.front()->refusal;
}

StepPlans::Plan& StepPlans::plan_of(std::span<const std::int64_t> key) {
  Plan* const last = plans_.empty() ? nullptr : plans_.front().get();
  const auto found = std::find_if(plans_.begin(), plans_.end(), [key](const auto& plan) {
    return std::equal(key.begin(), key.end(), plan->key.begin(), plan->key.end());
  });
  if (last && (found == plans_.end() || found->get() != last)) last->rest();  // one arena at a time
  if (found != plans_.end()) {
    plans_.splice(plans_.begin(), plans_, found);
  } else {
    if (plans_.size() >= capacity_) plans_.pop_back();
    plans_.push_front(std::make_unique<Plan>());
    plans_.front()->key.assign(key.begin(), key.end());
  }
  return *plans_.front();
}

const StepOutputs& StepPlans::run(std::span<const std::int64_t> key, std::span<const Tensor> inputs, Rng& rng, const Step& step) {
  Plan& plan = plan_of(key);
  repeated_ = plan.recording != nullptr;
  if (repeated_) {
    repeat(plan, inputs, rng);
  } else if (plan.refusal.empty()) {
    record(plan, inputs, rng, step);
  } else {
    plan.outputs = {};
    plan.outputs = step(inputs, rng);
  }
  return plan.outputs;
}

void StepPlans::record(Plan& plan, std::span<const Tensor> inputs, Rng& rng, const Step& step) {
  plan.outputs = {};
  // The recorded calls may name the inputs' memory: it is only looked up there. Each needs memory of its own.
  std::vector<Tensor> own;
  for (const Tensor& input : inputs) {
    const bool shared = std::any_of(own.begin(), own.end(), [&](const Tensor& x) { return x.impl()->storage == input.impl()->storage; });
    const bool whole = input.is_contiguous() && input.view().data == input.impl()->storage->data();
    own.push_back(shared || !whole ? input.contiguous_copy() : input);
  }
  const auto recording = std::make_shared<StepRecording>(rng);
  {
    const Recorded recorded(*device_, recording);
    if (!recorded.on()) plan.refusal = "this device records no steps";
    for (const Tensor& input : own) recording->given(input.impl()->storage->data(), input.impl()->storage->bytes());
    plan.outputs = step(own, rng);
  }
  if (!plan.refusal.empty()) return;
  std::vector<void*> memory;
  std::vector<std::shared_ptr<PlacedStorage>> kept;
  const auto moved = [&](const Tensor& x) {
    if (!x) return x;
    auto impl = std::make_shared<Tensor::Impl>(*x.detach().impl());
    memory.push_back(impl->storage->data());
    kept.push_back(std::make_shared<PlacedStorage>(impl->storage->bytes()));
    impl->storage = kept.back();
    return Tensor(std::move(impl));
  };
  StepOutputs repeatable;
  for (const Tensor& value : plan.outputs.values) repeatable.values.push_back(moved(value));
  repeatable.gradients = plan.outputs.gradients.mapped(moved);
  std::vector<Tensor> places;
  for (const Tensor& input : own) places.push_back(moved(input));
  plan.refusal = recording->finish(memory);
  if (!plan.refusal.empty()) return;
  plan.recording = recording;
  plan.inputs = std::move(places);
  plan.kept = std::move(kept);
  // The outputs of this run are still those that the step made; the first repetition puts `repeatable` in their place.
  plan.repeatable = std::move(repeatable);
}

void StepPlans::repeat(Plan& plan, std::span<const Tensor> inputs, Rng& rng) {
  if (plan.repeatable) plan.rest();
  DSW_CHECK(inputs.size() == plan.inputs.size(), "a step has as many inputs each time");
  plan.bind(*device_);
  for (std::size_t i = 0; i < inputs.size(); ++i) copy_into(inputs[i], plan.inputs[i]);
  plan.recording->run(*device_, rng);
}

}  // namespace dsw
