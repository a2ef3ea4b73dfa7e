// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// A device of a module, over the emulated CUDA device.
#include "engine/tensor/cuda_device.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/tensor/tensor.h"
#include "tests/support/cuda_emulation/device_memory.h"
#include "tests/support/cuda_emulation/runtime.h"
#include "tests/support/emulated_device.h"
#include "tests/support/error_of.h"

namespace dsw::test {
namespace {

class CudaDeviceTest : public testing::Test {
 protected:
  void SetUp() override { device = make_emulated_cuda_device(); }
  void TearDown() override {
    device.reset();
    cuda_emulation::reset_device();
    cuda_emulation::set_device_capacity(std::size_t{4} << 30);
  }
  std::unique_ptr<Device> device;
};

TEST_F(CudaDeviceTest, SaysWhatItIs) {
  const DeviceInfo info = device->info();
  EXPECT_EQ(info.name, "cuda-emulated");
  EXPECT_EQ(info.description, "emulated on the host, compute capability 9.0, 4 multiprocessors");
  EXPECT_EQ(info.memory_bytes, std::uint64_t{4} << 30);
  EXPECT_EQ(info.precisions.front(), "bfloat16");
  EXPECT_FALSE(device->host_memory());
}

TEST_F(CudaDeviceTest, MemoryGoesThereAndBackAndIsCounted) {
  const std::size_t before = cuda_emulation::device_bytes_in_use();
  {
    const Tensor x = from_host(std::vector<float>{1, 2, 3, 4}, Shape{2, 2}, *device);
    EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{1, 2, 3, 4}));
    EXPECT_EQ(device->allocator_stats().live_bytes, 16u);
    EXPECT_EQ(cuda_emulation::device_bytes_in_use(), before + 16);
  }
  EXPECT_EQ(device->allocator_stats().live_bytes, 0u);
  EXPECT_EQ(device->allocator_stats().peak_bytes, 16u);
  EXPECT_EQ(cuda_emulation::device_bytes_in_use(), before);
  device->reset_peak();
  EXPECT_EQ(device->allocator_stats().peak_bytes, 0u);
}

TEST_F(CudaDeviceTest, StoragesMayOutliveTheDeviceAndGoOnAnotherThread) {
  std::shared_ptr<Storage> storage = device->allocate(100);
  const std::size_t held = cuda_emulation::device_bytes_in_use();
  device.reset();
  std::thread([&storage] { storage.reset(); }).join();
  EXPECT_LT(cuda_emulation::device_bytes_in_use(), held);
}

TEST_F(CudaDeviceTest, AFullDeviceSaysHowMuchIsWantedAndFree) {
  cuda_emulation::set_device_capacity(cuda_emulation::device_bytes_in_use() + (std::size_t{2} << 20));
  EXPECT_EQ(error_of([&] { device->allocate(std::size_t{3} << 20); }),
            "A tensor needs 3.0 MiB, but 2.0 MiB of cuda-emulated's memory are free.");
  EXPECT_NE(device->allocate(std::size_t{1} << 20), nullptr);
}

TEST_F(CudaDeviceTest, ALostDeviceSaysSoAtEveryCall) {
  const std::shared_ptr<Storage> storage = device->allocate(100 * sizeof(float));
  DswView y{};  // one element longer than its memory
  y.data = storage->data();
  y.rank = 1;
  y.shape[0] = 101;
  y.stride[0] = 1;
  EXPECT_EQ(device->kernels().fill(device->stream(), y, 1), DSW_DEVICE_FAULT);
  EXPECT_EQ(error_of([&] { device->synchronize(); }),
            "waiting for the device failed on cuda-emulated: waiting for the stream: unspecified launch failure.");
  EXPECT_EQ(error_of([&] { device->allocate(1); }), "allocation failed on cuda-emulated: allocation: unspecified launch failure.");
}

TEST_F(CudaDeviceTest, AWrongDeviceNumberIsRefused) {
  EXPECT_EQ(error_of([] { make_module_device(*emulated_cuda_module(), 3, "cuda:3"); }),
            "reading the device failed on cuda:3: device properties: invalid device ordinal.");
}

TEST(CudaModule, GivesDevicesOrTheReason) {
  const CudaDevices& devices = cuda_devices();
  EXPECT_NE(devices.count > 0, !devices.unavailable.empty());
}

}  // namespace
}  // namespace dsw::test
