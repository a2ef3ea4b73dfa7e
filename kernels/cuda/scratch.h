// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/stream.h"

namespace dsw::cuda {

/// Memory of the device for `count` numbers while work that was put on the stream runs: given back in the stream's order. 0 numbers: null.
template <class T>
class Scratch {
 public:
  Scratch(DswStream* stream, std::int64_t count) : stream_(stream_of(stream).stream) {
    if (count == 0) return;
    void* memory = nullptr;
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
    status_ = status_of(cudaMallocAsync(&memory, bytes, stream_), "scratch memory");
    data_ = static_cast<T*>(memory);
  }
  ~Scratch() {
    if (data_ != nullptr) cudaFreeAsync(data_, stream_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* data() const { return data_; }
  int status() const { return status_; }

 private:
  cudaStream_t stream_;
  T* data_ = nullptr;
  int status_ = DSW_OK;
};

}  // namespace dsw::cuda
