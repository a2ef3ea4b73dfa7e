// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <source_location>

namespace dsw::cuda_emulation {

/// Shared memory has 32 banks of 4 bytes; one pass serves one word of each. An access of a warp needs as many passes as the busiest bank
/// has different words; those beyond the least possible are counters().bank_conflicts. Accesses of 8 and 16 bytes are served by halves and
/// quarters of a warp, ldmatrix by 8 rows of 16 bytes. Source: CUDA C++ Programming Guide, "Shared Memory", compute capability 5.x and up.

/// The lanes of one request, each `bytes` long.
void count_shared_request(const void* const* addresses, int count, std::size_t bytes);

/// One lane's access in its program: the n-th time that lanes of a warp come to the same place of the source is one access of the warp.
/// Only counted while counting is on, because it keeps every address of a block.
void note_shared_access(const void* address, std::size_t bytes, std::source_location where);
void count_bank_conflicts(bool on);
/// At the end of a block: evaluates what was noted.
void settle_shared_accesses();

}  // namespace dsw::cuda_emulation
