// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/data/dataset_cache.h"
#include "engine/run/launcher.h"
#include "engine/workspace.h"
#include "tests/support/temp_folder.h"

namespace dsw {

/// Runs documents of the task train in this process and keeps their events.
struct TrainFixture : testing::Test {
  TrainFixture() : TrainFixture([](Catalog&) {}) {}
  /// `add` registers what the test needs besides.
  explicit TrainFixture(const std::function<void(Catalog&)>& add) {
    register_builtins(catalog);
    add(catalog);
    catalog.freeze();
    data = std::make_unique<DatasetCache>(catalog);
  }

  /// A small language model on part of the shipped text.
  static Json text_document(int steps) {
    return Json::parse(R"({"deepshock": 1, "task": "train", "name": "small", "seed": 5,
      "data": {"type": "text", "source": "builtin:tinyshakespeare", "max_bytes": 20000, "tokenizer": "char", "context": 16},
      "model": {"type": "gpt", "layers": 2, "heads": 2, "width": 16, "dropout": 0.1},
      "optimizer": {"type": "adamw", "lr": 3e-3},
      "training": {"steps": )" +
                       std::to_string(steps) + R"(, "batch": 4, "eval_every": 10, "checkpoint_every": 5, "sample_tokens": 5}})");
  }

  struct Outcome {
    Result<void> result;
    std::vector<Event> events;
    std::map<std::pair<std::string, std::int64_t>, double> metrics;
    std::vector<CheckpointBody> checkpoints;
    std::int64_t last_seq = 0;

    template <class Body>
    std::vector<Body> bodies() const {
      std::vector<Body> found;
      for (const Event& event : events)
        if (const auto* body = std::get_if<Body>(&event.body)) found.push_back(*body);
      return found;
    }
  };

  /// `stop_at`: a stop request comes when that step's loss is told; negative: none.
  Outcome run(const Json& document, const std::filesystem::path& place, std::int64_t stop_at = -1,
              const std::filesystem::path& resume_from = {}, std::int64_t first_seq = 1) {
    auto experiment = make_experiment(catalog, document, ".", data.get());
    if (!experiment) return {fail(experiment.error()), {}, {}, {}, 0};
    LaunchRequest request;
    request.experiment = *experiment;
    request.device = on_device;
    request.threads = 1;
    request.folder = place;
    request.resume_from = resume_from;
    request.first_seq = first_seq;
    request.data = data.get();
    std::stop_source stop;
    Outcome outcome;
    outcome.result = make_local_launcher(catalog)->run(request, stop.get_token(), [&](Event event) {
      if (const auto* metric = std::get_if<MetricBody>(&event.body)) {
        if (!metric->key.ends_with("-per-s")) {
          EXPECT_TRUE(outcome.metrics.emplace(std::pair(metric->key, metric->step), metric->value).second)
              << metric->key << " stands twice at " << metric->step;
        }
        if (metric->key == "train/loss" && metric->step == stop_at) stop.request_stop();
      }
      if (const auto* checkpoint = std::get_if<CheckpointBody>(&event.body)) {
        outcome.checkpoints.push_back(*checkpoint);
        outcome.last_seq = event.seq;
      }
      if (on_event) on_event(event);
      outcome.events.push_back(std::move(event));
    });
    return outcome;
  }

  std::function<void(const Event&)> on_event;
  std::string on_device = "cpu";
  Catalog catalog;
  std::unique_ptr<DatasetCache> data;
  TempFolder folder;
};

}  // namespace dsw
