// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <utility>

#include "kernels/cuda/device_code.h"
#include "kernels/kernel_table.h"

namespace dsw::cuda {

/// What a DswStream of this module is: a device and one of its streams. Used by one thread at a time.
struct Stream {
  int device = 0, capability = 0;  // 10 major + minor of the device's compute capability
  cudaStream_t stream = nullptr;
  cudaMemPool_t pool = nullptr;                                     // the device's, not owned
  unsigned *complaints = nullptr, *complaints_on_device = nullptr;  // one word of the host's memory that kernels reach: bits of Complaint
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
  static_cast<void>(stream);
  cuda_emulation::launch(name, address, grid, block, shared_bytes, [=] { kernel(arguments...); });
#endif
  return status_of(cudaGetLastError(), name);
}

}  // namespace dsw::cuda
