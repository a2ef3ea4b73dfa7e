// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/data/dataset_cache.h"
#include "engine/nas/comparison.h"
#include "engine/nas/search_space.h"
#include "engine/nn/model_type.h"
#include "engine/run/run_context.h"

namespace dsw {

/// One session of a comparison.
class ComparisonRun {
 public:
  explicit ComparisonRun(RunContext& context);
  Result<void> run();

 private:
  /// A set in one of its runs: what all of its arms have in common.
  struct Round {
    std::string set;
    std::int64_t run = 0;
    Json data;
    std::uint64_t seed = 0;
    std::string name() const { return set + "-" + std::to_string(run + 1); }
  };
  /// What a run within this one gave.
  struct Inner {
    std::map<std::string, double> metrics;
    Json summary = Json::object();
  };

  std::vector<Round> rounds() const;
  Result<void> do_round(const Round& round);
  Result<void> train_random(const Round& round, const SearchSpace& space, double cap);
  Result<Inner> run_inner(const Json& document, const std::string& name);
  Result<void> train_arm(const Round& round, const std::string& arm, const Json& model);
  Result<Json> search(const Round& round, double target);
  Result<Json> shrunk(const std::string& setting, const InputSpec& input, double cap) const;
  Result<Cost> cost_of(const Json& model, const InputSpec& input) const;
  Result<void> measure_latency(const std::string& arm, const Json& model, const InputSpec& input);
  const TrainedArm* trained(const Round& round, const std::string& arm) const;  ///< null: not yet
  std::int64_t random_networks(const Round& round) const;
  Result<void> save();
  Result<void> restore();
  void tell();
  std::int64_t total() const;
  std::vector<SearchCost> searches() const;
  ComparisonBars bars() const;
  bool by_loss() const;

  RunContext& context_;
  Json document_, settings_;
  DatasetCache own_data_;
  DatasetCache& data_;
  std::vector<TrainedArm> trained_;
  Json searched_ = Json::object();  ///< round → {"set", "run", "model", "flops"}
  Json latencies_ = Json::object();
  std::chrono::steady_clock::time_point session_start_;
  std::int64_t done_before_ = 0;  ///< trainings and searches of earlier sessions
};

ParamSchema comparison_schema(const Catalog& catalog);

}  // namespace dsw
