// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

#include "engine/store/database.h"
#include "engine/store/project_rows.h"

namespace dsw {

/// Points of metrics in their two tables (see migrations.cpp). `run` and `key` are row numbers. All functions throw Error.

inline constexpr std::int64_t kPointsPerChunk = 512;
/// A finished run's leftover of fewer points stays in metric_tail: a chunk would not be smaller.
inline constexpr std::int64_t kPointsWorthAChunk = 64;

void add_point(Database& database, std::int64_t run, std::int64_t key, const MetricPoint& point);
/// Packs the points that stand singly into one chunk.
void pack_tail(Database& database, std::int64_t run, std::int64_t key);
/// Adds points that are already in order as chunks: an import, a generated project.
void add_packed(Database& database, std::int64_t run, std::int64_t key, const std::vector<MetricPoint>& points);
/// In order of seq. The caller holds a transaction, or is the only writer.
std::vector<MetricPoint> read_points(Database& database, std::int64_t run, std::int64_t key, std::int64_t after_seq = 0);
/// Removes every point of the run numbered above `seq`.
void drop_points_after(Database& database, std::int64_t run, std::int64_t seq);

/// What the summary row of a metric says after one more point. `key` is the metric's name: it decides what is best.
void add_to_summary(MetricSummary& summary, const std::string& key, std::int64_t step, double value);
void write_summary(Database& database, std::int64_t run, std::int64_t key, const MetricSummary& summary);

}  // namespace dsw
