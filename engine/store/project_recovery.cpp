// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <set>

#include "engine/core/ids.h"
#include "engine/run/event_file.h"
#include "engine/store/project_place.h"
#include "engine/store/queries.h"
#include "engine/store/sqlite_project.h"
#include "engine/store/unsaved_events.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBatch = 8192;

/// Whether all events of these files are stored now: a worker's, and what a writer could not store. What cannot be read stays for the
/// next time. They are put in order together, as a run's numbers only grow.
bool adopt_events(Database& database, EventWriter& writer, const std::string& run_id, const std::vector<fs::path>& files) {
  std::vector<Event> events;
  std::int64_t bad_lines = 0;
  for (const fs::path& file : files) {
    std::error_code code;
    if (!fs::is_regular_file(fs::symlink_status(file, code))) continue;  // nothing to adopt; a link is not followed
    EventFollower follower(file);
    for (;;) {
      const auto more = follower.read(events);
      if (!more) return false;
      if (!*more) break;
    }
    bad_lines += follower.bad_lines();
  }
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.seq < b.seq; });
  if (bad_lines > 0) {
    Event note;
    note.seq = events.empty() ? 1 : events.back().seq + 1;
    note.time = now_seconds();
    note.body =
        LogBody{LogBody::Level::Warning, fmt::format("{} lines of the run's event file were no events and were left out.", bad_lines)};
    events.push_back(std::move(note));
  }
  for (std::size_t begin = 0; begin < events.size(); begin += kBatch) {
    const auto batch = std::span(events).subspan(begin, std::min(kBatch, events.size() - begin));
    const auto stored = guarded([&] {
      Transaction transaction(database, Transaction::Kind::Write);
      writer.store(run_id, batch);
      transaction.commit();
    });
    if (!stored) {
      writer.rolled_back();
      return false;
    }
    writer.committed();
  }
  return true;
}

void adopt_work(Database& database, const ArtifactStore& artifacts, const fs::path& work_folder) {
  const std::vector<fs::path> places = UnsavedEvents::places(database.path());
  std::set<std::string> run_ids;
  std::error_code code;
  for (const fs::path& place : places) {
    for (auto entry = fs::directory_iterator(place, code); !code && entry != fs::directory_iterator(); entry.increment(code)) {
      if (entry->is_directory(code) && !entry->is_symlink(code)) run_ids.insert(entry->path().filename().string());
    }
  }
  EventWriter writer(database, artifacts, work_folder);
  for (const std::string& run_id : run_ids) {
    {
      Query known = database.query("SELECT 1 FROM runs WHERE id = ?1", run_id);
      if (!known.step()) continue;  // of another project, or made by hand
    }
    if (FileLock::holder(work_folder / run_id / kWorkerLock)) continue;
    std::vector<fs::path> files{work_folder / run_id / "events.jsonl"};
    for (const fs::path& place : places) files.push_back(place / run_id / UnsavedEvents::kFile);
    if (!adopt_events(database, writer, run_id, files)) continue;
    for (const fs::path& place : places) fs::remove_all(place / run_id, code);
  }
  for (const fs::path& place : places) fs::remove(place, code);  // goes only when it is empty
}

void interrupt_runs(Database& database, const fs::path& work_folder) {
  struct Row {
    std::int64_t number = 0, checkpoint_step = 0;
    std::string id;
    bool waited = false, has_checkpoint = false;
  };
  std::vector<Row> rows;
  {
    Query query = database.query(
        "SELECT r.number, r.id, r.status, c.step FROM runs r LEFT JOIN run_checkpoints c ON c.run = r.number AND c.seq = "
        "(SELECT max(seq) FROM run_checkpoints WHERE run = r.number) WHERE r.status IN ('running', 'paused', 'queued')");
    while (query.step()) rows.push_back({query.integer(0), query.integer(3), query.text(1), query.text(2) == "queued", !query.is_null(3)});
  }
  std::erase_if(rows, [&](const Row& row) { return FileLock::holder(work_folder / row.id / kWorkerLock).has_value(); });
  if (rows.empty()) return;
  Transaction transaction(database, Transaction::Kind::Write);
  for (const Row& row : rows) {
    const std::string sentence =
        row.waited ? "The program ended before this run started." : "The program ended while this run was going on.";
    const std::string hint =
        row.has_checkpoint ? fmt::format("Resume from step {}.", row.checkpoint_step) : "It has no checkpoint: resuming starts it again.";
    database.run(
        "UPDATE runs SET status = 'interrupted', sentence = ?2, hint = ?3, ended = max(running_since, started, created), running_since = "
        "0, "
        "seconds_left = 0 WHERE number = ?1",
        row.number, sentence, hint);
  }
  transaction.commit();
}

}  // namespace

void recover_project(Database& database, const ArtifactStore& artifacts, const fs::path& work_folder) {
  artifacts.remove_temporaries();
  adopt_work(database, artifacts, work_folder);
  interrupt_runs(database, work_folder);
}

}  // namespace dsw
