// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/evaluation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "engine/autograd/step_plan.h"
#include "engine/nn/ops/loss.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/softmax.h"

namespace dsw {
namespace {

/// Adds one labelled batch to the confusion matrix and the wrong examples.
void add_labelled(Evaluation& sum, const std::vector<std::int32_t>& truth, const std::vector<std::int32_t>& guess, const Tensor& logits,
                  const Batch& batch) {
  const auto classes = static_cast<std::size_t>(logits.size(-1));
  if (sum.confusion.empty()) sum.confusion.assign(classes, std::vector<std::int64_t>(classes, 0));
  std::vector<float> probabilities;  // made only where something is wrong
  for (std::size_t row = 0; row < truth.size(); ++row) {
    if (truth[row] < 0) continue;
    ++sum.confusion[static_cast<std::size_t>(truth[row])][static_cast<std::size_t>(guess[row])];
    if (truth[row] == guess[row]) continue;
    if (probabilities.empty()) probabilities = softmax(logits).to_vector<float>();
    sum.wrong.push_back({batch.examples.at(row), truth[row], guess[row],
                         static_cast<double>(probabilities[row * classes + static_cast<std::size_t>(guess[row])])});
  }
}

void keep_surest(std::vector<WrongExample>& wrong, std::size_t count) {
  std::sort(wrong.begin(), wrong.end(), [](const WrongExample& a, const WrongExample& b) {
    return a.probability != b.probability ? a.probability > b.probability : a.example < b.example;
  });
  if (wrong.size() > count) wrong.resize(count);
}

Batch part_of(const Batch& batch, std::int64_t begin, std::int64_t end) {
  Batch part{batch.input.view_slice(0, begin, end).contiguous_copy(), batch.target.view_slice(0, begin, end).contiguous_copy(), {}};
  if (!batch.examples.empty()) part.examples.assign(batch.examples.begin() + begin, batch.examples.begin() + end);
  return part;
}

}  // namespace

Result<Evaluation> evaluate_batches(Module& model, std::int64_t count, const std::function<Batch(std::int64_t)>& batch_at, bool labelled,
                                    std::size_t wrong_kept, std::stop_token stop) {
  const NoGradScope no_graph;
  Evaluation sum;
  const StepPlans::Step step = [&model](std::span<const Tensor> from, Rng&) {
    Forward pass = model.new_pass();
    const Tensor logits = model.forward(from[0], pass);
    return StepOutputs{{logits, cross_entropy(logits, from[1]), argmax(logits)}, {}};
  };
  std::optional<StepPlans> plans;
  const auto add = [&](const Batch& batch, std::int64_t number) {
    if (!plans) plans.emplace(batch.input.device());
    const std::array<std::int64_t, 2> key{batch.input.size(0), batch.input.elements()};
    const std::array<Tensor, 2> inputs{batch.input, batch.target};
    Rng none;
    const StepOutputs& outputs = plans->run(key, inputs, none, step);
    const Tensor& logits = outputs.values[0];
    const double loss = outputs.values[1].item();
    const std::vector<std::int32_t> guess = outputs.values[2].to_vector<std::int32_t>();
    const std::vector<std::int32_t> truth = batch.target.to_vector<std::int32_t>();
    std::int64_t counted = 0;
    for (std::size_t row = 0; row < truth.size(); ++row) {
      counted += truth[row] >= 0;
      sum.correct += truth[row] >= 0 && truth[row] == guess[row];
    }
    sum.targets += counted;
    sum.loss_sum += loss * static_cast<double>(counted);
    if (!std::isfinite(loss) && sum.bad_batch < 0) sum.bad_batch = number;
    if (labelled) add_labelled(sum, truth, guess, logits, batch);
    if (sum.wrong.size() > 4096) keep_surest(sum.wrong, wrong_kept);
  };
  std::int64_t most = std::numeric_limits<std::int64_t>::max();  // examples at once; fewer when memory is short
  for (std::int64_t i = 0; i < count; ++i) {
    if (stop.stop_requested()) return fail(ErrorCode::Stopped, "Stopped during an evaluation");
    const Batch batch = batch_at(i);
    for (std::int64_t begin = 0, examples = batch.input.size(0); begin < examples;) {
      const std::int64_t taken = std::min(most, examples - begin);
      try {
        add(taken == examples ? batch : part_of(batch, begin, begin + taken), i);
        begin += taken;
      } catch (const Error& error) {
        if (error.code != ErrorCode::OutOfMemory || taken <= 1) throw;
        most = (taken + 1) / 2;
        plans.reset();
        batch.input.device().release_cache();
      }
    }
  }
  keep_surest(sum.wrong, wrong_kept);
  return sum;
}

Result<Evaluation> evaluate(Module& model, const Dataset& data, const EvaluationRequest& request, Device& device, std::stop_token stop) {
  const bool labelled = data.input_spec().kind != InputSpec::Kind::Tokens;
  const std::int64_t all = data.eval_batches(request.split, request.batch);
  const std::int64_t count = request.batches > 0 ? std::min(request.batches, all) : all;
  const auto index = [&](std::int64_t i) { return i * all / count; };
  DSW_TRY_ASSIGN(Evaluation sum,
                 evaluate_batches(
                     model, count, [&](std::int64_t i) { return data.eval_batch(request.split, index(i), request.batch, device); },
                     labelled, request.wrong_kept, std::move(stop)));
  if (sum.targets == 0)
    return fail(ErrorCode::InvalidArgument, fmt::format("The {} part of the data is empty", split_name(request.split)),
                "Give it a larger share in /data/split.");
  if (sum.bad_batch >= 0) sum.bad_batch = index(sum.bad_batch);
  return sum;
}

std::vector<std::pair<std::string, double>> evaluation_metrics(const Evaluation& evaluation, InputSpec::Kind kind,
                                                               double characters_per_token) {
  std::vector<std::pair<std::string, double>> metrics{
      {"loss", evaluation.loss()}, {"accuracy", evaluation.accuracy()}, {"error", 1 - evaluation.accuracy()}};
  if (kind == InputSpec::Kind::Tokens) {
    metrics.emplace_back("perplexity", std::exp(evaluation.loss()));
    metrics.emplace_back("bits-per-char", evaluation.loss() / std::numbers::ln2 / characters_per_token);
  }
  return metrics;
}

std::int64_t evaluation_batch(const InputSpec& input, std::int64_t training_batch) {
  const std::int64_t wanted =
      input.kind == InputSpec::Kind::Image ? 128 : std::clamp<std::int64_t>(8192 / std::max<std::int64_t>(1, input.context), 4, 64);
  return std::max(training_batch, wanted);
}

}  // namespace dsw
