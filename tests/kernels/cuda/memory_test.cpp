// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Kernels of kernels/cuda, run on the emulated device.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/cuda/cuda_kernels.h"
#include "tests/support/cuda_emulation/device_memory.h"
#include "tests/support/cuda_emulation/runtime.h"
#include "tests/support/emulated_stream.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

TEST(CudaMemory, FillWritesEveryElementAndCountsItsBytes) {
  const EmulatedStream stream;
  void* memory = nullptr;
  ASSERT_EQ(cudaMallocAsync(&memory, 100 * sizeof(float), nullptr), cudaSuccess);
  cuda_emulation::reset_counters();
  ASSERT_EQ(cuda::kernels()->fill(stream.get(), dense_view(memory, {4, 25}, DSW_F32), 2.5), DSW_OK);
  EXPECT_EQ(cuda_emulation::counters().bytes_written, 400u);
  EXPECT_EQ(cuda_emulation::counters().bytes_read, 0u);
  std::vector<float> host(100);
  ASSERT_EQ(cudaMemcpyAsync(host.data(), memory, 400, cudaMemcpyDeviceToHost, nullptr), cudaSuccess);
  for (const float value : host) EXPECT_EQ(value, 2.5f);
  EXPECT_EQ(cudaFreeAsync(memory, nullptr), cudaSuccess);
}

TEST(CudaMemory, AnElementPastTheEndIsReportedWithItsLine) {
  const EmulatedStream stream;
  void* memory = nullptr;
  ASSERT_EQ(cudaMallocAsync(&memory, 100 * sizeof(float), nullptr), cudaSuccess);
  EXPECT_EQ(cuda::kernels()->fill(stream.get(), dense_view(memory, {101}, DSW_F32), 0), DSW_DEVICE_FAULT);
  EXPECT_NE(cuda_emulation::fault_report().find("fill: write of 4 bytes: out of bounds, numbers.h:"), std::string::npos)
      << cuda_emulation::fault_report();
  cuda_emulation::reset_device();
}

}  // namespace
}  // namespace dsw::test
