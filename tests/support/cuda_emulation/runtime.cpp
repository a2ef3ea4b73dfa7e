// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cuda_emulation/runtime.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "tests/support/cuda_emulation/banks.h"
#include "tests/support/cuda_emulation/block.h"
#include "tests/support/cuda_emulation/device_memory.h"
#include "tests/support/cuda_emulation/faults.h"
#include "tests/support/cuda_emulation/options.h"

namespace {

using dsw::cuda_emulation::Block;

constexpr std::size_t kSharedBytes = 48 * 1024, kSharedBytesOptin = 227 * 1024;  // of compute capability 9.0
constexpr unsigned kThreadsOfBlock = 1024;

struct State {
  std::recursive_mutex mutex;  // of everything here and of the device's memory
  cudaError_t last = cudaSuccess, sticky = cudaSuccess;
  std::string report;
  std::map<const void*, std::size_t> shared_allowed;  // by kernel, where it was raised
};
State& state() {
  static State instance;
  return instance;
}

/// Runs `work` under the lock, unless the device is lost; keeps the error that it gives.
template <class F>
cudaError_t call(F&& work) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  const cudaError_t error = s.sticky != cudaSuccess ? s.sticky : work(s);
  if (error != cudaSuccess) s.last = error;
  return error;
}
cudaError_t require(bool holds, cudaError_t otherwise = cudaErrorInvalidValue) { return holds ? cudaSuccess : otherwise; }

}  // namespace

struct CUstream_st {};

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorInsufficientDriver:
      return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorDevicesUnavailable:
      return "CUDA-capable device(s) is/are busy or unavailable";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorIllegalAddress:
      return "an illegal memory access was encountered";
    case cudaErrorLaunchOutOfResources:
      return "too many resources requested for launch";
    case cudaErrorLaunchFailure:
      return "unspecified launch failure";
  }
  return "unknown error";
}

cudaError_t cudaGetLastError() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  return s.sticky != cudaSuccess ? s.sticky : std::exchange(s.last, cudaSuccess);
}

cudaError_t cudaGetDeviceCount(int* count) {
  return call([&](State&) {
    *count = 1;
    return cudaSuccess;
  });
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  return call([&](State&) { return require(device == 0, cudaErrorInvalidDevice); });
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call([&](State&) {
    *properties = {"emulated on the host", dsw::cuda_emulation::device_capacity(), 9, 0, 4, kSharedBytesOptin};
    return require(device == 0, cudaErrorInvalidDevice);
  });
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return call([&](State&) {
    *total = dsw::cuda_emulation::device_capacity();
    *free = *total - std::min(*total, dsw::cuda_emulation::device_bytes_in_use());
    return cudaSuccess;
  });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  return call([&](State&) {
    *stream = new CUstream_st;
    return cudaSuccess;
  });
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return call([](State&) { return cudaSuccess; });
}
cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return call([](State&) { return cudaSuccess; });
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  *pool = nullptr;  // there is one
  return call([&](State&) { return require(device == 0, cudaErrorInvalidDevice); });
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) {
  return call([](State&) { return cudaSuccess; });
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr, void* value) {
  return call([&](State&) {
    const unsigned long long bytes = dsw::cuda_emulation::device_bytes_in_use();
    std::memcpy(value, &bytes, sizeof(bytes));
    return cudaSuccess;
  });
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, std::size_t) {
  return call([](State&) { return cudaSuccess; });
}
cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t) {
  return call([&](State&) {
    const bool full = dsw::cuda_emulation::struck(dsw::cuda_emulation::Fault::OutOfMemory, "");
    *memory = full ? nullptr : dsw::cuda_emulation::allocate_device_memory(bytes);
    return require(*memory != nullptr || bytes == 0, cudaErrorMemoryAllocation);
  });
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t) {
  return call([&](State&) { return require(memory == nullptr || dsw::cuda_emulation::free_device_memory(memory)); });
}

cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  return call([&](State&) {
    void* device = dsw::cuda_emulation::allocate_device_memory(bytes);
    *memory = device != nullptr ? dsw::cuda_emulation::host_address(device, bytes) : nullptr;
    return require(*memory != nullptr, cudaErrorMemoryAllocation);
  });
}
cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  *device = dsw::cuda_emulation::device_address(host);
  return call([](State&) { return cudaSuccess; });
}
cudaError_t cudaFreeHost(void* memory) { return cudaFreeAsync(dsw::cuda_emulation::device_address(memory), nullptr); }

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  return call([&](State&) {
    if (bytes == 0) return cudaSuccess;
    void* target = kind == cudaMemcpyDeviceToHost ? to : dsw::cuda_emulation::host_address(to, bytes);
    const void* source = kind == cudaMemcpyHostToDevice ? from : dsw::cuda_emulation::host_address(from, bytes);
    if (target == nullptr || source == nullptr) return cudaErrorInvalidValue;
    std::memmove(target, source, bytes);
    return cudaSuccess;
  });
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t) {
  return call([&](State&) {
    if (bytes == 0) return cudaSuccess;
    void* target = dsw::cuda_emulation::host_address(memory, bytes);
    if (target == nullptr) return cudaErrorInvalidValue;
    std::memset(target, value, bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int value) {
  return call([&](State& s) {
    const auto bytes = static_cast<std::size_t>(value);
    if (value < 0 || bytes > kSharedBytesOptin) return cudaErrorInvalidValue;
    s.shared_allowed[kernel] = bytes;
    return cudaSuccess;
  });
}

namespace dsw::cuda_emulation {

void launch(const char* name, const void* kernel, dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& body) {
  call([&](State& s) {
    const auto allowed = s.shared_allowed.find(kernel);
    if (shared_bytes > std::max(kSharedBytes, allowed != s.shared_allowed.end() ? allowed->second : 0)) return cudaErrorInvalidValue;
    const std::size_t blocks = std::size_t{grid.x} * grid.y * grid.z, threads = std::size_t{block.x} * block.y * block.z;
    if (blocks == 0 || threads == 0 || threads > kThreadsOfBlock || grid.y > 65535 || grid.z > 65535) return cudaErrorInvalidConfiguration;
    ++counters().launches;
    if (struck(Fault::FailedLaunch, name)) return cudaErrorLaunchOutOfResources;
    if (struck(Fault::VanishedDevice, name)) return s.sticky = cudaErrorDevicesUnavailable;
    spoil_next_store(struck(Fault::WrongResult, name));
    std::vector<std::size_t> order(blocks);
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (options().order == Order::Reverse) std::reverse(order.begin(), order.end());
    if (options().order == Order::Shuffled) std::shuffle(order.begin(), order.end(), std::mt19937(options().seed));
    Block& emulated = Block::current();
    emulated.seed(options().seed);
    for (const std::size_t b : order) {
      const uint3 index{static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y),
                        static_cast<unsigned>(b / grid.x / grid.y)};
      const std::string wrong = emulated.run(index, block, grid, shared_bytes, body);
      settle_shared_accesses();
      if (wrong.empty()) continue;
      s.report = std::string(name) + ": " + wrong;
      s.sticky = cudaErrorLaunchFailure;
      return s.sticky;
    }
    spoil_next_store(false);
    if (struck(Fault::StickyError, name)) s.sticky = cudaErrorIllegalAddress;
    return s.sticky;
  });
}

const std::string& fault_report() { return state().report; }

void reset_device() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.last = s.sticky = cudaSuccess;
  s.report.clear();
  clear_injections();
  forget_device_memory();
}

}  // namespace dsw::cuda_emulation
