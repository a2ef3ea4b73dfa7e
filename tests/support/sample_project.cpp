// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/sample_project.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/core/sha256.h"
#include "engine/run/experiment.h"
#include "engine/run/templates.h"
#include "engine/workspace.h"
#include "tests/support/project_fixture.h"

namespace dsw {
namespace {

constexpr double kMorning = 1'700'035'200;  // 15 November 2023, 08:00 UTC
constexpr std::int64_t kSteps = 2000;

/// The same noise on every machine, -0.5 to 0.5.
double noise(std::uint32_t i) {
  i = (i ^ 61U) ^ (i >> 16U);
  i *= 9U;
  i ^= i >> 4U;
  i *= 0x27d4eb2dU;
  i ^= i >> 15U;
  return static_cast<double>(i % 20011U) / 20011.0 - 0.5;
}

const char* const kText =
    "What, the sun of the more hath been the son,\nAnd what shall be the morn of this my father?\n\nGLOUCESTER:\nI will not the court, and "
    "then we have so,\nAnd let the was a man of the king.\n";

}  // namespace

struct SampleProject::Wanted {
  std::string name, experiment, source;
  std::map<std::string, std::string> settings;
  int seed = 1;
  RunStatus status = RunStatus::Finished;
  std::int64_t reached = kSteps;
  double end = 1.88, parameters = 809'856, step_flops = 3.94e9;
};

void SampleProject::add(Project& project, const Wanted& run) {
  Catalog catalog;
  register_builtins(catalog);
  catalog.freeze();
  Json document = Json::parse(value_of(template_document(run.source)));
  value_of(set_pointer(document, "/name", run.experiment));
  value_of(set_pointer(document, "/seed", std::to_string(run.seed)));
  for (const auto& [pointer, value] : run.settings) value_of(set_pointer(document, pointer, value));
  const Experiment experiment = value_of(make_experiment(catalog, document, folder_.path(), nullptr));
  std::string& id = experiments_[run.experiment];
  id = value_of(project.save_experiment(id, run.experiment, "train", document.dump(2), folder_.path().string()));
  const Json record = {{"threads", 2}, {"parameters", run.parameters}, {"step_flops", run.step_flops}, {"steps_per_epoch", 1307}};
  const RunRow row = value_of(project.create_run(id, experiment, record.dump()));
  ids_[run.name] = row.id;

  const double start = kMorning + 600.0 * static_cast<double>(row.number);
  const auto salt = static_cast<std::uint32_t>(row.number * 7919);
  std::vector<Event> events;
  std::int64_t seq = 0;
  const auto add = [&](double time, EventBody body) { events.push_back({++seq, start + time, std::move(body)}); };
  const auto when = [](std::int64_t step) { return 0.025 * static_cast<double>(step); };
  const auto at = [](std::int64_t step) { return static_cast<double>(step); };
  add(0, StatusBody{RunStatus::Running, 0, {}, {}});
  const bool images = run.source == "mnist-cnn";
  for (std::int64_t step = 1; step <= run.reached; ++step) {
    const double loss = run.end - 0.12 + 2.35 * std::exp(-at(step) / 240);
    if (step % 10 == 0 || step == 1) {
      add(when(step), MetricBody{"train/loss", step, loss + 0.12 * noise(static_cast<std::uint32_t>(step) + salt)});
      add(when(step), MetricBody{"train/grad-norm", step,
                                 0.5 + 2.6 * std::exp(-at(step) / 150) + 0.2 * noise(salt + static_cast<std::uint32_t>(3 * step))});
      const double p = (at(step) - 100) / (at(kSteps) - 100);
      add(when(step),
          MetricBody{"train/lr", step, step < 100 ? 1e-3 * at(step) / 101 : 1e-3 * (0.1 + 0.45 * (1 + std::cos(3.14159265 * p)))});
      add(when(step), MetricBody{"sys/tokens-per-s", step, 41'000 + 2'000 * noise(salt + static_cast<std::uint32_t>(5 * step))});
    }
    if (step % 200 == 0) {
      add(when(step),
          MetricBody{"val/loss", step, run.end + 2.3 * std::exp(-at(step) / 260) + 0.01 * noise(salt + static_cast<std::uint32_t>(step))});
      add(when(step),
          MetricBody{"val/accuracy", step, images ? 0.991 - std::exp(-at(step) / 200) : 0.44 - 0.4 * std::exp(-at(step) / 300)});
      if (!images) {
        add(when(step), MetricBody{"val/perplexity", step, std::exp(run.end + 2.3 * std::exp(-at(step) / 260))});
        add(when(step), SampleBody{step, "text", Json{{"prompt", "ROMEO:\n"}, {"text", kText}, {"temperature", 0.8}}.dump(), {}});
      }
      const std::string file = "step-" + std::to_string(step) + ".safetensors", content = run.name + file;
      write_text(project.work_folder(row.id) / file, content);
      add(when(step), CheckpointBody{step, file, sha256(content), content.size(), step == run.reached});
    }
  }
  if (images) {
    Json classes = Json::array(), counts = Json::array();
    for (int i = 0; i < 10; ++i) {
      classes.push_back(std::to_string(i));
      Json line = Json::array();
      for (int j = 0; j < 10; ++j)
        line.push_back(i == j ? 960 + 7 * i : static_cast<int>(16 * std::abs(noise(static_cast<std::uint32_t>(10 * i + j)))));
      counts.push_back(line);
    }
    add(when(run.reached), SampleBody{run.reached, "confusion", Json{{"classes", classes}, {"counts", counts}}.dump(), {}});
  }
  std::string sentence, hint;
  if (run.status == RunStatus::Failed) {
    add(when(run.reached), MetricBody{"train/loss", run.reached, std::numeric_limits<double>::quiet_NaN()});
    sentence = "train/loss became NaN at step 412, first in block 2, attention.";
    hint = "The checkpoint of step 400 is kept; a lower learning rate may help.";
  }
  if (run.reached > 0) add(when(run.reached), ProgressBody{run.reached, kSteps, 41'230, "tokens/s", when(kSteps - run.reached)});
  if (run.status != RunStatus::Running) add(when(run.reached), StatusBody{run.status, run.reached, sentence, hint});
  project.append(row.id, events);
  value_of(project.flush());
}

SampleProject::SampleProject() {
  const auto project = value_of(Project::open(path(), Project::Mode::Create));
  for (int seed = 1; seed <= 3; ++seed) {
    const std::string n = std::to_string(seed);
    add(*project, {"char-" + n, "shakespeare-char", "shakespeare-char", {}, seed, RunStatus::Finished, kSteps, 1.880 + 0.004 * seed});
    add(*project, {"wide-" + n,
                   "shakespeare-wide",
                   "shakespeare-char",
                   {{"/model/width", "192"}, {"/optimizer/lr", "7e-4"}},
                   seed,
                   RunStatus::Finished,
                   kSteps,
                   1.790 + 0.005 * seed,
                   1'812'000,
                   8.61e9});
  }
  add(*project, {"digits", "mnist-cnn", "mnist-cnn", {}, 1, RunStatus::Finished, 840, 0.03, 54'666, 1.2e9});
  add(*project,
      {"stopped", "shakespeare-deep", "shakespeare-char", {{"/model/layers", "8"}}, 1, RunStatus::Stopped, 700, 1.948, 1'600'000, 7.8e9});
  add(*project, {"failed",
                 "shakespeare-wide",
                 "shakespeare-char",
                 {{"/model/width", "192"}, {"/optimizer/lr", "1e-2"}},
                 1,
                 RunStatus::Failed,
                 412,
                 1.9,
                 1'812'000,
                 8.61e9});
  add(*project, {"fresh", "shakespeare-char", "shakespeare-char", {}, 9, RunStatus::Stopped, 0});
  add(*project, {"interrupted", "shakespeare-char", "shakespeare-char", {}, 1337, RunStatus::Running, 1640, 1.879});
}

}  // namespace dsw
