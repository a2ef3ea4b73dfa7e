// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/stream.h"

namespace dsw::cuda {

/// `bytes` of device memory until give_back_scratch, in the stream's order, which is the reverse of the order in which they were taken.
/// While the stream is captured only what is there already: else DSW_UNSUPPORTED.
int take_scratch(Stream& stream, std::size_t bytes, void** memory);
void give_back_scratch(Stream& stream, std::size_t bytes, void* memory);
/// To the device, where nothing of it is taken.
void free_scratch(Stream& stream);

/// Memory of the device for `count` numbers while work that was put on the stream runs. 0 numbers: null.
template <class T>
class Scratch {
 public:
  Scratch(DswStream* stream, std::int64_t count) : stream_(stream_of(stream)), bytes_(static_cast<std::size_t>(count) * sizeof(T)) {
    void* memory = nullptr;
    if (count != 0) status_ = take_scratch(stream_, bytes_, &memory);
    data_ = static_cast<T*>(memory);
  }
  ~Scratch() {
    if (data_ != nullptr) give_back_scratch(stream_, bytes_, data_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* data() const { return data_; }
  int status() const { return status_; }

 private:
  Stream& stream_;
  std::size_t bytes_;
  T* data_ = nullptr;
  int status_ = DSW_OK;
};

}  // namespace dsw::cuda
