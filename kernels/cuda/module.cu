// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/module.h"

#include <climits>
#include <cstdio>
#include <new>

#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/graph.h"
#include "kernels/cuda/library_products.h"
#include "kernels/cuda/nvml.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/staging.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {

std::string& last_error() {
  static thread_local std::string text;
  return text;
}

int status_of(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return DSW_OK;
  cudaGetLastError();  // forgets it, or the next launch would be taken for the culprit
  last_error() = std::string(what) + ": " + cudaGetErrorString(error);
  return error == cudaErrorMemoryAllocation ? DSW_OUT_OF_MEMORY : DSW_DEVICE_FAULT;
}

Stream::Stream() = default;
Stream::~Stream() = default;

namespace {

constexpr std::size_t kStagedBytes = 64 * 1024;  // what is shorter than this the driver itself copies aside at once

int device_count(int32_t* count) {
  *count = 0;
  const cudaError_t error = cudaGetDeviceCount(count);
  if (error == cudaErrorNoDevice) return DSW_OK;
  if (error != cudaErrorInsufficientDriver) return status_of(error, "counting devices");
  int driver = 0;
  cudaDriverGetVersion(&driver);  // as 1000 major + 10 minor; 0: none
  last_error() = driver == 0 ? "there is no NVIDIA driver"
                             : "the NVIDIA driver knows CUDA " + std::to_string(driver / 1000) + "." + std::to_string(driver % 1000 / 10) +
                                   ", and version " + std::to_string(CUDART_VERSION / 1000) + " is needed";
  return DSW_UNSUPPORTED;
}

uint64_t peers_of(int32_t device) {
  int count = 0;
  uint64_t peers = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) return 0;
  for (int other = 0; other < count && other < 64; ++other) {
    int can = 0;
    if (other != device && cudaDeviceCanAccessPeer(&can, device, other) == cudaSuccess && can != 0) peers |= uint64_t{1} << other;
  }
  return peers;
}

int device_info(int32_t device, DswDeviceInfo* info) {
  cudaDeviceProp properties;
  if (const int status = status_of(cudaGetDeviceProperties(&properties, device), "device properties"); status != DSW_OK) return status;
  std::snprintf(info->name, sizeof(info->name), "%s", properties.name);
  info->major = properties.major;
  info->minor = properties.minor;
  info->multiprocessors = properties.multiProcessorCount;
  info->peers = peers_of(device);
  char bus[32] = "";
  nvml::State state;
  if (cudaDeviceGetPCIBusId(bus, sizeof(bus), device) == cudaSuccess) state = nvml::state_of(bus);
  info->busy_percent = state.busy_percent;
  info->memory_bytes = state.total_bytes;
  info->free_bytes = state.free_bytes;
  if (state.memory_known) return DSW_OK;
  if (const int status = status_of(cudaSetDevice(device), "choosing the device"); status != DSW_OK) return status;
  std::size_t free = 0, total = 0;
  if (const int status = status_of(cudaMemGetInfo(&free, &total), "memory of the device"); status != DSW_OK) return status;
  info->memory_bytes = total;
  info->free_bytes = free;
  return DSW_OK;
}

/// The pool keeps what is released until trim().
cudaError_t keep_memory(int device, cudaMemPool_t& pool) {
  if (const cudaError_t error = cudaDeviceGetDefaultMemPool(&pool, device); error != cudaSuccess) return error;
  unsigned long long all = ULLONG_MAX;
  return cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all);
}

void close_stream(DswStream* opened) {
  Stream* stream = &stream_of(opened);
  stream->library.reset();
  stream->staging.reset();
  free_scratch(*stream);
  if (stream->stream != nullptr) cudaStreamDestroy(stream->stream);
  if (stream->complaints != nullptr) cudaFreeHost(stream->complaints);
  delete stream;
}

int open_stream(int32_t device, DswStream** opened) {
  auto* stream = new (std::nothrow) Stream;
  if (stream == nullptr) return DSW_OUT_OF_MEMORY;
  stream->device = device;
  cudaDeviceProp properties{};
  cudaError_t error = cudaSetDevice(device);
  if (error == cudaSuccess) error = cudaGetDeviceProperties(&properties, device);
  stream->capability = 10 * properties.major + properties.minor;
  if (error == cudaSuccess) error = keep_memory(device, stream->pool);
  if (error == cudaSuccess) error = cudaStreamCreateWithFlags(&stream->stream, cudaStreamNonBlocking);
  void* complaints = nullptr;
  if (error == cudaSuccess) error = cudaHostAlloc(&complaints, sizeof(unsigned), cudaHostAllocMapped);
  stream->complaints = static_cast<unsigned*>(complaints);
  void* seen = nullptr;
  if (error == cudaSuccess) error = cudaHostGetDevicePointer(&seen, complaints, 0);
  stream->complaints_on_device = static_cast<unsigned*>(seen);
  *opened = reinterpret_cast<DswStream*>(stream);
  if (error == cudaSuccess) {
    *stream->complaints = 0;
    stream->library = LibraryProducts::open();
    return DSW_OK;
  }
  const int status = status_of(error, "opening a stream");
  close_stream(*opened);
  *opened = nullptr;
  return status;
}

int allocate(DswStream* stream, std::size_t bytes, void** memory) {
  return status_of(cudaMallocAsync(memory, bytes, stream_of(stream).stream), "allocation");
}
int release(DswStream* opened, void* memory) {
  Stream& stream = stream_of(opened);
  const std::lock_guard lock(stream.releases);
  if (!stream.capturing) return status_of(cudaFreeAsync(memory, stream.stream), "release of memory");
  stream.released_meanwhile.push_back(memory);
  return DSW_OK;
}
int trim(DswStream* stream) {
  free_scratch(stream_of(stream));
  if (const int status = status_of(cudaStreamSynchronize(stream_of(stream).stream), "waiting for the stream"); status != DSW_OK)
    return status;
  return status_of(cudaMemPoolTrimTo(stream_of(stream).pool, 0), "release of the pool");
}
int memory(DswStream* stream, DswStreamMemory* held) {
  unsigned long long bytes = 0;
  const cudaError_t error = cudaMemPoolGetAttribute(stream_of(stream).pool, cudaMemPoolAttrReservedMemCurrent, &bytes);
  held->reserved_bytes = bytes;
  return status_of(error, "memory of the pool");
}

int synchronize(DswStream* opened) {
  Stream& stream = stream_of(opened);
  if (const int status = status_of(cudaStreamSynchronize(stream.stream), "waiting for the stream"); status != DSW_OK) return status;
  const unsigned complaints = std::exchange(*stream.complaints, 0u);
  if (complaints == 0) return DSW_OK;
  last_error().clear();
  const char* const texts[] = {"an embedding got a token outside its table", "a cross entropy got a class outside its range",
                               "attention got a wrong list of blocks", "attention got a wrong table of pages"};
  for (unsigned i = 0; i < std::size(texts); ++i)
    if ((complaints >> i & 1u) != 0) last_error() += (last_error().empty() ? "" : "; ") + std::string(texts[i]);
  return DSW_BAD_ARGUMENT;
}

int copy_to_device(DswStream* stream, void* device, const void* host, std::size_t bytes) {
  if (bytes > kStagedBytes) {
    std::unique_ptr<Staging>& staging = stream_of(stream).staging;
    if (staging == nullptr) staging = std::make_unique<Staging>();
    return staging->copy(stream_of(stream), device, host, bytes);
  }
  return status_of(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream_of(stream).stream), "copy to the device");
}
int copy_to_host(DswStream* stream, void* host, const void* device, std::size_t bytes) {
  const cudaError_t error = cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream_of(stream).stream);
  if (error != cudaSuccess) return status_of(error, "copy to the host");
  return synchronize(stream);
}

const char* last_error_text() { return last_error().c_str(); }

}  // namespace
}  // namespace dsw::cuda

const DswDeviceModule* dsw_device_module(void) {
  using namespace dsw::cuda;
  static const DswDeviceModule module{DSW_DEVICE_MODULE_ABI,
                                      sizeof(DswDeviceModule),
                                      kernels(),
                                      compatible_kernels(),
                                      last_error_text,
                                      device_count,
                                      device_info,
                                      open_stream,
                                      close_stream,
                                      allocate,
                                      release,
                                      trim,
                                      memory,
                                      copy_to_device,
                                      copy_to_host,
                                      synchronize,
                                      begin_capture,
                                      end_capture,
                                      launch_graph,
                                      destroy_graph};
  return &module;
}
