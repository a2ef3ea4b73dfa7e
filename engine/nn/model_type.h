// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/param_schema.h"
#include "engine/core/result.h"
#include "engine/nn/module.h"

namespace dsw {

struct Catalog;

/// What the data gives a model and wants from it; made by Dataset::describe.
struct InputSpec {
  enum class Kind { Tokens, TokenSequence, Image } kind = Kind::Tokens;
  std::int64_t context = 0;                          ///< Tokens (language model), TokenSequence (classification): T
  std::int64_t vocabulary = 0;                       ///< of both
  std::int64_t channels = 0, height = 0, width = 0;  ///< Image
  std::int64_t classes = 0;                          ///< K of classification; for Tokens it is the vocabulary
  /// Shape of one input batch: [B, T] int32 or [B, C, H, W] float32.
  Shape input_shape(std::int64_t batch) const;
};

/// The network as it is drawn: nodes with costs, edges, groups that repeat. From shapes alone.
struct NetworkNode {
  std::string id;       ///< unique: "blocks.attention"
  std::string title;    ///< "attention", "mlp, gelu"
  std::string detail;   ///< "4 heads of 32", "128→512→128"
  std::string kind;     ///< "attention", "linear", "conv", "norm", "embedding", "add", "pool", "input", "output", …: picks icon and part
  std::string pointer;  ///< JSON pointer of the field behind it: "/model/heads"
  std::string group;    ///< id of its NetworkGroup or empty
  Shape output;         ///< batch included
  Cost cost;            ///< of one of it (a repeated group's nodes count once here)
};
struct NetworkEdge {
  std::string from, to;
  bool residual = false;
};
struct NetworkGroup {
  std::string id, title;
  std::int64_t repeat = 1;
};  ///< "block × 4"
struct NetworkPlan {
  std::vector<NetworkNode> nodes;
  std::vector<NetworkEdge> edges;
  std::vector<NetworkGroup> groups;
  Cost total;                                                 ///< forward pass of one batch, repeats multiplied
  std::vector<std::pair<std::string, double>> flops_by_part;  ///< "attention", "mlp", "embed", "logits" …
};

/// A registered family of models.
struct ModelType {
  virtual ~ModelType() = default;
  /// Problems that the schema cannot see (heads divide width, this family wants images), with fixes; pointers start at /model.
  virtual std::vector<Problem> validate(const Json& settings, const InputSpec& input) const = 0;
  /// Expects settings with defaults and without problems.
  virtual Result<std::unique_ptr<Module>> build(const Json& settings, const InputSpec& input) const = 0;
  virtual Result<NetworkPlan> plan(const Json& settings, const InputSpec& input, std::int64_t batch) const = 0;
};

/// Fills Catalog::models with every built-in family and Catalog::layers with the layers of `graph`.
void register_models(Catalog& catalog);

}  // namespace dsw
