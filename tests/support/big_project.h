// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/store/project_rows.h"

namespace dsw {

/// The project that lists, filters and charts must stay quick with: by default 50 experiments × 300 runs × 1,500 points.
struct BigProjectSize {
  int experiments = 50;
  int runs = 300;     ///< of each experiment
  int points = 1500;  ///< of each run, over five metrics
};

/// Makes it at `path` (nothing may be there), with curves like those of training runs: falling losses with noise, a learning rate
/// with warm-up, now and then a NaN, a failed or an archived run, tags and notes. The same size gives the same rows on every
/// machine. Rows are those that the writer would have left. 22.5 million points take about 20 s. Throws Error.
void make_big_project(const std::filesystem::path& path, const BigProjectSize& size = {});

/// A falling noisy curve of `count` points, as `train/loss` of run `run` has.
std::vector<MetricPoint> made_up_curve(std::uint64_t run, int count);

}  // namespace dsw
