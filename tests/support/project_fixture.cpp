// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/project_fixture.h"

#include "engine/core/sha256.h"

namespace dsw {

void ProjectFixture::open(Project::Mode mode) { project = value_of(Project::open(path(), mode)); }

std::unique_ptr<ProjectReader> ProjectFixture::reader() const { return value_of(ProjectReader::open(path())); }

RunRow ProjectFixture::new_run(const std::string& resolved) {
  Experiment document;
  document.document = R"({"deepshock":1,"task":"train","name":"tiny"})";
  document.resolved = resolved;
  document.task = "train";
  document.name = "tiny";
  document.device = "cpu";
  document.seed = 18446744073709551615ULL;
  experiment = value_of(project->save_experiment(experiment, "tiny", "train", document.document, folder.path().string()));
  return value_of(project->create_run(experiment, document, R"({"threads":2})"));
}

void ProjectFixture::store(const RunRow& run, const std::vector<Event>& events) {
  project->append(run.id, events);
  value_of(project->flush());
}

CheckpointBody ProjectFixture::new_checkpoint(const RunRow& run, std::int64_t step, const std::string& content, bool best) {
  const std::string name = "step-" + std::to_string(step) + ".safetensors";
  write_text(project->work_folder(run.id) / name, content);
  return {step, name, sha256(content), content.size(), best};
}

Event event_of(std::int64_t seq, EventBody body, double time) { return {seq, time + static_cast<double>(seq), std::move(body)}; }

}  // namespace dsw
