// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/run/event_file.h"

namespace dsw {

/// Events that the project file would not take, kept in files (RUN/unsaved.jsonl, a line each) until the project is opened again:
/// recover_project takes them over then. Used by one thread.
class UnsavedEvents {
 public:
  explicit UnsavedEvents(const std::filesystem::path& project) : places_(places(project)) {}

  /// Appends to the run's file in the first place that takes it, and brings it to the disk. A torn part may stay behind in a place
  /// that was full; readers drop what stands twice. Gives the file. Error{Io}: no place took them.
  Result<std::filesystem::path> keep(const std::string& run_id, std::span<const Event> events);

  /// Where such files may lie, each with a folder a run: NAME.dsx.work, then a folder of the person's own, as a full or broken disk
  /// takes nothing beside the project: $XDG_STATE_HOME/deepshock/unsaved/…, by the project's path.
  static std::vector<std::filesystem::path> places(const std::filesystem::path& project);
  static constexpr const char* kFile = "unsaved.jsonl";

 private:
  std::vector<std::filesystem::path> places_;
  struct Open {
    std::filesystem::path file;
    std::unique_ptr<EventFileWriter> writer;
  };
  std::map<std::string, Open> open_;  // by run
};

}  // namespace dsw
