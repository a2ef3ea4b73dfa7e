// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 240
#include <gmock/gmock.h>

#include "engine/run/checkpoint.h"
#include "engine/run/templates.h"
#include "tests/engine/train/train_fixture.h"

namespace dsw {
namespace {

struct Searches : TrainFixture {
  static Json small(const std::string& algorithm = "{\"type\": \"beta-darts\"}") {
    Json document = Json::parse(R"({"deepshock": 1, "task": "search", "name": "small", "seed": 5,
      "data": {"type": "images", "source": "builtin:mnist"},
      "model": {"type": "space", "cells": {"cell": {"nodes": 3, "candidates": [{"op": "zero"}, {"op": "identity"}, {"op": "relu-conv-bn", "kernel": 3}]}},
        "nodes": [{"id": "stem", "op": "conv2d", "inputs": ["input"], "out": 4, "kernel": 5, "stride": 4}, {"id": "c", "op": "cell", "cell": "cell"},
          {"id": "pool", "op": "global-average-pool"}, {"id": "logits", "op": "logits"}]},
      "search": {"guards": {"skip_share": 1}},
      "optimizer": {"type": "adamw", "lr": 1e-2},
      "training": {"epochs": 3, "steps_per_epoch": 4, "batch": 16, "eval_batches": 2}})");
    document["search"]["algorithm"] = Json::parse(algorithm);
    return document;
  }
  static std::vector<Json> samples(const Outcome& outcome, const std::string& kind) {
    std::vector<Json> found;
    for (const SampleBody& sample : outcome.bodies<SampleBody>())
      if (sample.kind == kind) found.push_back(Json::parse(sample.data));
    return found;
  }
};

TEST_F(Searches, TellsWhatTheManualSays) {
  Json document = small();
  document["search"]["guards"]["eigenvalue_every"] = 1;
  const Outcome outcome = run(document, folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  for (std::int64_t step = 1; step <= 12; ++step)
    for (const char* key : {"train/loss", "train/grad-norm", "train/lr", "search/loss"})
      EXPECT_TRUE(outcome.metrics.contains({key, step})) << key << step;
  for (const std::int64_t step : {0, 4, 8, 12})
    for (const char* key : {"search/entropy", "search/margin", "search/skip-share", "search/expected-flops", "search/derived-flops",
                            "search/expected-parameters", "search/derived-parameters", "search/temperature", "search/eigenvalue",
                            "search/architecture-lr", "val/loss", "val/accuracy"})
      EXPECT_TRUE(outcome.metrics.contains({key, step})) << key << step;
  const auto spaces = samples(outcome, "space"), epochs = samples(outcome, "search"), derived = samples(outcome, "derived");
  ASSERT_EQ(spaces.size(), 1u);
  ASSERT_EQ(epochs.size(), 4u);
  ASSERT_EQ(derived.size(), 1u);
  EXPECT_EQ(spaces[0].at("choices").size(), 3u);
  EXPECT_EQ(spaces[0].at("choices")[1].at("from"), "0");
  EXPECT_EQ(spaces[0].at("choices")[1].at("to"), "2");
  EXPECT_EQ(spaces[0].at("architectures"), 27);
  EXPECT_EQ(spaces[0].at("edge_weights").size(), 1u);
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    EXPECT_EQ(epochs[i].at("epoch"), i);
    EXPECT_EQ(epochs[i].at("choices").size(), 3u);
    double sum = 0;
    for (const Json& p : epochs[i].at("choices")[0].at("p")) sum += p.get<double>();
    EXPECT_NEAR(sum, 1, 1e-9);
    EXPECT_EQ(epochs[i].at("edge_weights")[0].at("p").size(), 2u);
  }
  EXPECT_NE(epochs[0].at("choices")[0].at("alpha"), epochs[3].at("choices")[0].at("alpha"));
  const Json summary = Json::parse(outcome.bodies<SummaryBody>().back().data);
  EXPECT_EQ(summary.at("flops"), outcome.metrics.at({"search/derived-flops", 12}));
  EXPECT_EQ(summary.at("architecture").at("type"), "graph");
  EXPECT_EQ(summary.at("architecture"), derived[0].at("model"));

  // The result is an ordinary document.
  Json train{{"deepshock", 1},
             {"task", "train"},
             {"data", document["data"]},
             {"model", summary.at("architecture")},
             {"training", {{"steps", 2}, {"eval_batches", 1}}}};
  EXPECT_TRUE(make_experiment(catalog, train, ".", data.get()));
}

/// Each step is counted as three forward passes of what it computed, each evaluation as one of the derived network.
TEST_F(Searches, TheFlopsOfASearchAreCounted) {
  const Outcome outcome = run(small("{\"type\": \"darts\"}"), folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  const auto summaries = outcome.bodies<SummaryBody>();
  const double batch_flops = Json::parse(summaries.front().data).at("forward_flops");
  const Json end = Json::parse(summaries.back().data);
  double derived = end.at("flops");
  for (const std::int64_t step : {0, 4, 8, 12}) derived += outcome.metrics.at({"search/derived-flops", step});
  constexpr double kSteps = 12, kExamples = 2 * 128;  // of the weights and of the architecture; of an evaluation
  EXPECT_EQ(end.at("search_flops").get<double>(), 3 * 2 * kSteps * batch_flops + kExamples * derived);
}

TEST_F(Searches, TheSameDocumentGivesTheSameBitsAndStopAndResumeToo) {
  const Outcome whole = run(small(), folder / "whole");
  ASSERT_TRUE(whole.result);
  EXPECT_EQ(run(small(), folder / "again").metrics, whole.metrics);
  for (const std::int64_t at : {1, 4, 7}) {
    SCOPED_TRACE(at);
    const auto place = folder / ("stopped" + std::to_string(at));
    const Outcome first = run(small(), place, at);
    ASSERT_FALSE(first.result);
    EXPECT_EQ(first.result.error().code, ErrorCode::Stopped);
    ASSERT_FALSE(first.checkpoints.empty());
    const Outcome second = run(small(), place, -1, place / first.checkpoints.back().file, first.last_seq + 1);
    ASSERT_TRUE(second.result) << second.result.error().sentence();
    auto both = first.metrics;
    for (const auto& [key, value] : second.metrics)
      EXPECT_TRUE(both.emplace(key, value).second) << key.first << " " << key.second << " stands twice";
    EXPECT_EQ(both, whole.metrics);
    EXPECT_EQ(second.bodies<SummaryBody>().back().data, whole.bodies<SummaryBody>().back().data);
    const auto device = make_cpu_device(1);
    const auto x = read_checkpoint(place / "step-12.safetensors", *device),
               y = read_checkpoint(folder / "whole" / "step-12.safetensors", *device);
    ASSERT_TRUE(x && y);
    for (const auto& [name, tensor] : x->tensors) EXPECT_EQ(tensor.to_vector<float>(), y->tensors.at(name).to_vector<float>()) << name;
  }
}

TEST_F(Searches, EveryAlgorithmRunsAndEndsWithANetwork) {
  for (const char* algorithm : {"darts", "gdas", "drnas", "proxyless", "fbnet", "random", "evolution"}) {
    SCOPED_TRACE(algorithm);
    Json settings{{"type", algorithm}};
    if (std::string(algorithm) == "random") settings["samples"] = 4;
    if (std::string(algorithm) == "evolution") settings.update({{"samples", 6}, {"population", 3}, {"tournament", 2}});
    const Outcome outcome = run(small(settings.dump()), folder / algorithm);
    ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
    const Json summary = Json::parse(outcome.bodies<SummaryBody>().back().data);
    EXPECT_EQ(summary.at("provenance").at("algorithm"), algorithm);
    EXPECT_GT(summary.at("flops").get<double>(), 0);
  }
}

TEST_F(Searches, TheScoreFunctionLearnsWithTheSameBitsAfterAStop) {
  const std::string algorithm = R"({"type": "gdas", "estimator": "score-function", "lr": 0.05})";
  const Outcome whole = run(small(algorithm), folder / "whole");
  ASSERT_TRUE(whole.result) << whole.result.error().sentence();
  const auto epochs = samples(whole, "search");
  EXPECT_NE(epochs[0].at("choices")[0].at("alpha"), epochs[3].at("choices")[0].at("alpha"));
  const Outcome first = run(small(algorithm), folder / "stopped", 6);
  ASSERT_FALSE(first.result);
  const Outcome second =
      run(small(algorithm), folder / "stopped", -1, folder / "stopped" / first.checkpoints.back().file, first.last_seq + 1);
  ASSERT_TRUE(second.result) << second.result.error().sentence();
  EXPECT_EQ(second.bodies<SummaryBody>().back().data, whole.bodies<SummaryBody>().back().data);
  EXPECT_EQ(samples(second, "search").back(), epochs.back());
}

TEST_F(Searches, DrnasWidensHalfOfTheWayAndAResumeGoesOnWithTheSameBits) {
  Json document = small("{\"type\": \"drnas\"}");
  const auto with_all = [](Json one) {
    one["search"]["algorithm"]["partial"] = 1;
    return one;
  };
  EXPECT_EQ(run(document, folder / "narrow").metrics, run(with_all(document), folder / "narrow-all").metrics) << "4 channels all pass";
  document["model"]["nodes"][0]["out"] = 16;
  const Outcome whole = run(document, folder / "whole");
  ASSERT_TRUE(whole.result) << whole.result.error().sentence();
  const auto stages = [](const Outcome& outcome) {
    std::vector<std::pair<std::int64_t, std::string>> found;
    for (const MarkBody& mark : outcome.bodies<MarkBody>())
      if (mark.kind == "stage") found.emplace_back(mark.step, mark.text);
    return found;
  };
  EXPECT_THAT(stages(whole), testing::ElementsAre(testing::Pair(
                                 8, "3 weak candidates were dropped; channels were widened in 3 choices: K = 2 instead of 4")));
  const Outcome all = run(with_all(document), folder / "all");
  ASSERT_TRUE(all.result);
  const auto flops = [](const Outcome& outcome) {
    return Json::parse(outcome.bodies<SummaryBody>().back().data).at("search_flops").get<double>();
  };
  EXPECT_LT(flops(whole), 0.5 * flops(all));
  Json only_wider = document;  // the same candidates before and after
  only_wider["search"]["algorithm"]["prune_at"] = 1;
  const Outcome whole_wider = run(only_wider, folder / "wider");
  EXPECT_THAT(stages(whole_wider), testing::ElementsAre(testing::Pair(8, "channels were widened in 3 choices: K = 2 instead of 4")));
  const auto resumes = [&](const Json& one, const Outcome& unbroken, const std::string& name, std::int64_t at) {
    SCOPED_TRACE(name + std::to_string(at));
    const auto place = folder / (name + std::to_string(at));
    const Outcome first = run(one, place, at);
    ASSERT_FALSE(first.result);
    const Outcome second = run(one, place, -1, place / first.checkpoints.back().file, first.last_seq + 1);
    ASSERT_TRUE(second.result) << second.result.error().sentence();
    auto both = first.metrics;
    both.insert(second.metrics.begin(), second.metrics.end());
    EXPECT_EQ(both, unbroken.metrics);
    EXPECT_EQ(second.bodies<SummaryBody>().back().data, unbroken.bodies<SummaryBody>().back().data);
    EXPECT_EQ(stages(first).size() + stages(second).size(), 1u) << "widened once";
  };
  for (const std::int64_t at : {5, 8, 10}) resumes(document, whole, "stopped", at);
  resumes(only_wider, whole_wider, "stopped-wider", 10);
}

TEST_F(Searches, ATargetIsKeptAndPulledTowards) {
  Json document = small();
  document["search"]["cost"] = {{"target_share", 0.35}, {"scale", 50}};
  document["search"]["algorithm"] = {{"type", "darts"}, {"lr", 0.1}};
  document["training"]["epochs"] = 5;
  const Outcome outcome = run(document, folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  const double target = samples(outcome, "space")[0].at("target").at("value");
  EXPECT_GT(outcome.metrics.at({"search/expected-flops", 0}), target);
  EXPECT_LT(outcome.metrics.at({"search/expected-flops", 20}), outcome.metrics.at({"search/expected-flops", 0}));
  EXPECT_LE(Json::parse(outcome.bodies<SummaryBody>().back().data).at("flops").get<double>(), target);
}

TEST_F(Searches, OneLevelLearnsBothFromTheWhole) {
  Json document = small();
  document["search"]["held_out"] = 0;
  const Outcome outcome = run(document, folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  EXPECT_EQ(outcome.metrics.at({"search/loss", 5}), outcome.metrics.at({"train/loss", 5}));
  const auto epochs = samples(outcome, "search");
  EXPECT_NE(epochs[0].at("choices")[0].at("alpha"), epochs[3].at("choices")[0].at("alpha"));
}

TEST_F(Searches, ACollapseRestoresTheLastGoodDistributionAndSaysSo) {
  Json document = small();
  document["search"]["guards"] = {{"skip_share", 0.4}};
  document["search"]["cost"] = {{"target_share", 0.3}, {"scale", 100}};  // drives towards skips and zeros
  document["search"]["algorithm"] = {{"type", "darts"}, {"lr", 0.2}};
  document["training"]["epochs"] = 4;
  const Outcome outcome = run(document, folder / "run");
  ASSERT_TRUE(outcome.result) << outcome.result.error().sentence();
  std::vector<MarkBody> collapses;
  for (const MarkBody& mark : outcome.bodies<MarkBody>())
    if (mark.kind == "collapse") collapses.push_back(mark);
  ASSERT_FALSE(collapses.empty());
  EXPECT_THAT(collapses[0].text, testing::HasSubstr("The last good distribution was restored and the architecture rate halved to 0.1."));
  EXPECT_EQ(outcome.metrics.at({"search/architecture-lr", collapses[0].step}), 0.2);
  EXPECT_EQ(outcome.metrics.at({"search/architecture-lr", collapses[0].step + 4}), 0.1);
}

TEST_F(Searches, WhatDoesNotFitIsSaidBeforeAnythingRuns) {
  const auto sentences = [&](const Json& document) {
    std::vector<std::string> all;
    for (const Problem& problem : validate_document(catalog, document, ".", data.get())) all.push_back(problem.sentence());
    return all;
  };
  EXPECT_THAT(sentences(small()), testing::IsEmpty());
  Json document = small();
  document["search"]["cost"] = {{"target", 10}};
  EXPECT_THAT(sentences(document),
              testing::ElementsAre(testing::HasSubstr("`/search/cost/target` is 10, but the smallest architecture costs ")));
  document = small();
  document["model"]["nodes"][0]["out"] = 4096;
  document["training"]["batch"] = 20000;
  EXPECT_THAT(sentences(document), testing::Contains(testing::AllOf(
                                       testing::HasSubstr("`/search/algorithm` runs every candidate of the supernet, which takes about "),
                                       testing::HasSubstr("but the device has "))));
  document = small();
  document["search"]["warmup"] = 3;
  EXPECT_THAT(sentences(document), testing::ElementsAre(testing::HasSubstr("`/search/warmup` is as long as the search")));
  document = small();
  document["search"]["algorithm"]["tau"] = 3;
  EXPECT_THAT(sentences(document), testing::ElementsAre(testing::HasSubstr("tau")));
}

TEST_F(Searches, TemplatesOfShippedDataAreValid) {
  const auto templates = document_templates();
  ASSERT_TRUE(templates);
  int checked = 0;
  for (const DocumentTemplate& one : *templates) {
    const auto text = template_document(one.name);
    ASSERT_TRUE(text);
    const auto document = parse_document(*text);
    ASSERT_TRUE(document) << one.name;
    EXPECT_EQ(document->at("task"), one.task) << one.name;
    if (one.task == "train" || !document->at("data").at("source").get<std::string>().starts_with("builtin:")) continue;
    const auto problems = validate_document(catalog, *document, ".", data.get());
    EXPECT_EQ(!problems.empty(), one.draft) << one.name << ": " << (problems.empty() ? "complete" : problems.front().sentence());
    ++checked;
  }
  EXPECT_EQ(checked, 6);
}

}  // namespace
}  // namespace dsw
