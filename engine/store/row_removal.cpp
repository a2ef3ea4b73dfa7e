// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/row_removal.h"

#include "engine/store/metric_points.h"

namespace dsw {

void drop_run_rows(Database& database, std::int64_t run, std::int64_t after_seq) {
  drop_points_after(database, run, after_seq);
  database.run("DELETE FROM run_samples WHERE run = ?1 AND seq > ?2", run, after_seq);
  database.run("DELETE FROM run_checkpoints WHERE run = ?1 AND seq > ?2", run, after_seq);
  database.run("DELETE FROM run_events WHERE run = ?1 AND seq > ?2", run, after_seq);
}

void delete_run(Database& database, std::int64_t run) {
  // Not by number of event: nothing of the run is left, whatever its rows say.
  for (const char* table :
       {"metric_tail", "metric_chunks", "metric_summaries", "run_samples", "run_checkpoints", "run_events", "run_texts"}) {
    database.run(fmt::format("DELETE FROM {} WHERE run = ?1", table), run);
  }
  database.run("DELETE FROM runs WHERE number = ?1", run);
}

}  // namespace dsw
