// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/result.h"
#include "kernels/kernel_table.h"

namespace dsw {

/// What `deepshock devices` and the device list show; made without starting the device.
struct DeviceInfo {
  std::string name;         ///< "cpu", "cuda:0"
  std::string description;  ///< "AMD EPYC, 2 cores, AVX-512"
  std::uint64_t memory_bytes = 0, free_bytes = 0;
  std::vector<std::string> precisions;  ///< that it computes in, the fastest first: "float32", …
  std::string unavailable;              ///< why it cannot be used; empty: it can
  int busy_percent = -1;                ///< of the last moment, in which it computed; -1: unknown
  std::vector<std::string> peers;       ///< devices whose memory it reaches by itself: "cuda:1"
  std::vector<std::string> remarks;     ///< what else to know, one clause each: "8-bit products go through bfloat16"
};

struct AllocatorStats {
  std::uint64_t live_bytes = 0;          ///< handed out now
  std::uint64_t peak_bytes = 0;          ///< most handed out since reset_peak
  std::uint64_t reserved_bytes = 0;      ///< taken from the system
  std::uint64_t system_allocations = 0;  ///< how often the system was asked; stands still in a steady training step
};

/// A block of device memory, given back to its device's cache when the last tensor on it goes.
class Storage {
 public:
  virtual ~Storage() = default;
  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  /// Counts writes after the first (mark_written), so that a gradient is never computed from overwritten values.
  std::uint32_t version = 0;

 protected:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Work that was captured on a device (Device::begin_capture). Its memory must stay where it was.
class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
};

class KernelWatcher;  // engine/tensor/kernel_watch.h
class StepRecording;  // engine/tensor/step_recording.h

/// One execution slot: kernels, a stream, a caching allocator. Used by one thread at a time (the run's worker thread);
/// storages may be freed from any thread. Tensors hold a raw pointer to their device, which outlives them.
class Device {
 public:
  virtual ~Device() = default;
  virtual DeviceInfo info() const = 0;
  virtual const DswKernels& kernels() const = 0;
  virtual DswStream* stream() = 0;
  /// Simpler kernels for the same stream, for when those of kernels() are not to be trusted; null: there are none. Entries may be null.
  virtual const DswKernels* compatible_kernels() const { return nullptr; }
  /// 64-byte aligned, content undefined. Throws Error{OutOfMemory} with the size asked and the size free.
  virtual std::shared_ptr<Storage> allocate(std::size_t bytes) = 0;
  virtual void copy_from_host(void* device_memory, const void* host, std::size_t bytes) = 0;
  virtual void copy_to_host(void* host, const void* device_memory, std::size_t bytes) = 0;
  virtual void synchronize() = 0;
  virtual AllocatorStats allocator_stats() const = 0;
  virtual void reset_peak() = 0;
  virtual void release_cache() = 0;      ///< gives cached blocks back to the system
  virtual bool host_memory() const = 0;  ///< data() may be read and written by the host
  virtual int threads() const = 0;
  /// From now on `watcher` hears of every kernel call (tensor/kernel_watch.h); null: nobody. A device that cannot tell ignores it.
  virtual void watch(KernelWatcher*) {}
  /// From now on `recording` hears of every kernel call, allocation and host access; null: nobody. False: this device cannot tell.
  virtual bool record(std::shared_ptr<StepRecording>) { return false; }
  /// From now on kernels are kept for later instead of being run; nothing may be allocated, copied or waited for. False: this device
  /// cannot.
  virtual bool begin_capture() { return false; }
  /// What was kept, `before` changed to it where that is possible; null: it cannot be repeated as one piece. Nothing of it has run.
  virtual std::shared_ptr<DeviceGraph> end_capture(std::shared_ptr<DeviceGraph> /*before*/) { return nullptr; }
  /// Runs it, in the stream's order. False: it has to be captured anew, and nothing has run.
  virtual bool launch(DeviceGraph&) { return false; }
  /// The host is about to look into this device's memory by itself (Tensor::data).
  virtual void host_access() {}
};

/// Throws Error by status: the kernel's name, the device, what to do.
void check_status(int status, const char* kernel, const Device& device);

/// `threads` 0: all cores but one when there are more than two, else all. Deterministic for a given number of threads.
std::unique_ptr<Device> make_cpu_device(int threads = 0);
/// The reference kernels on one thread, float32 and float64: the meaning of everything, for tests.
std::unique_ptr<Device> make_reference_device();

}  // namespace dsw
