// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/cpu_limits.h"

#include "kernels/cpu/limits.h"

namespace dsw {

double cpu_peak_flops(Device& device, double seconds) { return kernels::peak_flops(device.stream(), seconds); }
double cpu_read_bandwidth(Device& device, double seconds) { return kernels::read_bandwidth(device.stream(), seconds); }

}  // namespace dsw
