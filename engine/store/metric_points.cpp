// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/metric_points.h"

#include <algorithm>

#include "engine/run/metric_direction.h"
#include "engine/store/metric_chunk.h"

namespace dsw {
namespace {

void add_chunk(Database& database, std::int64_t run, std::int64_t key, std::span<const MetricPoint> points) {
  const std::vector<unsigned char> bytes = pack_points(points);
  database.run("INSERT INTO metric_chunks (run, key, last_seq, points) VALUES (?1, ?2, ?3, ?4)", run, key, points.back().seq,
               std::span<const unsigned char>(bytes));
}

std::vector<MetricPoint> tail(Database& database, std::int64_t run, std::int64_t key, std::int64_t after_seq) {
  std::vector<MetricPoint> points;
  Query rows = database.query("SELECT seq, step, time, value FROM metric_tail WHERE run = ?1 AND key = ?2 AND seq > ?3 ORDER BY seq", run,
                              key, after_seq);
  while (rows.step()) points.push_back({rows.integer(0), rows.integer(1), rows.real(2), rows.real(3)});
  return points;
}

}  // namespace

void add_point(Database& database, std::int64_t run, std::int64_t key, const MetricPoint& point) {
  database.run("INSERT OR REPLACE INTO metric_tail (run, key, seq, step, time, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", run, key, point.seq,
               point.step, point.time, point.value);
}

void pack_tail(Database& database, std::int64_t run, std::int64_t key) {
  const std::vector<MetricPoint> points = tail(database, run, key, 0);
  if (points.empty()) return;
  add_packed(database, run, key, points);
  database.run("DELETE FROM metric_tail WHERE run = ?1 AND key = ?2", run, key);
}

void add_packed(Database& database, std::int64_t run, std::int64_t key, const std::vector<MetricPoint>& points) {
  for (std::size_t begin = 0; begin < points.size(); begin += kPointsPerChunk) {
    const std::size_t count = std::min(points.size() - begin, static_cast<std::size_t>(kPointsPerChunk));
    add_chunk(database, run, key, std::span(points).subspan(begin, count));
  }
}

std::vector<MetricPoint> read_points(Database& database, std::int64_t run, std::int64_t key, std::int64_t after_seq) {
  std::vector<MetricPoint> points;
  {
    Query chunks = database.query("SELECT points FROM metric_chunks WHERE run = ?1 AND key = ?2 AND last_seq > ?3 ORDER BY last_seq", run,
                                  key, after_seq);
    while (chunks.step()) {
      if (auto result = unpack_points(chunks.blob(0), after_seq, points); !result) {
        result.error().where = database.path().string();
        throw std::move(result.error());
      }
    }
  }
  const std::vector<MetricPoint> rest = tail(database, run, key, after_seq);
  points.insert(points.end(), rest.begin(), rest.end());
  return points;
}

void drop_points_after(Database& database, std::int64_t run, std::int64_t seq) {
  database.run("DELETE FROM metric_tail WHERE run = ?1 AND seq > ?2", run, seq);
  struct Cut {
    std::int64_t key;
    std::vector<MetricPoint> kept;
  };
  std::vector<Cut> cuts;
  {
    Query chunks = database.query("SELECT key, points FROM metric_chunks WHERE run = ?1 AND last_seq > ?2", run, seq);
    while (chunks.step()) {
      std::vector<MetricPoint> points;
      // A damaged chunk that would be dropped in part loses all its points: what is left of the run is whole.
      (void)!unpack_points(chunks.blob(1), 0, points);
      std::erase_if(points, [seq](const MetricPoint& point) { return point.seq > seq; });
      if (!points.empty()) cuts.push_back({chunks.integer(0), std::move(points)});
    }
  }
  database.run("DELETE FROM metric_chunks WHERE run = ?1 AND last_seq > ?2", run, seq);
  for (const Cut& cut : cuts) add_packed(database, run, cut.key, cut.kept);
}

void add_to_summary(MetricSummary& summary, const std::string& key, std::int64_t step, double value) {
  if (summary.points == 0 || is_better(key, value, summary.best)) summary.best = value, summary.best_step = step;
  summary.last = value;
  summary.last_step = step;
  ++summary.points;
}

void write_summary(Database& database, std::int64_t run, std::int64_t key, const MetricSummary& summary) {
  database.run(
      "INSERT OR REPLACE INTO metric_summaries (run, key, last, best, last_step, best_step, points) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      run, key, summary.last, summary.best, summary.last_step, summary.best_step, summary.points);
}

}  // namespace dsw
