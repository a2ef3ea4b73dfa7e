// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace dsw {

/// Float32 operations a second that this machine's processor makes in a product of two 512² matrices, measured once in a process
/// (about 20 ms) and kept. Any thread. For estimates of time, not for benchmarks.
double processor_flops_per_second();

}  // namespace dsw
