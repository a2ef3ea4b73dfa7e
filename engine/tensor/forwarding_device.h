// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <utility>

#include "engine/tensor/device.h"

namespace dsw {

/// Hands everything on to another device: what stands between a device and its users overrides what it changes.
class ForwardingDevice : public Device {
 public:
  explicit ForwardingDevice(std::unique_ptr<Device> inner) : inner_(std::move(inner)) {}

  DeviceInfo info() const override { return inner_->info(); }
  const DswKernels& kernels() const override { return inner_->kernels(); }
  DswStream* stream() override { return inner_->stream(); }
  const DswKernels* compatible_kernels() const override { return inner_->compatible_kernels(); }
  std::shared_ptr<Storage> allocate(std::size_t bytes) override { return inner_->allocate(bytes); }
  void copy_from_host(void* to, const void* from, std::size_t bytes) override { inner_->copy_from_host(to, from, bytes); }
  void copy_to_host(void* to, const void* from, std::size_t bytes) override { inner_->copy_to_host(to, from, bytes); }
  void synchronize() override { inner_->synchronize(); }
  AllocatorStats allocator_stats() const override { return inner_->allocator_stats(); }
  void reset_peak() override { inner_->reset_peak(); }
  void release_cache() override { inner_->release_cache(); }
  bool host_memory() const override { return inner_->host_memory(); }
  int threads() const override { return inner_->threads(); }
  bool begin_capture() override { return inner_->begin_capture(); }
  std::shared_ptr<DeviceGraph> end_capture(std::shared_ptr<DeviceGraph> before) override { return inner_->end_capture(std::move(before)); }
  bool launch(DeviceGraph& graph) override { return inner_->launch(graph); }

 protected:
  Device& inner() const { return *inner_; }

 private:
  std::unique_ptr<Device> inner_;
};

}  // namespace dsw
