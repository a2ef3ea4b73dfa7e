// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nas/search_space.h"

namespace dsw {

/// Milliseconds of each node's forward pass for one example, for each combination of its open sizes: the median of several passes on this
/// device, each waited for. Choices and sums of edges cost nothing.   Source: Wu et al. 2019, "FBNet", sec. 3.2 (a table by operator).
std::vector<std::vector<double>> measure_latencies(const SearchSpace& space, const Registry<LayerType>& layers, Device& device);

}  // namespace dsw
