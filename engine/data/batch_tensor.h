// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/tensor/tensor.h"

namespace dsw {

/// A tensor of T whose memory `fill(T*)` writes, row-major. Written in place where the host can; otherwise through a buffer that
/// each thread keeps, so that a batch costs no allocation but its tensor's.
template <class T, class Fill>
Tensor filled_tensor(const Shape& shape, Device& device, Fill fill) {
  Tensor tensor = empty(shape, dtype_of<T>(), device);
  if (device.host_memory()) {
    fill(tensor.data<T>());
    return tensor;
  }
  thread_local std::vector<T> staging;
  staging.resize(static_cast<std::size_t>(shape.elements()));
  fill(staging.data());
  device.copy_from_host(tensor.view().data, staging.data(), tensor.bytes());
  device.synchronize();  // the buffer is written again with the next batch
  return tensor;
}

}  // namespace dsw
