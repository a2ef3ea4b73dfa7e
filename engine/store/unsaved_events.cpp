// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/unsaved_events.h"

#include "engine/core/sha256.h"
#include "engine/core/state_folder.h"
#include "engine/store/project_place.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

Result<void> append(EventFileWriter& writer, std::span<const Event> events) {
  for (const Event& event : events) DSW_TRY(writer.append(event));
  return writer.sync();
}

}  // namespace

std::vector<fs::path> UnsavedEvents::places(const fs::path& project) {
  std::vector<fs::path> places{work_path(project)};
  if (const fs::path state = state_folder(); !state.empty())
    places.push_back(state / "unsaved" / (project.stem().string() + "-" + sha256(project.string()).substr(0, 16)));
  return places;
}

Result<fs::path> UnsavedEvents::keep(const std::string& run_id, std::span<const Event> events) {
  if (const auto known = open_.find(run_id); known != open_.end()) {
    if (append(*known->second.writer, events)) return known->second.file;
    open_.erase(known);
  }
  Error last(ErrorCode::Io, "There is no place to keep the events in");
  for (const fs::path& place : places_) {
    const fs::path file = place / run_id / kFile;
    std::error_code ignored;  // what cannot be made cannot be opened either
    fs::create_directories(file.parent_path(), ignored);
    auto writer = EventFileWriter::open(file);
    const Result<void> written = writer ? append(**writer, events) : fail(writer.error());
    if (written) {
      open_[run_id] = {file, std::move(*writer)};
      return file;
    }
    last = written.error();
  }
  return fail(std::move(last));
}

}  // namespace dsw
