// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/core/param_schema.h"
#include "engine/nn/model_type.h"
#include "ui/widgets/graph/graph_data.h"

namespace dsw {

/// The network of an estimate as GraphView draws it: nodes lead to the fields behind them, problems stand at their nodes.
GraphData networkGraph(const NetworkPlan& plan, const std::vector<Problem>& problems);

}  // namespace dsw
