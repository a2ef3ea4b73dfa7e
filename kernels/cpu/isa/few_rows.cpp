// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/few_rows.h"

#include "kernels/cpu/isa/walk.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr int kTogether = 4;  // rows of b that are read side by side, so that a's numbers are loaded once for all

/// Columns [n, n + Columns) of all M rows.
template <int M, int Columns>
void dot_products(const FewRowsProduct& p, std::int64_t n) {
  Vec sums[M][Columns] = {};
  const float* rows[Columns];
  for (int j = 0; j < Columns; ++j) rows[j] = p.b + (n + j) * p.ldb;
  const std::int64_t ahead = Columns * p.ldb;  // the next call's rows
  std::int64_t k = 0;
  for (; k + kWidth <= p.K; k += kWidth) {
    Vec left[M];
    for (int m = 0; m < M; ++m) left[m] = load(p.a + m * p.lda + k);
    for (int j = 0; j < Columns; ++j) {
      __builtin_prefetch(rows[j] + k + ahead);
      const Vec right = load(rows[j] + k);
      for (int m = 0; m < M; ++m) sums[m][j] += left[m] * right;
    }
  }
  if (k < p.K) {
    for (int m = 0; m < M; ++m) {
      const Vec left = load_first(p.a + m * p.lda + k, p.K - k);
      for (int j = 0; j < Columns; ++j) sums[m][j] += left * load_first(rows[j] + k, p.K - k);
    }
  }
  for (int m = 0; m < M; ++m) {
    for (int j = 0; j < Columns; ++j) p.c[m * p.ldc + n + j] = sum_lanes(sums[m][j]) + (p.bias != nullptr ? p.bias[n + j] : 0.0f);
  }
}

template <int M>
void columns(const FewRowsProduct& p, std::int64_t begin, std::int64_t end) {
  std::int64_t n = begin;
  for (; n + kTogether <= end; n += kTogether) dot_products<M, kTogether>(p, n);
  for (; n < end; ++n) dot_products<M, 1>(p, n);
}

}  // namespace

void few_rows(DswStream* stream, const FewRowsProduct& p) {
  constexpr double kNanosecondsANumber = 0.15;  // memory's pace on one thread
  parallel_for(stream, p.N, kNanosecondsANumber * static_cast<double>(p.K), kTogether, [&](std::int64_t begin, std::int64_t end, int) {
    switch (p.M) {
      case 1:
        return columns<1>(p, begin, end);
      case 2:
        return columns<2>(p, begin, end);
      case 3:
        return columns<3>(p, begin, end);
      default:
        return columns<4>(p, begin, end);
    }
  });
}

}  // namespace dsw::kernels::DSW_ISA
