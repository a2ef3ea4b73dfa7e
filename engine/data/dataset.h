// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/param_schema.h"
#include "engine/core/result.h"
#include "engine/core/rng.h"
#include "engine/nn/model_type.h"

namespace dsw {

enum class Split { Train, Val, Test };
const char* split_name(Split split);  ///< "train", "val", "test"

/// One batch on a device. Tokens: input [B, T] int32, target [B, T] int32 (the next token).
/// TokenSequence: input [B, T] int32 padded with 0, target [B]. Image: input [B, C, H, W] float32, target [B].
struct Batch {
  Tensor input, target;
  std::vector<std::int64_t> examples;  ///< which examples of the split these are (start offsets for text)
};

/// A share of the training part, 0 <= begin < end <= 1: of labelled sets in an order drawn by the seed, of Tokens in that of the text.
struct TrainShare {
  double begin = 0, end = 1;
  bool whole() const { return begin <= 0 && end >= 1; }
  bool operator==(const TrainShare&) const = default;
};

/// A file that was read, for the run's record.
struct DataFile {
  std::string path, sha256;
  std::uint64_t bytes = 0;
};

class Tokenizer;

/// A loaded source with its split. Immutable after load; read from any thread.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual const InputSpec& input_spec() const = 0;
  virtual bool has(Split split) const = 0;
  /// Examples: images or labelled texts; for Tokens the number of tokens in the split.
  virtual std::int64_t size(Split split) const = 0;
  /// Batches an epoch of training: ceil(size / B); for Tokens tokens / (B T), at least 1.
  virtual std::int64_t batches_per_epoch(std::int64_t batch) const = 0;
  /// The training batch at `step` (0, 1, …): a pure function of (seed, step, B), so a resume needs no state.
  /// Images and labelled texts: epochs shuffled by seed, last batch of an epoch short; augmented as the document says.
  /// Tokens: B uniform random offsets, as nanoGPT draws them.
  virtual Batch train_batch(std::uint64_t seed, std::int64_t step, std::int64_t batch, Device& device) const = 0;
  /// The same of a share: what architecture searches give their weights, and what they hold out. Shares that do not overlap have no example
  /// in common. By default only the whole is there: throws Error{Unsupported} for others.
  virtual Batch train_batch_of(TrainShare share, std::uint64_t seed, std::int64_t step, std::int64_t batch, Device& device) const;
  virtual std::int64_t batches_per_epoch_of(TrainShare share, std::int64_t batch) const;
  /// Evaluation in order, nothing left out: labelled sets every example once; Tokens: consecutive windows of T, the last one
  /// shorter batch allowed, every target token counted once. `index` 0 … eval_batches - 1.
  virtual std::int64_t eval_batches(Split split, std::int64_t batch) const = 0;
  virtual Batch eval_batch(Split split, std::int64_t index, std::int64_t batch, Device& device) const = 0;
  virtual std::vector<std::string> class_names() const = 0;  ///< empty for Tokens
  virtual const Tokenizer* tokenizer() const = 0;            ///< null for images
  virtual std::vector<DataFile> files() const = 0;
  /// Facts for the form's hints: {"characters": 1115394, "symbols": 65, "train": …, "val": …, "test": …}.
  virtual Json facts() const = 0;
  /// PNG bytes of an example's picture as it lies in the file (images), or its text (labelled texts); empty for Tokens.
  virtual std::string example(Split split, std::int64_t index) const = 0;
  /// Tokens: characters of the split's text a token, for bits per character; 1 where that has no meaning.
  virtual double characters_per_token(Split) const { return 1; }
  /// The same data under other settings (defaults filled in) and another seed, when these do not need reading its files again:
  /// another context, tokenizer, split or augmentation. Null where they do; an error where they do not fit the data.
  virtual Result<std::unique_ptr<Dataset>> with_settings(const Json& /*settings*/, std::uint64_t /*seed*/, std::stop_token /*stop*/) const {
    return nullptr;
  }
};

/// Reads the data section of a document (defaults filled in). `base` is what relative paths are relative to; `seed` splits.
/// Errors name the file, the place and what to do. Registered in Catalog::datasets by "type"; this finds and calls the entry.
/// Their `where` is a JSON pointer where one field is to blame ("/data/split"). Follows `stop` with Error{Stopped}.
struct Catalog;
Result<std::unique_ptr<Dataset>> load_dataset(const Catalog& catalog, const Json& data, const std::filesystem::path& base,
                                              std::uint64_t seed, std::stop_token stop = {});

/// An error of load_dataset as a problem of the document, at its field, with its fixes.
Problem data_problem(const Error& error);

/// `text`, `text-classification`, `images`.
void register_datasets(Catalog& catalog);

}  // namespace dsw
