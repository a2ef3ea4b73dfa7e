// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "engine/tensor/forwarding_device.h"
#include "engine/tensor/kernel_records.h"

namespace dsw {

/// A device whose kernels are not trusted blindly: a graphics processor, with kernels of ours and of others, on a driver of somebody else.
/// A launch that fails is computed in another way. Samples of results, always after the same numbers of launches (the 1st, 2nd, 4th, …,
/// then every 4096th), are held against the CPU's, and a wrong one is replaced; after it each launch of that kernel is looked at until 64
/// were right. A kernel that is unfit() is given up: first for the device's compatible one (Device::compatible_kernels), where there is
/// one, then for the CPU. A fault after which the device answers nothing more gives up the last launched kernel at once; the run then ends
/// and may go on from its checkpoint in another process. What is not supported there runs on the CPU, too.
class GuardedDevice final : public ForwardingDevice {
 public:
  /// @param tell  hears one sentence about each change
  GuardedDevice(std::unique_ptr<Device> device, KernelRecords records, std::function<void(const std::string&)> tell);
  ~GuardedDevice() override;  ///< saves the records

  const DswKernels& kernels() const override;
  DswStream* stream() override;
  void copy_to_host(void* to, const void* from, std::size_t bytes) override;
  void synchronize() override;
  bool begin_capture() override;
  std::shared_ptr<DeviceGraph> end_capture(std::shared_ptr<DeviceGraph> before) override;
  bool launch(DeviceGraph& graph) override;

  const KernelRecords& records() const;

  struct Guard;

 private:
  std::unique_ptr<Guard> guard_;
};

}  // namespace dsw
