// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/device_code.h"
#include "kernels/kernel_table.h"

namespace dsw::cuda {

/// The length that keys are padded to for sort(): a power of two, a chunk at least.
std::int64_t sort_length(std::int64_t count);
/// Sorts `length` keys (of sort_length) on the device, the smallest first: a bitonic network, the same steps whatever the keys are.
/// Source: Batcher 1968, Sorting networks and their applications.
int sort(DswStream* stream, std::uint64_t* keys, std::int64_t length);

}  // namespace dsw::cuda
