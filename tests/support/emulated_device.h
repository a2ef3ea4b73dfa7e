// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "engine/tensor/device.h"
#include "kernels/device_module.h"

namespace dsw::test {

/// The CUDA module over the emulated device (tests/support/cuda_emulation): "cuda-emulated".
std::unique_ptr<Device> make_emulated_cuda_device();
/// What it is made of.
const DswDeviceModule* emulated_cuda_module();

}  // namespace dsw::test
