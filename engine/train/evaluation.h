// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/nn/module.h"

namespace dsw {

/// An example that the model got wrong.
struct WrongExample {
  std::int64_t example = 0;  ///< its number in the split
  std::int32_t truth = 0, guess = 0;
  double probability = 0;  ///< that the model gave its guess
};

/// Sums over what was evaluated. Counted are targets: tokens of a language model, examples of a labelled set.
struct Evaluation {
  std::int64_t targets = 0, correct = 0;
  double loss_sum = 0;                               ///< nats; NaN where a loss was
  std::int64_t bad_batch = -1;                       ///< the first whose loss is not finite
  std::vector<std::vector<std::int64_t>> confusion;  ///< [truth][guess], of labelled sets
  std::vector<WrongExample> wrong;                   ///< of labelled sets: the surest first

  double loss() const { return loss_sum / static_cast<double>(targets); }
  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(targets); }
};

struct EvaluationRequest {
  Split split = Split::Val;
  std::int64_t batch = 64;
  std::int64_t batches = 0;  ///< 0: the whole part; else that many, spread evenly over it
  std::size_t wrong_kept = 24;
};
/// One pass in evaluation mode, without a graph, in smaller parts where memory is short. Error{Stopped} between batches. The same request
/// gives the same bits.
/// @throws Error of tensor code
Result<Evaluation> evaluate(Module& model, const Dataset& data, const EvaluationRequest& request, Device& device, std::stop_token stop);

/// The same over batches that `batch_at` makes for 0 … count - 1. `labelled`: with confusion matrix and wrong examples.
Result<Evaluation> evaluate_batches(Module& model, std::int64_t count, const std::function<Batch(std::int64_t)>& batch_at, bool labelled,
                                    std::size_t wrong_kept, std::stop_token stop);

/// NAME and value of each metric: "loss", "accuracy", "error", and of language models "perplexity", "bits-per-char".
/// perplexity = e^loss; bits-per-char = loss / ln 2 / characters a token.
std::vector<std::pair<std::string, double>> evaluation_metrics(const Evaluation& evaluation, InputSpec::Kind kind,
                                                               double characters_per_token);

/// Sizes of an evaluation batch: at least 64 examples of images and short texts, fewer of long contexts.
std::int64_t evaluation_batch(const InputSpec& input, std::int64_t training_batch);

}  // namespace dsw
