// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/device_module.h"

/// The module of CUDA devices: what the shared library exports, and what tests are linked with over the emulated device.
extern "C" __attribute__((visibility("default"))) const DswDeviceModule* dsw_device_module(void);
