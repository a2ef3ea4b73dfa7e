// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>

#include "engine/tensor/caching_allocator.h"
#include "engine/tensor/device.h"
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw {
namespace {

/// Cores that this process may use.
int available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos) return line.substr(line.find(": ") + 2);
  }
  return "Processor";
}

/// A device whose memory is the host's: the fast kernels on a stream of threads, or the reference kernels without one.
class CpuDevice final : public Device {
 public:
  CpuDevice(const DswKernels& kernels, DswStream* stream) : kernels_(kernels), stream_(stream) {}
  ~CpuDevice() override {
    if (stream_ != nullptr) dsw_cpu_stream_destroy(stream_);
  }
  CpuDevice(const CpuDevice&) = delete;
  CpuDevice& operator=(const CpuDevice&) = delete;

  DeviceInfo info() const override {
    DeviceInfo info;
    info.memory_bytes = total_host_memory();
    info.free_bytes = free_host_memory();
    const int cores = available_cores();
    if (stream_ != nullptr) {
      info.name = "cpu";
      info.description = fmt::format("{}, {} {}, {}, {}", processor_name(), cores, cores == 1 ? "core" : "cores", dsw_cpu_instruction_set(),
                                     dsw_cpu_multiplies_bfloat16() != 0 ? "bfloat16 products" : "bfloat16 saves memory, not time");
      info.precisions = {"float32", "bfloat16", "float16", "float8"};
      if (dsw_cpu_multiplies_bfloat16() != 0) std::swap(info.precisions[0], info.precisions[1]);
    } else {
      info.name = "reference";
      info.description = "Plain loops on one thread";
      info.precisions = {"float32", "float64", "bfloat16", "float16", "float8"};
    }
    return info;
  }
  const DswKernels& kernels() const override { return kernels_; }
  DswStream* stream() override { return stream_; }
  std::shared_ptr<Storage> allocate(std::size_t bytes) override { return allocator_->allocate(bytes); }
  void copy_from_host(void* device_memory, const void* host, std::size_t bytes) override { copy(device_memory, host, bytes); }
  void copy_to_host(void* host, const void* device_memory, std::size_t bytes) override { copy(host, device_memory, bytes); }
  void synchronize() override {}
  AllocatorStats allocator_stats() const override { return allocator_->stats(); }
  void reset_peak() override { allocator_->reset_peak(); }
  void release_cache() override { allocator_->release_cache(); }
  bool host_memory() const override { return true; }
  int threads() const override { return stream_ != nullptr ? dsw_cpu_stream_threads(stream_) : 1; }

 private:
  static void copy(void* to, const void* from, std::size_t bytes) {
    if (bytes != 0) std::memcpy(to, from, bytes);  // memcpy refuses null pointers even for nothing
  }

  const DswKernels& kernels_;
  DswStream* stream_;  // owned; null for the reference
  std::shared_ptr<CachingAllocator> allocator_ = std::make_shared<CachingAllocator>();
};

}  // namespace

std::unique_ptr<Device> make_cpu_device(int threads) {
  const int cores = available_cores();
  if (threads <= 0) threads = cores > 2 ? cores - 1 : cores;
  DswStream* stream = dsw_cpu_stream_create(threads);
  if (stream == nullptr) {
    throw Error(ErrorCode::OutOfMemory, fmt::format("The system gives no {} threads.", threads),
                "Ask for fewer threads or close other programs.");
  }
  return std::make_unique<CpuDevice>(*dsw_cpu_kernels(), stream);
}

std::unique_ptr<Device> make_reference_device() { return std::make_unique<CpuDevice>(*dsw_reference_kernels(), nullptr); }

}  // namespace dsw
