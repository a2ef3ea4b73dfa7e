// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "tests/support/cuda_emulation/runtime.h"

/// The emulated runtime's own: what its calls share.
namespace dsw::cuda_emulation {

struct RuntimeState {
  std::recursive_mutex mutex;  // of everything here, of streams, events and graphs, and of the device's memory
  cudaError_t last = cudaSuccess, sticky = cudaSuccess;
  std::string report;
  bool context_opened = false;
  std::map<const void*, std::size_t> shared_allowed;  // by kernel, where it was raised
};
RuntimeState& state();

/// Runs `work` under the lock, unless the device is lost; keeps the error that it gives.
template <class F>
cudaError_t call(F&& work) {
  RuntimeState& s = state();
  const std::lock_guard lock(s.mutex);
  const cudaError_t error = s.sticky != cudaSuccess ? s.sticky : work(s);
  if (error != cudaSuccess) s.last = error;
  return error;
}
inline cudaError_t require(bool holds, cudaError_t otherwise = cudaErrorInvalidValue) { return holds ? cudaSuccess : otherwise; }

/// Puts work on a stream, under the lock: it is done at once, queued (Options::streams) or kept where the stream is being captured.
/// `what`: which work it is, so that a graph knows what it may be changed to.
cudaError_t put(cudaStream_t stream, const void* what, std::function<cudaError_t()> work);
/// Does what the stream was given, and of the others what that waits for; null: everything.
cudaError_t drain(cudaStream_t stream);
/// The stream's work goes into a graph.
bool captures(cudaStream_t stream);
/// Streams, events and graphs of a process that is gone.
void forget_streams();

}  // namespace dsw::cuda_emulation
