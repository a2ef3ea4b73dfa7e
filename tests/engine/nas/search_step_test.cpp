// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 120
#include "engine/nas/search_step.h"

#include <gtest/gtest.h>

#include "engine/nas/derive.h"
#include "engine/run/experiment.h"
#include "engine/tensor/kernel_watch.h"
#include "engine/train/train_step.h"
#include "tests/engine/train/train_fixture.h"

namespace dsw {
namespace {

/// A web all of whose candidates cost the same, so that every drawn network does.
struct SearchSteps : TrainFixture {
  static Json document() {
    Json json = Json::parse(R"({"deepshock": 1, "task": "search", "name": "even", "seed": 2, "precision": "float32",
      "data": {"type": "images", "source": "builtin:mnist"},
      "model": {"type": "space", "cells": {"cell": {"nodes": 4}},
        "nodes": [{"id": "stem", "op": "conv2d", "inputs": ["input"], "out": 8, "kernel": 3, "stride": 2}, {"id": "c", "op": "cell", "cell": "cell"},
          {"id": "pool", "op": "global-average-pool"}, {"id": "logits", "op": "logits"}]},
      "search": {"algorithm": {"type": "gdas"}, "guards": {"skip_share": 1}},
      "optimizer": {"type": "sgd", "lr": 0.01, "momentum": 0},
      "training": {"epochs": 1, "steps_per_epoch": 100, "batch": 32}})");
    for (int i = 0; i < 4; ++i)
      json["model"]["cells"]["cell"]["candidates"].push_back(
          {{"op", "relu-conv-bn"}, {"kernel", 3}, {"name", "conv " + std::to_string(i)}});
    return json;
  }

  /// The most memory that any of some steps had.
  template <class State, class Step>
  std::uint64_t peak(const Json& document, Step step, std::unique_ptr<State>& state) {
    auto experiment = make_experiment(catalog, document, ".", data.get());
    EXPECT_TRUE(experiment) << experiment.error().sentence();
    device = std::make_unique<WatchedDevice>(make_cpu_device(1));  // as runs have it
    RunContext context(catalog, std::move(*experiment), *device, folder.path(), {}, [](const Event&) {});
    context.data = data.get();
    auto made = State::make(context);
    EXPECT_TRUE(made) << made.error().sentence();
    state = std::move(*made);
    device->reset_peak();
    std::uint64_t most = 0;
    for (int i = 0; i < 12; ++i) {
      EXPECT_TRUE(step(*state, context));
      most = std::max(most, device->allocator_stats().peak_bytes);
    }
    return most;
  }

  std::unique_ptr<Device> device;
};

TEST_F(SearchSteps, AGdasStepTakesTheMemoryOfTheDrawnNetworkAndTheWeightsOfTheSupernet) {
  std::unique_ptr<SearchState> search;
  const std::uint64_t searching = peak(
      document(), [](SearchState& state, RunContext& context) { return search_step(state, context.device()); }, search);
  EXPECT_EQ(search->plans->refusal(), "") << "steps are recorded";
  std::uint64_t weights = 0;
  for (const Module::Named& named : search->supernet->parameters()) weights += named.parameter->value.bytes();
  Json alone = document();
  alone["task"] = "train";
  alone["model"] = derived_model(search->space, search->derived());
  alone.erase("search");
  alone["training"] = {{"steps", 100}, {"batch", 32}};
  search.reset();
  std::unique_ptr<TrainState> training;
  const std::uint64_t trained = peak(
      alone, [](TrainState& state, RunContext& context) { return train_step(state, context); }, training);
  training.reset();
  EXPECT_LE(searching, trained + weights);
  EXPECT_GT(searching, 3'000'000u) << "activations are counted";
  RecordProperty("searching", std::to_string(searching));
  RecordProperty("trained", std::to_string(trained));
  RecordProperty("weights", std::to_string(weights));
}

/// What passes and what is put together again, instead of every candidate at its full width.
TEST_F(SearchSteps, PartialChannelsTakeLessMemoryAndLessComputing) {
  Json whole = document();
  whole["model"]["nodes"][0]["out"] = 16;
  whole["search"]["algorithm"] = {{"type", "darts"}};
  Json partial = whole;
  partial["search"]["algorithm"]["partial"] = 4;
  const auto step = [](SearchState& state, RunContext& context) { return search_step(state, context.device()); };
  std::unique_ptr<SearchState> search;
  const std::uint64_t all = peak(whole, step, search);
  const double all_flops = search->flops;
  const std::uint64_t some = peak(partial, step, search);
  EXPECT_EQ(search->plans->refusal(), "") << "steps are recorded";
  EXPECT_LT(search->flops, 0.1 * all_flops) << "dense convolutions: a sixteenth";
  EXPECT_LT(static_cast<double>(some), 0.5 * static_cast<double>(all));
  RecordProperty("all", std::to_string(all));
  RecordProperty("some", std::to_string(some));
  search.reset();
}

}  // namespace
}  // namespace dsw
