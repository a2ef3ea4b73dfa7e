// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/tensor/device.h"

namespace dsw {

/// A device under another name that says of itself in which precisions it computes.
class RelabelledDevice final : public Device {
 public:
  RelabelledDevice(std::unique_ptr<Device> inner, std::string name, std::vector<std::string> precisions)
      : inner_(std::move(inner)), name_(std::move(name)), precisions_(std::move(precisions)) {}

  DeviceInfo info() const override {
    DeviceInfo info = inner_->info();
    info.name = name_;
    info.precisions = precisions_;
    return info;
  }
  const DswKernels& kernels() const override { return inner_->kernels(); }
  DswStream* stream() override { return inner_->stream(); }
  std::shared_ptr<Storage> allocate(std::size_t bytes) override { return inner_->allocate(bytes); }
  void copy_from_host(void* to, const void* from, std::size_t bytes) override { inner_->copy_from_host(to, from, bytes); }
  void copy_to_host(void* to, const void* from, std::size_t bytes) override { inner_->copy_to_host(to, from, bytes); }
  void synchronize() override { inner_->synchronize(); }
  AllocatorStats allocator_stats() const override { return inner_->allocator_stats(); }
  void reset_peak() override { inner_->reset_peak(); }
  void release_cache() override { inner_->release_cache(); }
  bool host_memory() const override { return inner_->host_memory(); }
  int threads() const override { return inner_->threads(); }

 private:
  std::unique_ptr<Device> inner_;
  std::string name_;
  std::vector<std::string> precisions_;
};

}  // namespace dsw
