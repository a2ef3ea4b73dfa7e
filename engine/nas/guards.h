// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

#include "engine/nas/search_state.h"

namespace dsw {

/// What a distribution looks like.
struct GuardReadings {
  double skip_share = 0;  ///< mean probability of candidates that skip, over choices that have one; 0 where none has
  double entropy = 0;     ///< mean over choices, 0 decided … 1 open
  double margin = 0;      ///< mean of the largest probability minus the second
};
GuardReadings read_guards(const SearchSpace& space, const Distribution& p);

/// Dominant eigenvalue (of largest absolute value) of the Hessian of the held-out loss by all α, by power iteration; products with the
/// Hessian are central differences of gradients, with one batch and one set of draws.
/// Source: Zela et al. 2020, "Understanding and robustifying differentiable architecture search", sec. 4; Pearlmutter 1994 (products).
double hessian_eigenvalue(SearchState& state, Device& device, int iterations = 12);

/// The sentence of a collapse, or empty.
std::string collapse(const SearchSettings& settings, const GuardReadings& readings, double eigenvalue);

}  // namespace dsw
