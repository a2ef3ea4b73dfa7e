// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda/device_code.h"
#include "kernels/kernel_table.h"

namespace dsw::cuda {

class LibraryProducts;  // kernels/cuda/library_products.h
class Staging;          // kernels/cuda/staging.h

/// Memory that the stream's kernels use one after the other (kernels/cuda/scratch.h).
struct ScratchBlock {
  char* begin = nullptr;
  std::size_t bytes = 0, used = 0, wanted = 0;  // wanted: the most that was in use at once
  unsigned moved = 0;                           // how often it was given back: what was captured with its address is void
};

/// What a DswStream of this module is: a device and one of its streams. Used by one thread at a time.
struct Stream {
  Stream();
  ~Stream();
  int device = 0, capability = 0;  // 10 major + minor of the device's compute capability
  cudaStream_t stream = nullptr;
  cudaMemPool_t pool = nullptr;                                     // the device's, not owned
  unsigned *complaints = nullptr, *complaints_on_device = nullptr;  // one word of the host's memory that kernels reach: bits of Complaint
  ScratchBlock scratch;
  std::unique_ptr<LibraryProducts> library;  // null: there is none
  std::unique_ptr<Staging> staging;          // of copies to the device, from the first one on
  std::mutex releases;                       // guards the two below: memory is released by any thread
  std::atomic<bool> capturing{false};        // written by the stream's thread alone
  std::vector<void*> released_meanwhile;     // to be freed after the capture
};
/// Arguments that only a kernel can find to be wrong. It goes on as if they were in range and leaves a mark, which the next
/// synchronisation turns into DSW_BAD_ARGUMENT. The texts are in module.cu.
enum class Complaint : unsigned { Token = 1, Class = 2, Blocks = 4, Pages = 8 };
DSW_DEVICE void complain(unsigned* complaints, Complaint what) { atomicOr(complaints, static_cast<unsigned>(what)); }

inline Stream& stream_of(DswStream* stream) { return *reinterpret_cast<Stream*>(stream); }

/// The text of the calling thread's last error; "" before the first.
std::string& last_error();
/// The DswStatus of an error, whose text is kept with the name of what was asked.
int status_of(cudaError_t error, const char* what);

/// kernel<<<grid, block, shared_bytes, stream>>>(arguments…); an empty grid is nothing to do. `name` says in errors what was running.
/// @return DSW_OK, or DSW_DEVICE_FAULT and the text in last_error()
template <class... P>
int launch(DswStream* stream, const char* name, void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared_bytes,
           std::type_identity_t<P>... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return DSW_OK;
  const auto* address = reinterpret_cast<const void*>(kernel);
  if (shared_bytes > 48 * 1024) {  // more than every kernel may have must be asked for
    const cudaError_t error = cudaFuncSetAttribute(address, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (error != cudaSuccess) return status_of(error, name);
  }
#ifdef __CUDACC__
  kernel<<<grid, block, shared_bytes, stream_of(stream).stream>>>(arguments...);
#else
  cuda_emulation::launch(
      name, address, grid, block, shared_bytes, [=] { kernel(arguments...); }, stream_of(stream).stream);
#endif
  return status_of(cudaGetLastError(), name);
}

}  // namespace dsw::cuda
