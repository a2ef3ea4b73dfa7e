// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

struct DswStream;

/// What this machine's processor gives at most, measured: the bound beside which a kernel's speed is read (Williams et al. 2009,
/// roofline). Each takes the stream's threads and about `seconds`; the best of the tries that fit counts. Other programs disturb it.
namespace dsw::kernels {

/// Float32 operations a second (a multiply and an add are two) of multiply-adds that stay in registers.
double peak_flops(DswStream* stream, double seconds);
/// Bytes a second that the threads read from memory, out of a block of `bytes` that no cache holds (256 MiB are enough).
/// 0 where there is no memory for it.
double read_bandwidth(DswStream* stream, double seconds, std::int64_t bytes = std::int64_t{256} << 20);

}  // namespace dsw::kernels
