// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/device_view.h"

/// Floats of any dtype as A, float or double, in kernels that sum.
namespace dsw::cuda {

template <class A>
DSW_DEVICE A read(const DswView& x, std::int64_t at) {
  switch (x.dtype) {
    case DSW_F64:
      return static_cast<A>(load(data<const double>(x) + at));
    case DSW_BF16:
      return static_cast<A>(widen(load(data<const Bf16>(x) + at)));
    case DSW_F16:
      return static_cast<A>(widen(load(data<const F16>(x) + at)));
    default:
      return static_cast<A>(load(data<const float>(x) + at));
  }
}
/// Rounded to nearest even; a double to 16 bits through float32, as kernels/reference/memory.h does.
template <class A>
DSW_DEVICE void write(const DswView& x, std::int64_t at, A value) {
  switch (x.dtype) {
    case DSW_F64:
      return store(data<double>(x) + at, static_cast<double>(value));
    case DSW_BF16:
      return store(data<Bf16>(x) + at, narrow<Bf16>(static_cast<float>(value)));
    case DSW_F16:
      return store(data<F16>(x) + at, narrow<F16>(static_cast<float>(value)));
    default:
      return store(data<float>(x) + at, static_cast<float>(value));
  }
}

}  // namespace dsw::cuda
