// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/emulated_stream.h"

#include <gtest/gtest.h>

#include "kernels/cuda/module.h"
#include "tests/support/cuda_emulation/runtime.h"

namespace dsw::test {

EmulatedStream::EmulatedStream() { EXPECT_EQ(dsw_device_module()->open_stream(0, &stream_), DSW_OK) << report(); }
EmulatedStream::~EmulatedStream() {
  if (!cuda_emulation::fault_report().empty()) {
    cuda_emulation::reset_device();
    return;
  }
  for (void* memory : memory_) dsw_device_module()->release(stream_, memory);
  dsw_device_module()->close_stream(stream_);
}

const DswKernels* EmulatedStream::kernels() const { return dsw_device_module()->kernels; }

void* EmulatedStream::copy_in(const void* host, std::size_t bytes) const {
  if (bytes == 0) return nullptr;
  void* device = nullptr;
  EXPECT_EQ(dsw_device_module()->allocate(stream_, bytes, &device), DSW_OK) << report();
  EXPECT_EQ(dsw_device_module()->copy_to_device(stream_, device, host, bytes), DSW_OK) << report();
  memory_.push_back(device);
  return device;
}
void EmulatedStream::copy_out(const void* device, void* host, std::size_t bytes) const {
  if (bytes == 0) return;
  EXPECT_EQ(dsw_device_module()->copy_to_host(stream_, host, device, bytes), DSW_OK) << report();
}
int EmulatedStream::synchronize() const { return dsw_device_module()->synchronize(stream_); }
std::string EmulatedStream::report() const {
  return std::string(dsw_device_module()->last_error()) + "; " + cuda_emulation::fault_report();
}

}  // namespace dsw::test
