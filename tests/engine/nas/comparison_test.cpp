// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 240
#include "engine/nas/comparison.h"

#include <gmock/gmock.h>

#include "engine/core/rng.h"
#include "engine/nas/statistics.h"
#include "tests/engine/train/train_fixture.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

using testing::HasSubstr;

TEST(Statistics, QuantilesAreThoseOfTheTables) {
  EXPECT_NEAR(student_quantile(1, 0.95), 6.313752, 1e-5);
  EXPECT_NEAR(student_quantile(4, 0.95), 2.131847, 1e-5);
  EXPECT_NEAR(student_quantile(19, 0.95), 1.729133, 1e-5);
  EXPECT_NEAR(student_quantile(9, 0.975), 2.262157, 1e-5);
  EXPECT_NEAR(student_quantile(9, 0.025), -2.262157, 1e-5);
  const MeanInterval found = mean_interval({1, 2, 3, 4, 5});
  EXPECT_EQ(found.mean, 3);
  EXPECT_NEAR(found.lower, 3 - 2.131847 * std::sqrt(2.5 / 5), 1e-5);
}

/// Five runs of one set, accuracies around those given.
std::vector<TrainedArm> runs(const std::map<std::string, std::pair<double, double>>& arms) {
  std::vector<TrainedArm> all;
  for (const auto& [arm, facts] : arms)
    for (std::int64_t run = 0; run < 5; ++run) {
      const double wobble = 0.002 * static_cast<double>(run - 2),
                   own = 0.0005 * static_cast<double>((run * 7 + static_cast<std::int64_t>(arm[0])) % 5 - 2);
      all.push_back({"set", run, arm, facts.first, 1, facts.second + wobble + own, facts.second + wobble + own, 100, 30 * facts.first});
    }
  return all;
}

TEST(Comparison, ASavingThatHolds) {
  const Json report = comparison_report(runs({{"a", {100, 0.9}},
                                              {"b-width", {55, 0.86}},
                                              {"b-layers", {50, 0.87}},
                                              {"c-1", {56, 0.88}},
                                              {"c-2", {54, 0.885}},
                                              {"d", {55, 0.9}}}),
                                        {{"set", 0, 3000}, {"set", 1, 3200}, {"set", 2, 3400}}, {}, {{"d", 0.25}});
  EXPECT_NEAR(report.at("saving"), 0.45, 1e-12);
  EXPECT_TRUE(report.at("noninferior").at("holds"));
  EXPECT_LT(report.at("noninferior").at("lower"), report.at("noninferior").at("difference"));
  EXPECT_EQ(report.at("shrunk").at("by"), "layers") << "the better of the two";
  EXPECT_TRUE(report.at("search_needed"));
  EXPECT_NEAR(report.at("arms").at("c").at("score_mean"), 0.885, 0.001) << "in each run the better one by validation";
  EXPECT_EQ(report.at("arms").at("d").at("latency_ms"), 0.25);
  EXPECT_EQ(report.at("arms").at("d").at("examples"), 500);
  const std::string verdict = report.at("verdict");
  EXPECT_THAT(verdict, HasSubstr("takes 55.0 % of the baseline's FLOPs (bar 58 %)"));
  EXPECT_THAT(verdict, HasSubstr("not inferior at a margin of 0.50 %"));
  EXPECT_THAT(verdict, HasSubstr("the search beats shrinking"));
  EXPECT_EQ(report.at("random"),
            Json({{"networks", {2, 2}}, {"training_flops", 3300.0}, {"search_flops", 3200.0}, {"runs", 3}, {"runs_short", 1}}));
  EXPECT_THAT(verdict,
              HasSubstr("Of these there were 2 a run, whose training took 3.3e+03 FLOPs; the search took 3.2e+03. In 1 of 3 runs they "
                        "took less than the search, since the limit of their number was reached."));
  EXPECT_THAT(comparison_table(report), HasSubstr("| b-layers | "));
}

TEST(Comparison, ShrinkingAloneIsSaid) {
  const Json report = comparison_report(runs({{"a", {100, 0.9}}, {"b-layers", {50, 0.905}}, {"d", {35, 0.9}}}), {}, {}, Json::object());
  EXPECT_FALSE(report.at("search_needed"));
  EXPECT_THAT(report.at("verdict").get<std::string>(),
              HasSubstr("A search was not needed: the baseline shrunk by layers is as good as the baseline."));
  EXPECT_THAT(report.at("verdict").get<std::string>(), HasSubstr("far less than was asked"));
}

TEST(Comparison, LossesAreRelativeAndLowerIsBetter) {
  ComparisonBars bars;
  bars.loss = true;
  const Json report = comparison_report(runs({{"a", {100, 2.0}}, {"b-width", {50, 2.2}}, {"all-window", {57, 1.9}}, {"d", {56, 2.1}}}), {},
                                        bars, Json::object());
  EXPECT_NEAR(report.at("noninferior").at("difference"), 1 - 2.1 / 2.0, 0.001);
  EXPECT_FALSE(report.at("noninferior").at("holds"));
  EXPECT_GT(report.at("against").at("b").at("lower"), 0);
  EXPECT_THAT(report.at("verdict").get<std::string>(), HasSubstr("Against the control all-window: -10.5"));
  EXPECT_THAT(report.at("verdict").get<std::string>(), HasSubstr("so the control is as good"));
  const auto beside = [&](double control) {
    return comparison_report(runs({{"a", {100, 2.0}}, {"window", {57, control}}, {"d", {56, 1.5}}}), {}, bars, Json::object())
        .at("verdict")
        .get<std::string>();
  };
  EXPECT_THAT(beside(1.5001), HasSubstr("so the control is as good")) << "an interval around 0 shows no difference";
  EXPECT_THAT(beside(1.6), HasSubstr("which is better"));
}

TEST(Comparison, RunsThatLackAnArmAreLeftOut) {
  std::vector<TrainedArm> some = runs({{"a", {100, 0.9}}, {"d", {55, 0.9}}});
  some.erase(some.begin());  // (a) of the first run
  EXPECT_EQ(comparison_report(some, {}, {}, Json::object()).at("noninferior").at("runs"), 4);
  EXPECT_EQ(comparison_report(runs({{"a", {100, 0.9}}}), {}, {}, Json::object()).at("verdict"), "The comparison is not complete.");
}

struct ComparisonTasks : TrainFixture {
  /// A word decides the class; texts of two classes.
  std::filesystem::path texts() const {
    const std::filesystem::path file = folder / "texts.tsv";
    std::ofstream out(file);
    out << "label\ttext\n";
    Rng rng(1, "texts");
    for (int i = 0; i < 120; ++i) {
      const bool good = i % 2 == 0;
      out << (good ? "good" : "bad") << "\t";
      for (int w = 0; w < 6; ++w) out << "w" << rng.below(9) << " ";
      out << (good ? "fine" : "poor") << " w" << rng.below(9) << "\n";
    }
    return file;
  }
  Json document() const {
    Json json = Json::parse(R"({"deepshock": 1, "task": "search-comparison", "name": "small", "seed": 3,
      "data": {"type": "text-classification", "tokenizer": "word", "max_length": 8, "split": [0.8, 0.2]},
      "model": {"type": "space", "cells": {"encoder": {"nodes": [
          {"id": "norm", "op": "layernorm", "inputs": ["input"]},
          {"id": "mixing", "op": "choice", "name": "context mixing", "inputs": ["norm", "input-2"],
           "candidates": [{"op": "attention", "heads": 2}, {"op": "attention", "heads": 2, "window": 4}, {"op": "token-conv", "kernel": 3}, {"op": "zero"}]},
          {"id": "sum", "op": "add", "inputs": ["input", "mixing"]},
          {"id": "norm-2", "op": "layernorm"},
          {"id": "feed-forward", "op": "choice", "name": "feed-forward", "candidates": [{"op": "mlp", "hidden": {"choice": [16, 32, 64]}}, {"op": "zero"}]},
          {"id": "out", "op": "add", "inputs": ["sum", "feed-forward"]}]}},
        "nodes": [{"id": "embed", "op": "embedding", "inputs": ["input"], "width": 16}, {"id": "place", "op": "positions"},
          {"id": "encoder", "op": "cell", "cell": "encoder", "repeat": 2, "inputs": ["place", "input"]},
          {"id": "mean", "op": "mean-tokens", "inputs": ["encoder", "input"]}, {"id": "logits", "op": "logits"}]},
      "search": {"algorithm": {"type": "beta-darts", "lr": 0.05}, "guards": {"skip_share": 1}},
      "optimizer": {"type": "adamw", "lr": 1e-2},
      "training": {"epochs": 2, "steps_per_epoch": 3, "batch": 8},
      "comparison": {"baseline": {"type": "text-classifier", "layers": 2, "width": 16, "heads": 2}, "random": 2, "folds": 2, "repeats": 1,
        "controls": {"all-convolution": {"context mixing": "conv, k = 3"}},
        "optimizer": {"type": "adamw", "lr": 1e-2}, "training": {"steps": 12, "batch": 8}}})");
    json["data"]["source"] = texts().string();
    return json;
  }
};

TEST_F(ComparisonTasks, TrainsEveryArmUnderTheCapAndReports) {
  const Outcome outcome = run(document(), folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  const Json report = Json::parse(outcome.bodies<SummaryBody>().back().data);
  for (const char* arm : {"a", "b", "b-width", "b-layers", "c", "d", "all-convolution"}) {
    ASSERT_TRUE(report.at("arms").contains(arm)) << arm << report.dump();
    EXPECT_EQ(report.at("arms").at(arm).at("runs"), 2) << arm;
    EXPECT_EQ(report.at("arms").at(arm).at("examples"), 120) << "every example is tested once a repeat";
    EXPECT_GT(report.at("arms").at(arm).at("latency_ms").get<double>(), 0);
    if (std::string(arm) != "a") {
      EXPECT_LE(report.at("arms").at(arm).at("flops").get<double>(), 0.58 * report.at("arms").at("a").at("flops").get<double>()) << arm;
    }
  }
  EXPECT_GT(report.at("saving").get<double>(), 0.41);
  EXPECT_TRUE(report.at("noninferior").contains("lower"));
  EXPECT_TRUE(std::filesystem::exists(folder / "run" / "comparison.md"));
}

/// FLOPs of the training of each run's random networks, in their order.
std::vector<std::vector<double>> random_trainings(const TrainFixture::Outcome& outcome) {
  std::vector<std::vector<double>> found;
  Json last;
  for (const SampleBody& sample : outcome.bodies<SampleBody>())
    if (sample.kind == "trainings") last = Json::parse(sample.data);
  EXPECT_EQ(last.at("done"), last.at("total"));
  for (const Json& row : last.at("rows")) {
    if (!row.at("arm").get<std::string>().starts_with("c-")) continue;
    found.resize(std::max(found.size(), row.at("run").get<std::size_t>() + 1));
    found.back().push_back(row.at("training_flops"));
  }
  return found;
}

TEST_F(ComparisonTasks, RandomNetworksAreTrainedUntilTheyCostWhatTheSearchCost) {
  Json json = document();
  json["training"]["steps_per_epoch"] = 8;
  json["comparison"]["random"] = 1;
  const Outcome dear = run(json, folder / "dear");
  ASSERT_TRUE(dear.result) << dear.result.error().sentence();
  const Json report = Json::parse(dear.bodies<SummaryBody>().back().data);
  const Json& costs = report.at("random");
  EXPECT_EQ(costs.at("runs_short"), 0);
  EXPECT_GE(costs.at("training_flops"), costs.at("search_flops"));
  const auto found = random_trainings(dear);
  ASSERT_EQ(found.size(), 2u);
  double all = 0;
  for (const std::vector<double>& one : found) {
    EXPECT_GT(one.size(), 3u) << "sixteen steps of the supernet, in both halves, for twelve of a small network";
    for (const double flops : one) all += flops / 2;
  }
  EXPECT_NEAR(costs.at("training_flops"), all, 1e-9 * all);
  // Not one more than it takes.
  EXPECT_LT(all - found[0].back() / 2 - found[1].back() / 2, costs.at("search_flops").get<double>());

  json["comparison"]["random_limit"] = 2;
  const Outcome limited = run(json, folder / "limited");
  ASSERT_TRUE(limited.result) << limited.result.error().sentence();
  const Json few = Json::parse(limited.bodies<SummaryBody>().back().data);
  EXPECT_EQ(few.at("random").at("networks"), Json({2, 2}));
  EXPECT_EQ(few.at("random").at("runs_short"), 2);
  EXPECT_THAT(few.at("verdict").get<std::string>(), HasSubstr("the limit of their number was reached"));
}

TEST_F(ComparisonTasks, GoesOnAfterAStopWithTheSameNumbers) {
  const Outcome unbroken = run(document(), folder / "whole");
  ASSERT_TRUE(unbroken.result) << unbroken.result.error().sentence();
  const Json whole = Json::parse(unbroken.bodies<SummaryBody>().back().data);
  std::int64_t told = 0;
  std::stop_source stop;
  const auto place = folder / "stopped";
  auto experiment = make_experiment(catalog, document(), ".", data.get());
  ASSERT_TRUE(experiment);
  LaunchRequest request;
  request.experiment = *experiment;
  request.device = "cpu";
  request.threads = 1;
  request.folder = place;
  request.data = data.get();
  CheckpointBody last;
  const auto result = make_local_launcher(catalog)->run(request, stop.get_token(), [&](Event event) {
    if (const auto* checkpoint = std::get_if<CheckpointBody>(&event.body)) {
      last = *checkpoint;
      if (++told == 5) stop.request_stop();
    }
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Stopped);
  const Outcome rest = run(document(), place, -1, place / last.file, 1000);
  ASSERT_TRUE(rest.result) << rest.result.error().sentence();
  Json report = Json::parse(rest.bodies<SummaryBody>().back().data);
  const auto without_times = [](Json json) {
    for (auto& [name, arm] : json["arms"].items()) arm.erase("latency_ms");
    return json;
  };
  EXPECT_EQ(without_times(report), without_times(whole));
}

TEST_F(ComparisonTasks, WhatDoesNotFitIsSaid) {
  Json json = document();
  json["search"]["cost"] = {{"target", 5}};
  json["comparison"]["random_limit"] = 1;
  std::vector<std::string> all;
  for (const Problem& problem : validate_document(catalog, json, ".", data.get())) all.push_back(problem.sentence());
  EXPECT_THAT(all, testing::Contains(HasSubstr("`/search/cost/target` is given, but a comparison takes /comparison/cap of the baseline")));
  EXPECT_THAT(all, testing::Contains(HasSubstr("`/comparison/random_limit` is below /comparison/random")));
}

}  // namespace
}  // namespace dsw
