// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/core/result.h"
#include "engine/tensor/device.h"
#include "kernels/device_module.h"

namespace dsw {

/// Device `number` of a module under `name`, with a stream of its own, which is opened at first use: until then nothing of its memory is
/// taken. Storages give their memory back in the stream's order. Entries of
/// its table that must exist and are null say DSW_UNSUPPORTED; fused ones stay null. Throws what the module reports.
std::unique_ptr<Device> make_module_device(const DswDeviceModule& module, int number, std::string name);

/// lib/deepshock/libdsw_cuda.so, in the program's folder or one of the two above it, opened once and never closed.
/// Errors: NotFound without the file, Unsupported where the system or its driver cannot use it.
Result<const DswDeviceModule*> cuda_module();

struct CudaDevices {
  int count = 0;
  std::string unavailable;  ///< of none: why
};
/// Asks the module once a process.
const CudaDevices& cuda_devices();

/// Memory and use of a device "cuda:N" as they are now; others stay as they are. Any thread.
void refresh_cuda_use(DeviceInfo& info);

}  // namespace dsw
