// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "kernels/cuda/stream.h"
#include "tests/support/cuda_emulation/options.h"

namespace dsw::test {

/// The emulated device as a new process finds it, with the usual options, also after the test.
class EmulationTest : public testing::Test {
 protected:
  EmulationTest() { fresh(); }
  ~EmulationTest() override { fresh(); }

 private:
  static void fresh() {
    cuda_emulation::reset_device();
    cuda_emulation::set_device_capacity(std::size_t{4} << 30);
    cuda_emulation::reset_counters();
    cuda_emulation::options() = {};
  }
};

/// Runs body() for each thread of each block. Empty: fine; else the report of what was wrong, and the device is reset.
inline std::string run(const char* name, dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& body) {
  cuda_emulation::launch(name, nullptr, grid, block, shared_bytes, body);
  const cudaError_t error = cudaGetLastError();
  if (error == cudaSuccess) return "";
  const std::string report = cuda_emulation::fault_report();
  cuda_emulation::reset_device();
  return report.empty() ? cudaGetErrorString(error) : report;
}

/// Numbers on the emulated device. Not freed: a fault takes them away, and EmulationTest the others.
template <class T>
class DeviceArray {
 public:
  DeviceArray(std::size_t count, T value) : DeviceArray(std::vector<T>(count, value)) {}
  explicit DeviceArray(const std::vector<T>& values) : count_(values.size()) {
    void* memory = nullptr;
    EXPECT_EQ(cudaMallocAsync(&memory, count_ * sizeof(T), nullptr), cudaSuccess);
    device_ = static_cast<T*>(memory);
    EXPECT_EQ(cudaMemcpyAsync(device_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice, nullptr), cudaSuccess);
  }
  T* device() const { return device_; }
  std::vector<T> host() const {
    std::vector<T> values(count_);
    EXPECT_EQ(cudaMemcpyAsync(values.data(), device_, count_ * sizeof(T), cudaMemcpyDeviceToHost, nullptr), cudaSuccess);
    return values;
  }

 private:
  std::size_t count_;
  T* device_ = nullptr;
};

}  // namespace dsw::test
