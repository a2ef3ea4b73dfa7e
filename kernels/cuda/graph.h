// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/device_module.h"

/// Captured work of a stream: the entries of DswDeviceModule, which says what they do.
namespace dsw::cuda {

int begin_capture(DswStream* stream);
int end_capture(DswStream* stream, DswGraph** graph);
int launch_graph(DswStream* stream, DswGraph* graph);
void destroy_graph(DswGraph* graph);

}  // namespace dsw::cuda
