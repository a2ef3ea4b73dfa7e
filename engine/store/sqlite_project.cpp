// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/sqlite_project.h"

#include "engine/core/ids.h"
#include "engine/store/metric_points.h"
#include "engine/store/project_place.h"
#include "engine/store/queries.h"
#include "engine/store/row_removal.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

/// Error{NotFound} unless the last statement changed a row.
void require_change(std::int64_t changes, const char* what, const std::string& id) {
  if (changes == 0) throw Error(ErrorCode::NotFound, fmt::format("there is no {} \"{}\" in this project", what, id));
}

bool is_experiment(Database& database, const std::string& id) {
  Query row = database.query("SELECT 1 FROM experiments WHERE id = ?1", id);
  return row.step();
}

bool is_model(Database& database, const std::string& id) {
  Query row = database.query("SELECT 1 FROM models WHERE id = ?1", id);
  return row.step();
}

std::uint64_t database_bytes(Database& database) {
  return static_cast<std::uint64_t>(database.integer("PRAGMA page_count") * database.integer("PRAGMA page_size"));
}

}  // namespace

SqliteProject::SqliteProject(fs::path path, FileLock lock, std::unique_ptr<Database> database)
    : path_(std::move(path)), lock_(std::move(lock)), artifacts_(path_), writer_(std::move(database), artifacts_, work_path(path_)) {}

fs::path SqliteProject::work_folder(const std::string& run_id) const {
  const fs::path folder = work_path(path_) / run_id;
  std::error_code code;
  fs::create_directories(folder, code);  // who writes there says so when it is not there
  return folder;
}

Result<std::string> SqliteProject::save_experiment(const std::string& experiment_id, const std::string& name, const std::string& task,
                                                   const std::string& document, const std::string& base) {
  std::string id = experiment_id;
  DSW_TRY(writer_.command([&](Database& database, EventWriter&) {
    const double now = now_seconds();
    if (id.empty()) {
      id = new_id();
      database.run("INSERT INTO experiments (id, name, task, created, changed) VALUES (?1, ?2, ?3, ?4, ?4)", id, name, task, now);
    } else {
      require_change(database.run("UPDATE experiments SET name = ?2, task = ?3, draft = NULL WHERE id = ?1", id, name, task), "experiment",
                     id);
    }
    std::int64_t version = 0;
    {
      Query latest =
          database.query("SELECT version, document, base FROM experiment_versions WHERE experiment = ?1 ORDER BY version DESC LIMIT 1", id);
      if (latest.step()) {
        if (latest.text(1) == document && latest.text(2) == base) return;
        version = latest.integer(0);
      }
    }
    database.run("INSERT INTO experiment_versions (experiment, version, created, base, document) VALUES (?1, ?2, ?3, ?4, ?5)", id,
                 version + 1, now, base, document);
    database.run("UPDATE experiments SET changed = ?2 WHERE id = ?1", id, now);
  }));
  return id;
}

Result<void> SqliteProject::allow_outside_files(const std::string& experiment_id) {
  return writer_.command([&](Database& database, EventWriter&) {
    require_change(database.run("UPDATE experiments SET outside_files = '' WHERE id = ?1", experiment_id), "experiment", experiment_id);
  });
}

Result<void> SqliteProject::copy_outside_files(const std::string& from, const std::string& to) {
  return writer_.command([&](Database& database, EventWriter&) {
    require_change(
        database.run(
            "UPDATE experiments SET outside_files = coalesce((SELECT outside_files FROM experiments WHERE id = ?1), '') WHERE id = ?2",
            from, to),
        "experiment", to);
  });
}

Result<void> SqliteProject::save_draft(const std::string& experiment_id, const std::string& document) {
  return writer_.command([&](Database& database, EventWriter&) {
    require_change(database.run("UPDATE experiments SET draft = nullif(?2, '') WHERE id = ?1", experiment_id, document), "experiment",
                   experiment_id);
  });
}

Result<std::optional<std::string>> SqliteProject::draft(const std::string& experiment_id) {
  std::optional<std::string> draft;
  DSW_TRY(writer_.command([&](Database& database, EventWriter&) {
    Query row = database.query("SELECT draft FROM experiments WHERE id = ?1 AND draft IS NOT NULL", experiment_id);
    if (row.step()) draft = row.text(0);
  }));
  return draft;
}

Result<RunRow> SqliteProject::create_run(const std::string& experiment_id, const Experiment& experiment, const std::string& record) {
  RunRow row;
  const std::string id = new_id();
  DSW_TRY(writer_.command(
      [&](Database& database, EventWriter&) {
        std::int64_t version = 0;
        {
          // The version whose text was run; the latest where the text was changed on the way (--set).
          Query versions = database.query(
              "SELECT version FROM experiment_versions WHERE experiment = ?1 ORDER BY document = ?2 DESC, version DESC LIMIT 1",
              experiment_id, experiment.document);
          if (!versions.step())
            throw Error(ErrorCode::NotFound, fmt::format("there is no experiment \"{}\" in this project", experiment_id));
          version = versions.integer(0);
        }
        database.run(
            "INSERT INTO runs (id, experiment, version, task, status, seed, device, created, keep) VALUES (?1, ?2, ?3, ?4, 'queued', ?5, "
            "?6, ?7, ?8)",
            id, experiment_id, version, experiment.task, std::to_string(experiment.seed), experiment.device, now_seconds(),
            checkpoints_to_keep(experiment.resolved));
        const std::int64_t number = database.last_row();
        const std::pair<const char*, const std::string*> texts[] = {
            {"document", &experiment.document}, {"resolved", &experiment.resolved}, {"record", &record}};
        for (const auto& [kind, text] : texts)
          database.run("INSERT INTO run_texts (run, kind, text) VALUES (?1, ?2, ?3)", number, kind, *text);
        row = query_run(database, number);
      },
      {id}));
  return row;
}

Result<void> SqliteProject::prepare_resume(const std::string& run_id, const CheckpointRow& from) {
  if (from.seq > 0) {
    const auto digest = sha256_of_file(artifacts_.path_of(from.sha256));
    if (!digest || digest->sha256 != from.sha256) {
      return fail(
          ErrorCode::Damaged,
          fmt::format("the checkpoint of step {} is {}", from.step, digest ? "damaged: its content is not what was saved" : "not there"),
          "Resume from another checkpoint, or run the experiment again.", artifacts_.path_of(from.sha256).string());
    }
  }
  return writer_.command(
      [&](Database& database, EventWriter& events) {
        const std::int64_t run = find_run(database, run_id);
        drop_run_rows(database, run, from.seq);
        rebuild_summaries(database, run);
        database.run("DELETE FROM run_texts WHERE run = ?1 AND kind = 'summary'", run);
        database.run(
            "UPDATE runs SET status = 'queued', last_seq = ?2, step = ?3, ended = 0, running_since = 0, sentence = '', hint = '', "
            "seconds = CASE WHEN ?2 = 0 THEN 0 ELSE seconds END, started = CASE WHEN ?2 = 0 THEN 0 ELSE started END WHERE number = ?1",
            run, from.seq, from.step);
        events.forget(run_id);
      },
      {run_id});
}

Result<void> SqliteProject::rename(const std::string& id, const std::string& name) {
  return writer_.command(
      [&](Database& database, EventWriter&) {
        if (is_experiment(database, id)) {
          if (name.empty()) throw Error(ErrorCode::InvalidArgument, "an experiment needs a name", "Give it one.");
          database.run("UPDATE experiments SET name = ?2 WHERE id = ?1", id, name);
        } else if (is_model(database, id)) {
          if (name.empty()) throw Error(ErrorCode::InvalidArgument, "a model needs a name", "Give it one.");
          database.run("UPDATE models SET name = ?2 WHERE id = ?1", id, name);
        } else {
          database.run("UPDATE runs SET name = ?2 WHERE number = ?1", find_run(database, id), name);
        }
      },
      {id});
}

Result<void> SqliteProject::change_run(const std::string& run_id, const std::string& column, const std::string& value) {
  return writer_.command(
      [&](Database& database, EventWriter&) {
        database.run("UPDATE runs SET " + column + " = ?2 WHERE number = ?1", find_run(database, run_id), value);
      },
      {run_id});
}

Result<void> SqliteProject::set_tags(const std::string& run_id, const std::vector<std::string>& tags) {
  return change_run(run_id, "tags", join_lines(tags));
}
Result<void> SqliteProject::set_note(const std::string& id, const std::string& note) {
  return writer_.command(
      [&](Database& database, EventWriter&) {
        if (is_model(database, id)) {
          database.run("UPDATE models SET note = ?2 WHERE id = ?1", id, note);
        } else {
          database.run("UPDATE runs SET note = ?2 WHERE number = ?1", find_run(database, id), note);
        }
      },
      {id});
}

Result<void> SqliteProject::set_archived(const std::string& id, bool archived) {
  return writer_.command(
      [&](Database& database, EventWriter&) {
        if (is_experiment(database, id)) {
          database.run("UPDATE experiments SET archived = ?2 WHERE id = ?1", id, archived);
        } else if (is_model(database, id)) {
          database.run("UPDATE models SET archived = ?2 WHERE id = ?1", id, archived);
        } else {
          database.run("UPDATE runs SET archived = ?2 WHERE number = ?1", find_run(database, id), archived);
        }
      },
      {id});
}

Result<void> SqliteProject::set_baseline(const std::string& run_id) {
  std::vector<std::string> changed;
  if (!run_id.empty()) changed.push_back(run_id);
  return writer_.command(
      [&](Database& database, EventWriter&) {
        const std::string id = run_id.empty() ? std::string() : query_run(database, find_run(database, run_id)).id;
        database.run("INSERT OR REPLACE INTO settings (key, value) VALUES ('baseline', ?1)", id);
      },
      std::move(changed));
}

Result<void> SqliteProject::set_setting(const std::string& key, const std::string& value) {
  return writer_.command([&](Database& database, EventWriter&) {
    if (value.empty()) {
      database.run("DELETE FROM settings WHERE key = ?1", key);
    } else {
      database.run("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)", key, value);
    }
  });
}

Result<ModelRow> SqliteProject::add_model(const std::string& name, const std::string& family, const std::string& source,
                                          const fs::path& file) {
  // The copy is made on the asker's thread: it may be gigabytes, and events must not wait for it.
  const std::lock_guard keep(artifact_mutex_);
  DSW_TRY_ASSIGN(const FileDigest digest, guarded([&] { return artifacts_.take_copy(file); }));
  ModelRow model{new_id(),     name,          family, source, digest.sha256, artifacts_.path_of(digest.sha256).string(),
                 digest.bytes, now_seconds(), {},     false};
  DSW_TRY(writer_.command([&](Database& database, EventWriter&) {
    database.run("INSERT INTO models (id, name, family, source, sha256, bytes, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", model.id,
                 model.name, model.family, model.source, model.sha256, static_cast<std::int64_t>(model.bytes), model.created);
  }));
  return model;
}

Result<void> SqliteProject::add_evaluation(const EvaluationRow& evaluation) {
  return writer_.command([&](Database& database, EventWriter&) {
    database.run("INSERT INTO evaluations (sha256, time, data, part, targets, result) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", evaluation.sha256,
                 evaluation.time > 0 ? evaluation.time : now_seconds(), evaluation.data, evaluation.part, evaluation.targets,
                 evaluation.result);
  });
}

Result<std::uint64_t> SqliteProject::prune() {
  const std::lock_guard keep(artifact_mutex_);
  std::uint64_t freed = 0;
  DSW_TRY(writer_.command(
      [&](Database& database, EventWriter& events) {
        const std::uint64_t before = database_bytes(database);
        {
          Transaction transaction(database, Transaction::Kind::Write);
          std::vector<std::pair<std::int64_t, std::string>> runs;
          {
            Query rows = database.query("SELECT number, id FROM runs WHERE archived = 1 AND status NOT IN ('queued', 'running', 'paused')");
            while (rows.step()) runs.emplace_back(rows.integer(0), rows.text(1));
          }
          for (const auto& [number, id] : runs) {
            delete_run(database, number);
            events.forget(id);
          }
          database.run("DELETE FROM models WHERE archived = 1");
          database.run("DELETE FROM experiments WHERE archived = 1 AND id NOT IN (SELECT experiment FROM runs)");
          database.run("DELETE FROM experiment_versions WHERE experiment NOT IN (SELECT id FROM experiments)");
          transaction.commit();
        }
        database.run("DELETE FROM evaluations WHERE sha256 NOT IN (SELECT sha256 FROM run_checkpoints UNION SELECT sha256 FROM models)");
        const std::set<std::string> used = query_side_files(database);
        for (const std::string& name : artifacts_.present()) {
          if (!used.contains(name)) freed += artifacts_.remove(name);
        }
        // Rewriting the file costs its whole size; a few free pages are not worth it.
        if (database.integer("PRAGMA freelist_count") * 10 > database.integer("PRAGMA page_count")) {
          database.script("VACUUM");
          const std::uint64_t after = database_bytes(database);
          freed += before > after ? before - after : 0;
        }
      },
      {}, false));
  return freed;
}

}  // namespace dsw
