// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/tensor/forwarding_device.h"

namespace dsw {

/// One call of a kernel as a watcher sees it. Valid during the callback.
struct KernelCall {
  int kernel = 0;                    ///< index into kernel_names()
  std::span<const DswView> tensors;  ///< its tensor arguments, in their order
  const void* settings = nullptr;    ///< its DswConv, DswPool, DswAttention, … or null
  double seconds = 0;
};

/// The entries of DswKernels, in their order: "fill", "copy", ….
std::span<const char* const> kernel_names();

/// Hears of every kernel call of a device. On the device's thread.
class KernelWatcher {
 public:
  virtual ~KernelWatcher() = default;
  virtual void called(const KernelCall& call) = 0;
};

/// `device` with a watcher, or a recording of a step, between its kernels and those who call them. Without one a call costs one more jump.
class WatchedDevice final : public ForwardingDevice {
 public:
  explicit WatchedDevice(std::unique_ptr<Device> device);
  ~WatchedDevice() override;
  void watch(KernelWatcher* watcher) override;
  bool record(std::shared_ptr<StepRecording> recording) override;
  void host_access() override;
  bool begin_capture() override;  ///< not while somebody watches: a captured piece has no single kernels

  const DswKernels& kernels() const override;
  DswStream* stream() override;
  std::shared_ptr<Storage> allocate(std::size_t bytes) override;
  void copy_from_host(void* to, const void* from, std::size_t bytes) override;
  void copy_to_host(void* to, const void* from, std::size_t bytes) override;

  struct Relay;

 private:
  std::unique_ptr<Relay> relay_;
};

/// What kernels took, added up.
struct KernelShare {
  std::string kernel;  ///< "matmul"
  std::string dtype;   ///< of its first tensor: "float32"
  std::int64_t calls = 0;
  double seconds = 0;
  double flops = 0;  ///< of products, convolutions and attention; 0 for kernels that move memory
  double bytes = 0;  ///< read and written, each tensor once
};

/// Adds up calls by kernel and dtype.
class KernelProfile : public KernelWatcher {
 public:
  void called(const KernelCall& call) override;
  std::vector<KernelShare> shares() const;  ///< the most time first
  void clear() { shares_.clear(); }

 private:
  struct Slot {
    int kernel, dtype;
    KernelShare share;
  };
  std::vector<Slot> shares_;
};

}  // namespace dsw
