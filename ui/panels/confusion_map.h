// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/core/json.h"
#include "ui/widgets/heatmap_view.h"

namespace dsw {

/// Which classes are taken for which.
struct ConfusionMap {
  HeatmapData map;  ///< no rows where the JSON is not what it should be
  std::int64_t right = 0, all = 0;
};
/// From {"classes": [names], "counts" or "confusion": [[truth][guess]]}.
ConfusionMap confusionMap(const Json& content);
/// Shows it: diagonal marked, counts as texts, a sentence a cell.
void showConfusionMap(HeatmapView& view, const ConfusionMap& confusion);

}  // namespace dsw
