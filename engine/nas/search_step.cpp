// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/search_step.h"

#include <cmath>
#include <limits>

#include "engine/nas/score_function.h"
#include "engine/nn/network_loss.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/nn/ops/softmax.h"

namespace dsw {
namespace {

using Phase = SearchAlgorithm::Phase;

constexpr float kClosed = -1e9F;         // to α of a closed candidate: its softmax is 0
constexpr std::int64_t kNumberRows = 3;  // closed, noise, slope

/// One pass as the host drew it.
struct Drawn {
  std::vector<std::vector<bool>> active;
  std::vector<float> numbers;   ///< [kNumberRows, all candidates]
  std::vector<float> schedule;  ///< 1 / temperature, weight of the regulariser, strength of the penalty, baseline of the score function
};

Drawn draw_pass(const SearchState& state, Phase phase, Rng& rng) {
  Drawn drawn;
  std::size_t total = 0, at = 0;
  for (const SpaceChoice& choice : state.space.choices) total += choice.candidates.size();
  drawn.numbers.assign(static_cast<std::size_t>(kNumberRows) * total, 0);
  const std::vector<std::vector<double>> alphas = state.alphas();
  for (std::size_t c = 0; c < alphas.size(); ++c) {
    const SearchAlgorithm::Draw one = state.algorithm->draw(phase, alphas[c], state.open[c], rng);
    for (std::size_t i = 0; i < alphas[c].size(); ++i, ++at) {
      drawn.numbers[at] = state.open[c][i] ? 0 : kClosed;
      if (!one.noise.empty()) drawn.numbers[total + at] = one.noise[i];
      if (!one.slope.empty()) drawn.numbers[2 * total + at] = one.slope[i];
    }
    drawn.active.push_back(one.active);
  }
  const double progress = state.settings.progress(state.step);
  const std::int64_t epoch = std::max<std::int64_t>(0, state.settings.epoch_of(state.step) - state.settings.warmup);
  drawn.schedule = {static_cast<float>(1 / state.algorithm->temperature(progress, epoch)),
                    static_cast<float>(state.algorithm->regulariser_weight(progress)), 1, static_cast<float>(state.baseline)};
  return drawn;
}

/// What a recorded pass depends on beside its inputs.
std::vector<std::int64_t> pass_key(Phase phase, bool pulls, const Batch& batch, const Drawn& drawn, const PartialChannels& partial) {
  std::vector<std::int64_t> key{static_cast<std::int64_t>(phase), pulls, batch.input.size(0), batch.input.elements(), partial.now};
  for (const std::vector<bool>& active : drawn.active) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < active.size(); ++i) bits |= static_cast<std::uint64_t>(active[i]) << i;
    key.push_back(static_cast<std::int64_t>(bits));
  }
  return key;
}

/// Weights ask for no gradient while the architecture alone learns.
class WeightsAside {
 public:
  explicit WeightsAside(Module& network, bool aside) {
    if (!aside) return;
    for (const Module::Named& named : network.parameters())
      if (named.parameter->trainable) set_.push_back(named.parameter->value);
    for (Tensor& value : set_) value.set_requires_grad(false);
  }
  ~WeightsAside() {
    for (Tensor& value : set_) value.set_requires_grad(true);
  }
  WeightsAside(const WeightsAside&) = delete;
  WeightsAside& operator=(const WeightsAside&) = delete;

 private:
  std::vector<Tensor> set_;
};

Tensor row(const Tensor& numbers, std::int64_t which, std::int64_t begin, std::int64_t count) {
  return reshape(slice(slice(numbers, 0, which, which + 1), 1, begin, begin + count), Shape{count});
}

class Pass {
 public:
  Pass(SearchState& state, Phase phase, bool pulls, const Drawn& drawn) : state_(state), phase_(phase), pulls_(pulls), drawn_(drawn) {}

  StepOutputs operator()(std::span<const Tensor> inputs, Rng& dropout) {
    const Tensor &numbers = inputs[2], &schedule = inputs[3];
    state_.supernet->set(mixing(numbers, slice(schedule, 0, 0, 1)));
    Forward pass;
    pass.training = true;
    pass.dropout_rng = &dropout;
    const bool architecture = phase_ != Phase::Weights;
    const WeightsAside aside(*state_.supernet, phase_ == Phase::Architecture);
    const Tensor loss = network_loss(*state_.supernet, inputs[0], inputs[1],
                                     architecture && phase_ != Phase::Both ? 0 : state_.settings.label_smoothing, pass);
    StepOutputs outputs;
    outputs.values = {loss.detach(), {}, {}};
    Tensor whole = architecture && pulls_ ? with_pulls(loss, schedule) : loss;
    if (architecture && state_.algorithm->by_score())
      whole = add(whole, score_function(alphas_, drawn_.active, loss, slice(schedule, 0, 3, 4)));
    outputs.gradients = backward(whole);
    if (phase_ != Phase::Architecture) outputs.values[1] = gradient_square_sum(state_.optimizer->parameters(), outputs.gradients);
    if (architecture) outputs.values[2] = gradient_square_sum(state_.architecture_optimizer->parameters(), outputs.gradients);
    // What stays in use after a step cannot be laid out in its arena.
    alphas_.clear();
    state_.supernet->set({});
    return outputs;
  }

 private:
  Mixing mixing(const Tensor& numbers, const Tensor& inverse_temperature) {
    Mixing mixing;
    mixing.active = drawn_.active;
    mixing.partial = state_.partial;
    mixing.weights.resize(drawn_.active.size());
    alphas_.clear();
    std::int64_t at = 0;
    for (std::size_t c = 0; c < drawn_.active.size(); ++c) {
      const auto count = static_cast<std::int64_t>(drawn_.active[c].size());
      alphas_.push_back(add(state_.parameters->alpha(c), row(numbers, 0, at, count)));
      if (!(phase_ == Phase::Weights && state_.algorithm->one_path(phase_)) && state_.algorithm->learns() &&
          !state_.algorithm->by_score()) {
        const Tensor factors = state_.algorithm->factors(
            {alphas_[c], row(numbers, 1, at, count), row(numbers, 2, at, count), inverse_temperature, drawn_.active[c]});
        mixing.weights[c] = phase_ == Phase::Weights ? factors.detach() : factors;
      }
      at += count;
    }
    mixing.edges.resize(state_.parameters->edges());
    if (state_.algorithm->edge_weights())
      for (std::size_t e = 0; e < mixing.edges.size(); ++e) {
        const Tensor factors = softmax(state_.parameters->beta(e));
        mixing.edges[e] = phase_ == Phase::Weights ? factors.detach() : factors;
      }
    return mixing;
  }

  /// The cost's penalty, the algorithm's own regulariser, and an L2 pull on α and β.
  Tensor with_pulls(const Tensor& loss, const Tensor& schedule) const {
    Tensor whole = loss;
    const SearchSettings& settings = state_.settings;
    if (settings.target > 0 && settings.penalty.scale > 0) {
      std::vector<Tensor> p;
      for (const Tensor& alpha : alphas_) p.push_back(state_.algorithm->probabilities(alpha));
      whole = penalised(whole, state_.cost->of(p, 1 / settings.target), slice(schedule, 0, 2, 3), settings.penalty);
    }
    Tensor regulariser;
    for (std::size_t c = 0; c < alphas_.size(); ++c) {
      const Tensor one = state_.algorithm->regulariser(state_.parameters->alpha(c));
      if (one) regulariser = regulariser ? add(regulariser, one) : one;
    }
    if (regulariser)
      whole = add(whole, reshape(mul(affine(regulariser, 1 / static_cast<double>(alphas_.size())), slice(schedule, 0, 1, 2)), Shape{}));
    if (const double pull = state_.algorithm->weight_decay; pull > 0) {
      for (std::size_t c = 0; c < alphas_.size(); ++c) whole = add(whole, affine(sum(square(state_.parameters->alpha(c))), pull / 2));
      if (state_.algorithm->edge_weights())
        for (std::size_t e = 0; e < state_.parameters->edges(); ++e)
          whole = add(whole, affine(sum(square(state_.parameters->beta(e))), pull / 2));
    }
    return whole;
  }

  SearchState& state_;
  Phase phase_;
  bool pulls_;
  const Drawn& drawn_;
  std::vector<Tensor> alphas_;
};

Error not_a_number(const SearchState& state, const char* what) {
  return Error(ErrorCode::NotANumber, fmt::format("{} is no longer finite at step {}", what, state.step + 1),
               "Start it again with smaller learning rates.");
}

/// A running mean of the losses before.
void learn_baseline(SearchState& state, double loss) { state.baseline += 0.1 * (loss - state.baseline); }

double norm_of(const Tensor& square_sum) { return square_sum ? std::sqrt(square_sum.item()) : 0; }

}  // namespace

const StepOutputs& search_pass(SearchState& state, Phase phase, const Batch& batch, Rng draws, bool pulls) {
  const Drawn drawn = draw_pass(state, phase, draws);
  state.flops +=
      kPassesOfStep * static_cast<double>(batch.input.size(0)) * state.supernet->flops({drawn.active, {}, {}, {}, state.partial});
  Device& device = batch.input.device();
  const auto total = static_cast<std::int64_t>(drawn.numbers.size()) / kNumberRows;
  const std::array<Tensor, 4> inputs{batch.input, batch.target, from_host(drawn.numbers, {kNumberRows, total}, device),
                                     from_host(drawn.schedule, device)};
  Rng dropout(draws.next_u64(), "dropout");
  Pass pass(state, phase, pulls, drawn);
  return state.plans->run(pass_key(phase, pulls, batch, drawn, state.partial), inputs, dropout,
                          [&](std::span<const Tensor> from, Rng& random) { return pass(from, random); });
}

Rng draws_of(const SearchState& state, Phase phase) {
  return Rng(state.seed, fmt::format("search/{}/{}", phase == Phase::Weights ? "weights" : "architecture", state.step));
}

Batch held_out_batch(const SearchState& state, std::int64_t step, Device& device) {
  return state.data->train_batch_of(state.settings.architecture_share(), state.seed, step, state.settings.batch, device);
}

Result<SearchStepResult> search_step(SearchState& state, Device& device) {
  SearchStepResult result;
  result.held_out_loss = std::numeric_limits<double>::quiet_NaN();
  const bool learning = state.learning(), apart = state.settings.held_out > 0;
  const auto items = [&](const Batch& batch) {
    return state.data->input_spec().kind == InputSpec::Kind::Image ? batch.input.size(0) : batch.input.elements();
  };
  if (learning && apart) {
    const Batch batch = held_out_batch(state, state.step, device);
    result.items += items(batch);
    const StepOutputs& outputs = search_pass(state, Phase::Architecture, batch, draws_of(state, Phase::Architecture));
    result.held_out_loss = outputs.values[0].item();
    if (!std::isfinite(result.held_out_loss) || !std::isfinite(norm_of(outputs.values[2])))
      return fail(not_a_number(state, "search/loss or its gradient"));
    learn_baseline(state, result.held_out_loss);
    state.architecture_optimizer->step(outputs.gradients, state.architecture_rate());
  }
  const Phase phase = learning && !apart ? Phase::Both : Phase::Weights;
  const Batch batch = state.data->train_batch_of(state.settings.weights_share(), state.seed, state.step, state.settings.batch, device);
  result.items += items(batch);
  const StepOutputs& outputs = search_pass(state, phase, batch, draws_of(state, phase));
  result.loss = outputs.values[0].item();
  result.norm = norm_of(outputs.values[1]);
  if (!std::isfinite(result.loss) || !std::isfinite(result.norm)) return fail(not_a_number(state, "train/loss or its gradient"));
  result.lr = state.optimizer->base_lr() * state.schedule->factor(state.step, state.settings.steps());
  if (phase == Phase::Both) {
    result.held_out_loss = result.loss;
    if (!std::isfinite(norm_of(outputs.values[2]))) return fail(not_a_number(state, "the architecture's gradient"));
    learn_baseline(state, result.loss);
    state.architecture_optimizer->step(outputs.gradients, state.architecture_rate());
  }
  state.optimizer->step(outputs.gradients, result.lr, clip_scale(result.norm, state.settings.clip));
  ++state.step;
  return result;
}

}  // namespace dsw
