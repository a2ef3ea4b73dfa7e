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

// The same, or the first real device where DSW_TEST_CUDA=1 is set, as CTest's entries gpu.* do: suites that hold kernels against the
// reference run on both. Where there is no real one they end the program with the reason and 77, skipped.
bool testing_a_real_cuda_device();
std::unique_ptr<Device> make_cuda_device_under_test();
const DswDeviceModule* cuda_module_under_test();

}  // namespace dsw::test
