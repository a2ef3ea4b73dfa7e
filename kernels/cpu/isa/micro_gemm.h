// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cpu/isa/vec.h"

/// Products of small matrices that lie in the cache, for attention's blocks.
namespace dsw::kernels::DSW_ISA {

/// A's element (m, k) is a[m * row + k * column]: a transpose costs nothing.
struct Factor {
  const float* a;
  std::int64_t row, column;
};

template <int Rows, int Vectors>
[[gnu::always_inline]] inline void gemm_tile(const Factor& a, std::int64_t m, const float* b, std::int64_t ldb, std::int64_t K, float* c,
                                             std::int64_t ldc, bool add) {
  Vec sums[Rows][Vectors];
  for (int i = 0; i < Rows; ++i) {
    for (int j = 0; j < Vectors; ++j) sums[i][j] = add ? load(c + i * ldc + j * kWidth) : Vec{};
  }
  const float* from = a.a + m * a.row;
  for (std::int64_t k = 0; k < K; ++k) {
    Vec right[Vectors];
    for (int j = 0; j < Vectors; ++j) right[j] = load(b + k * ldb + j * kWidth);
    for (int i = 0; i < Rows; ++i) {
      const Vec left = splat(from[i * a.row + k * a.column]);
      for (int j = 0; j < Vectors; ++j) sums[i][j] += left * right[j];
    }
  }
  for (int i = 0; i < Rows; ++i) {
    for (int j = 0; j < Vectors; ++j) store(c + i * ldc + j * kWidth, sums[i][j]);
  }
}

template <int Vectors>
inline void gemm_columns(const Factor& a, std::int64_t M, const float* b, std::int64_t ldb, std::int64_t K, float* c, std::int64_t ldc,
                         bool add) {
  // As many sums as the registers hold beside one row of b and one number of a.
#if defined(__AVX512F__)
  constexpr int kRows = 12;
#else
  constexpr int kRows = 6;
#endif
  std::int64_t m = 0;
  for (; m + kRows <= M; m += kRows) gemm_tile<kRows, Vectors>(a, m, b, ldb, K, c + m * ldc, ldc, add);
  for (; m + 4 <= M; m += 4) gemm_tile<4, Vectors>(a, m, b, ldb, K, c + m * ldc, ldc, add);
  for (; m < M; ++m) gemm_tile<1, Vectors>(a, m, b, ldb, K, c + m * ldc, ldc, add);
}

/// c [M, N] = A b, or c += A b. N is a multiple of kWidth; rows of b and c may be further apart than N.
inline void small_gemm(const Factor& a, std::int64_t M, const float* b, std::int64_t ldb, std::int64_t K, std::int64_t N, float* c,
                       std::int64_t ldc, bool add) {
  std::int64_t n = 0;
  for (; n + 2 * kWidth <= N; n += 2 * kWidth) gemm_columns<2>(a, M, b + n, ldb, K, c + n, ldc, add);
  if (n < N) gemm_columns<1>(a, M, b + n, ldb, K, c + n, ldc, add);
}

/// Columns of a right factor that are packed together: rows of a plain matrix whose length is a power of two share a few sets of the
/// first cache and drive each other out.
inline constexpr std::int64_t kPanel = 2 * kWidth;

/// The same with b in panels: element (k, n) is panels[n / kPanel * panel + k * kPanel + n % kPanel].
inline void panel_gemm(const Factor& a, std::int64_t M, const float* panels, std::int64_t panel, std::int64_t K, std::int64_t N, float* c,
                       std::int64_t ldc, bool add) {
  std::int64_t n = 0;
  for (; n + kPanel <= N; n += kPanel, panels += panel) gemm_columns<2>(a, M, panels, kPanel, K, c + n, ldc, add);
  if (n < N) gemm_columns<1>(a, M, panels, kPanel, K, c + n, ldc, add);
}

}  // namespace dsw::kernels::DSW_ISA
