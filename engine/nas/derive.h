// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nas/search_space.h"

namespace dsw {

/// The architecture of the likeliest candidates. Of edges where only some are kept (SpaceEdges::keep) the strongest stay: by weight of the
/// edge times the largest probability of a candidate that is not zero, which is then taken (DARTS, sec. 2.4).
/// @param edges  [SpaceEdges]: weights of the edges
Architecture likeliest(const SearchSpace& space, const Distribution& p, const Distribution& edges);
/// One drawn from p, edges as above.
Architecture drawn(const SearchSpace& space, const Distribution& p, const Distribution& edges, Rng& rng);
/// The likeliest architecture by Σ log p whose cost is within `cap`, near to it: while it costs too much, the change of one choice that
/// saves most for the log-probability lost, of equals the dearest. Of a cap below the cheapest: the cheapest.
Architecture within(const SearchSpace& space, Architecture start, const Distribution& p, double cap,
                    const std::function<double(const Architecture&)>& cost);

/// An architecture as the model section of a training run: {"type": "graph", "nodes": […], "output": ID}, only what the output needs.
/// Nodes are named as in the supernet; inputs of sums that are zero are left out.
Json derived_model(const SearchSpace& space, const Architecture& architecture);
/// Its exact cost for one example.
Cost derived_cost(const SearchSpace& space, const Architecture& architecture, const Registry<LayerType>& layers);

}  // namespace dsw
