// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/device.h"

namespace dsw {

/// What the processor gives at most, measured on the threads of a device that make_cpu_device made, in about `seconds`: float32
/// operations a second, and bytes a second read from memory that no cache holds (kernels/cpu/limits.h).
double cpu_peak_flops(Device& device, double seconds);
double cpu_read_bandwidth(Device& device, double seconds);

}  // namespace dsw
