// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cuda_emulation/runtime.h"

#include <algorithm>
#include <cstdio>
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
#include "tests/support/cuda_emulation/runtime_state.h"

namespace {

using namespace dsw::cuda_emulation;

constexpr std::size_t kSharedBytes = 48 * 1024, kSharedBytesOptin = 227 * 1024;  // of compute capability 9.0
constexpr unsigned kThreadsOfBlock = 1024;
constexpr char kWork[3] = {};  // addresses that name what is no kernel
const void *const kCopy = &kWork[0], *const kSet = &kWork[1], *const kFree = &kWork[2];

}  // namespace

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
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated:
      return "operation failed due to a previous error during capture";
    case cudaErrorGraphExecUpdateFailure:
      return "the graph update was not performed because it included changes which violated constraints";
  }
  return "unknown error";
}

cudaError_t cudaGetLastError() {
  RuntimeState& s = state();
  const std::lock_guard lock(s.mutex);
  return s.sticky != cudaSuccess ? s.sticky : std::exchange(s.last, cudaSuccess);
}

cudaError_t cudaGetDeviceCount(int* count) {
  return call([&](RuntimeState&) {
    *count = 1;
    return cudaSuccess;
  });
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  return call([&](RuntimeState& s) {
    s.context_opened = true;
    return require(device == 0, cudaErrorInvalidDevice);
  });
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call([&](RuntimeState&) {
    *properties = {"emulated on the host", device_capacity(), 9, 0, 4, kSharedBytesOptin};
    return require(device == 0, cudaErrorInvalidDevice);
  });
}
cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int other) {
  *can = 0;
  return call([&](RuntimeState&) { return require(device == 0 && other == 0, cudaErrorInvalidDevice); });
}
cudaError_t cudaDeviceGetPCIBusId(char* id, int length, int device) {
  return call([&](RuntimeState&) {
    if (device != 0) return cudaErrorInvalidDevice;
    std::snprintf(id, static_cast<std::size_t>(length), "0000:00:00.0");
    return cudaSuccess;
  });
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return call([&](RuntimeState&) {
    *total = device_capacity();
    *free = *total - std::min(*total, device_bytes_in_use());
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  *pool = nullptr;  // there is one
  return call([&](RuntimeState&) { return require(device == 0, cudaErrorInvalidDevice); });
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) {
  return call([](RuntimeState&) { return cudaSuccess; });
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr, void* value) {
  return call([&](RuntimeState&) {
    const unsigned long long bytes = device_bytes_in_use();
    std::memcpy(value, &bytes, sizeof(bytes));
    return cudaSuccess;
  });
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, std::size_t) {
  return call([](RuntimeState&) { return cudaSuccess; });
}
cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t) {
  return call([&](RuntimeState&) {
    const bool full = struck(Fault::OutOfMemory, "");
    *memory = full ? nullptr : allocate_device_memory(bytes);
    return require(*memory != nullptr || bytes == 0, cudaErrorMemoryAllocation);
  });
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  return call(
      [&](RuntimeState&) { return put(stream, kFree, [memory] { return require(memory == nullptr || free_device_memory(memory)); }); });
}

cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  return call([&](RuntimeState&) {
    *memory = allocate_pinned_memory(bytes);
    return require(*memory != nullptr, cudaErrorMemoryAllocation);
  });
}
cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  *device = device_address(host);
  return call([](RuntimeState&) { return cudaSuccess; });
}
cudaError_t cudaFreeHost(void* memory) { return cudaFreeAsync(device_address(memory), nullptr); }

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return call([&](RuntimeState&) {
    if (bytes == 0) return cudaSuccess;
    const auto copy = [bytes, kind](void* target, const void* source) {
      if (kind != cudaMemcpyDeviceToHost) target = host_address(target, bytes);
      if (kind != cudaMemcpyHostToDevice) source = host_address(source, bytes);
      if (target == nullptr || source == nullptr) return cudaErrorInvalidValue;
      std::memmove(target, source, bytes);
      return cudaSuccess;
    };
    const void* host = kind == cudaMemcpyHostToDevice ? from : to;
    if (kind == cudaMemcpyDeviceToDevice || is_pinned(host) || captures(stream)) return put(stream, kCopy, [=] { return copy(to, from); });
    if (kind == cudaMemcpyDeviceToHost) {  // into memory that the system may move: not before everything is there
      const cudaError_t error = drain(stream);
      return error != cudaSuccess ? error : copy(to, from);
    }
    const auto* begin = static_cast<const unsigned char*>(from);  // out of such memory: copied aside at once
    return put(stream, kCopy, [=, aside = std::vector<unsigned char>(begin, begin + bytes)] { return copy(to, aside.data()); });
  });
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  return call([&](RuntimeState&) {
    return put(stream, kSet, [=] {
      if (bytes == 0) return cudaSuccess;
      void* target = host_address(memory, bytes);
      if (target == nullptr) return cudaErrorInvalidValue;
      std::memset(target, value, bytes);
      return cudaSuccess;
    });
  });
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int value) {
  return call([&](RuntimeState& s) {
    const auto bytes = static_cast<std::size_t>(value);
    if (value < 0 || bytes > kSharedBytesOptin) return cudaErrorInvalidValue;
    s.shared_allowed[kernel] = bytes;
    return cudaSuccess;
  });
}

namespace dsw::cuda_emulation {

RuntimeState& state() {
  static RuntimeState instance;
  return instance;
}

namespace {

cudaError_t run(const std::string& name, dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& body) {
  RuntimeState& s = state();
  ++counters().launches;
  if (struck(Fault::FailedLaunch, name)) return cudaErrorLaunchOutOfResources;
  if (struck(Fault::VanishedDevice, name)) return s.sticky = cudaErrorDevicesUnavailable;
  spoil_next_store(struck(Fault::WrongResult, name));
  std::vector<std::size_t> order(std::size_t{grid.x} * grid.y * grid.z);
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
    s.report = name + ": " + wrong;
    return s.sticky = cudaErrorLaunchFailure;
  }
  spoil_next_store(false);
  if (struck(Fault::StickyError, name)) s.sticky = cudaErrorIllegalAddress;
  return s.sticky;
}

}  // namespace

void launch(const char* name, const void* kernel, dim3 grid, dim3 block, std::size_t shared_bytes, std::function<void()> body,
            cudaStream_t stream) {
  call([&](RuntimeState& s) {
    const auto allowed = s.shared_allowed.find(kernel);
    if (shared_bytes > std::max(kSharedBytes, allowed != s.shared_allowed.end() ? allowed->second : 0)) return cudaErrorInvalidValue;
    const std::size_t blocks = std::size_t{grid.x} * grid.y * grid.z, threads = std::size_t{block.x} * block.y * block.z;
    if (blocks == 0 || threads == 0 || threads > kThreadsOfBlock || grid.y > 65535 || grid.z > 65535) return cudaErrorInvalidConfiguration;
    return put(stream, kernel, [=, named = std::string(name)] { return run(named, grid, block, shared_bytes, body); });
  });
}

bool context_opened() { return state().context_opened; }
const std::string& fault_report() { return state().report; }

void reset_device() {
  RuntimeState& s = state();
  const std::lock_guard lock(s.mutex);
  s.last = s.sticky = cudaSuccess;
  s.report.clear();
  s.context_opened = false;
  forget_streams();
  clear_injections();
  forget_device_memory();
}

}  // namespace dsw::cuda_emulation
