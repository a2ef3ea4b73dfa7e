// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/nas/partial_channels.h"
#include "engine/nas/search_settings.h"
#include "engine/nas/search_space.h"

namespace dsw {

/// What a step of a search takes, from shapes alone: weights with gradient and optimizer state, and the activations of a batch with the
/// gradient of the largest. `all`: every candidate runs, on the channels that pass; else the dearest path, as sampled algorithms have it.
struct SearchMemory {
  double weights_bytes = 0, all_bytes = 0, path_bytes = 0;  ///< the last two include the weights
};
/// @param space  with its modules   @param partial  where most channels pass
SearchMemory search_memory(const SearchSpace& space, std::int64_t batch, double optimizer_slots, const PartialChannels& partial = {});

/// What does not fit: the memory of a device, the target. Pointers from the document's root.
void check_fit(const SearchSpace& space, const Json& document, std::uint64_t memory_bytes, std::vector<Problem>& problems);

}  // namespace dsw
