// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// What a device tells of itself comes from NVIDIA's management library where there is one, here one for tests, and then takes none of the
// device's memory.
#include "kernels/cuda/nvml.h"

#include <gtest/gtest.h>

#include <cstring>

#include "engine/tensor/tensor.h"
#include "tests/support/cuda_emulation/runtime.h"
#include "tests/support/emulated_device.h"

namespace dsw::test {
namespace {

int utilization_status = 0;
const cuda::nvml::Functions kLibrary{[] { return 0; },
                                     [](const char* bus, void** device) {
                                       static int card = 0;
                                       *device = &card;
                                       return std::strcmp(bus, "0000:00:00.0") == 0 ? 0 : 6;  // NVML_ERROR_NOT_FOUND
                                     },
                                     [](void*, cuda::nvml::Memory* memory) {
                                       *memory = {1000, 400, 600};
                                       return 0;
                                     },
                                     [](void*, cuda::nvml::Utilization* use) {
                                       *use = {37, 12};
                                       return utilization_status;
                                     }};

class Nvml : public testing::Test {
 protected:
  Nvml() {
    cuda_emulation::reset_device();
    utilization_status = 0;
  }
  ~Nvml() override {
    cuda::nvml::use(nullptr);
    cuda_emulation::reset_device();
  }
};

TEST_F(Nvml, TellsMemoryAndUseWithoutOpeningTheDevice) {
  cuda::nvml::use(&kLibrary);
  const auto device = make_emulated_cuda_device();
  const DeviceInfo info = device->info();
  EXPECT_EQ(info.memory_bytes, 1000u);
  EXPECT_EQ(info.free_bytes, 400u);
  EXPECT_EQ(info.busy_percent, 37);
  EXPECT_FALSE(cuda_emulation::context_opened());
  full({4}, 1, DType::F32, *device);
  EXPECT_TRUE(cuda_emulation::context_opened());
  EXPECT_EQ(device->info().free_bytes, 400u);
}

TEST_F(Nvml, UseMayBeUnknown) {
  cuda::nvml::use(&kLibrary);
  utilization_status = 3;  // NVML_ERROR_NOT_SUPPORTED
  const DeviceInfo info = make_emulated_cuda_device()->info();
  EXPECT_EQ(info.free_bytes, 400u);
  EXPECT_EQ(info.busy_percent, -1);
}

TEST_F(Nvml, WithoutItTheDeviceIsOpened) {
  const DeviceInfo info = make_emulated_cuda_device()->info();
  EXPECT_EQ(info.memory_bytes, std::uint64_t{4} << 30);
  EXPECT_EQ(info.busy_percent, -1);
  EXPECT_TRUE(cuda_emulation::context_opened());
  EXPECT_TRUE(info.peers.empty());
  EXPECT_TRUE(info.remarks.empty());  // sm_90 multiplies 8-bit floats
}

}  // namespace
}  // namespace dsw::test
