// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace dsw {

struct Catalog;

/// Steps and learning rates of what a run has still to do, as its document plans them.
struct PlannedRate {
  std::vector<double> step, value;
};

/// From step `from` (what was reached, 0: nothing) to `total`, at most `most` points, both ends among them. Step s shows the rate that
/// the s-th step is made with. Empty where the document has no schedule, or one that is not registered here. Any thread.
PlannedRate plannedRate(const Catalog& catalog, const std::string& resolved, std::int64_t from, std::int64_t total, int most = 400);

}  // namespace dsw
