// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/stream.h"

namespace dsw::cuda {

/// Copies from the host that do not wait for the stream's earlier work, nor it for them: pieces go through two slots, each with pinned
/// memory of the host, from where a stream of its own brings them to a landing place on the device while the stream computes; the stream
/// then takes them from there, in its order. The host waits only for the piece before the last one to have been brought.
class Staging {
 public:
  static constexpr std::size_t kSlotBytes = std::size_t{4} << 20;
  Staging() = default;
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  int copy(Stream& stream, void* device, const void* host, std::size_t bytes);

 private:
  struct Slot {
    void *pinned = nullptr, *landing = nullptr;
    cudaEvent_t arrived = nullptr, taken = nullptr;
  };
  cudaError_t open(Stream& stream);
  cudaError_t copy_piece(Stream& stream, void* device, const void* host, std::size_t bytes);

  cudaStream_t copies_ = nullptr;
  Slot slots_[2];
  unsigned pieces_ = 0;
};

}  // namespace dsw::cuda
