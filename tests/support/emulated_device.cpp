// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/emulated_device.h"

#include "engine/tensor/cuda_device.h"
#include "kernels/cuda/module.h"

namespace dsw::test {

const DswDeviceModule* emulated_cuda_module() { return dsw_device_module(); }
std::unique_ptr<Device> make_emulated_cuda_device() { return make_module_device(*dsw_device_module(), 0, "cuda-emulated"); }

}  // namespace dsw::test
