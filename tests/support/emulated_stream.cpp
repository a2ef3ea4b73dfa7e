// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/emulated_stream.h"

#include <gtest/gtest.h>

#include "tests/support/cuda_emulation/runtime.h"
#include "tests/support/emulated_device.h"

namespace dsw::test {

EmulatedStream::EmulatedStream() { EXPECT_EQ(cuda_module_under_test()->open_stream(0, &stream_), DSW_OK) << report(); }
EmulatedStream::~EmulatedStream() {
  if (!cuda_emulation::fault_report().empty()) {
    cuda_emulation::reset_device();
    return;
  }
  for (void* memory : memory_) cuda_module_under_test()->release(stream_, memory);
  cuda_module_under_test()->close_stream(stream_);
}

const DswKernels* EmulatedStream::kernels() const { return cuda_module_under_test()->kernels; }

void* EmulatedStream::copy_in(const void* host, std::size_t bytes) const {
  if (bytes == 0) return nullptr;
  void* device = nullptr;
  EXPECT_EQ(cuda_module_under_test()->allocate(stream_, bytes, &device), DSW_OK) << report();
  EXPECT_EQ(cuda_module_under_test()->copy_to_device(stream_, device, host, bytes), DSW_OK) << report();
  memory_.push_back(device);
  return device;
}
void EmulatedStream::copy_out(const void* device, void* host, std::size_t bytes) const {
  if (bytes == 0) return;
  EXPECT_EQ(cuda_module_under_test()->copy_to_host(stream_, host, device, bytes), DSW_OK) << report();
}
int EmulatedStream::synchronize() const { return cuda_module_under_test()->synchronize(stream_); }
std::string EmulatedStream::report() const {
  return std::string(cuda_module_under_test()->last_error()) + "; " + cuda_emulation::fault_report();
}

}  // namespace dsw::test
