// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/device_code.h"

/// The 32 threads of a warp together: all of them call these.
namespace dsw::cuda {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xFFFFFFFFu;

template <class A>
DSW_DEVICE A warp_sum(A x) {
  for (int other = kWarp / 2; other > 0; other /= 2) x += __shfl_xor_sync(kAllLanes, x, other);
  return x;
}
/// Of numbers that are not NaN.
template <class A>
DSW_DEVICE A warp_maximum(A x) {
  for (int other = kWarp / 2; other > 0; other /= 2) {
    const A y = __shfl_xor_sync(kAllLanes, x, other);
    x = y > x ? y : x;
  }
  return x;
}

}  // namespace dsw::cuda
