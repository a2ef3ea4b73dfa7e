// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/emulated_device.h"

#include <cstdio>
#include <cstdlib>

#include "engine/tensor/cuda_device.h"
#include "kernels/cuda/module.h"

namespace dsw::test {

const DswDeviceModule* emulated_cuda_module() { return dsw_device_module(); }
std::unique_ptr<Device> make_emulated_cuda_device() { return make_module_device(*dsw_device_module(), 0, "cuda-emulated"); }

bool testing_a_real_cuda_device() {
  static const bool real = std::getenv("DSW_TEST_CUDA") != nullptr;
  return real;
}

const DswDeviceModule* cuda_module_under_test() {
  if (!testing_a_real_cuda_device()) return emulated_cuda_module();
  if (cuda_devices().count == 0) {
    std::printf("Skipped: no CUDA device (%s).\n", cuda_devices().unavailable.c_str());
    std::fflush(stdout);
    std::_Exit(77);
  }
  return *cuda_module();
}

std::unique_ptr<Device> make_cuda_device_under_test() {
  return make_module_device(*cuda_module_under_test(), 0, testing_a_real_cuda_device() ? "cuda:0" : "cuda-emulated");
}

}  // namespace dsw::test
