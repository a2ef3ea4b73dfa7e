// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/view.h"

namespace dsw::kernels::reference {

/// c = alpha a b + bias + beta c, sums in double; beta 0 does not read c.
template <class T>
int matmul(const DswView& a, const DswView& b, const DswView& bias, const DswView& c, double alpha, double beta) {
  const int r = c.rank;
  const std::int64_t M = c.shape[r - 2], N = c.shape[r - 1], K = a.shape[r - 1];
  std::int64_t batches = 1;
  for (int i = 0; i < r - 2; ++i) batches *= c.shape[i];
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    const T* ap = data<T>(a) + offset_of(a, batch, r - 2);
    const T* bp = data<T>(b) + offset_of(b, batch, r - 2);
    T* cp = data<T>(c) + offset_of(c, batch, r - 2);
    for (std::int64_t m = 0; m < M; ++m) {
      for (std::int64_t n = 0; n < N; ++n) {
        double sum = 0;
        for (std::int64_t k = 0; k < K; ++k) {
          sum += static_cast<double>(ap[m * a.stride[r - 2] + k * a.stride[r - 1]]) * bp[k * b.stride[r - 2] + n * b.stride[r - 1]];
        }
        T& out = cp[m * c.stride[r - 2] + n * c.stride[r - 1]];
        sum *= alpha;
        if (given(bias)) sum += data<T>(bias)[n * bias.stride[0]];
        if (beta != 0) sum += beta * out;
        out = static_cast<T>(sum);
      }
    }
  }
  return DSW_OK;
}

}  // namespace dsw::kernels::reference
