// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/store/project.h"
#include "tests/support/temp_folder.h"

namespace dsw {

/// A new project in a folder of its own, with what tests of the store need to fill it. Failing calls throw.
class ProjectFixture {
 public:
  ProjectFixture() { open(Project::Mode::Create); }

  void open(Project::Mode mode = Project::Mode::Open);
  void close() { project.reset(); }
  std::filesystem::path path() const { return folder / "tiny.dsx"; }
  std::unique_ptr<ProjectReader> reader() const;
  /// A run of a new version of one experiment; `resolved` is its document with defaults.
  RunRow new_run(const std::string& resolved = R"({"task":"train"})");
  /// Appends and waits for the commit.
  void store(const RunRow& run, const std::vector<Event>& events);
  /// Writes a file into the run's work folder and gives the event that announces it.
  CheckpointBody new_checkpoint(const RunRow& run, std::int64_t step, const std::string& content, bool best = false);

  TempFolder folder{"project"};
  std::unique_ptr<Project> project;
  std::string experiment;
};

Event event_of(std::int64_t seq, EventBody body, double time = 1'700'000'000);
/// The value, or a failed test with the error's sentence.
template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().sentence());
  return std::move(*result);
}
inline void value_of(Result<void> result) {
  if (!result) throw std::runtime_error(result.error().sentence());
}

}  // namespace dsw
