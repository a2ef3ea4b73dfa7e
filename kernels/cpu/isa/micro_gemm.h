// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cpu/isa/vec.h"

/// Products of small matrices that lie in the cache, for attention's blocks. Their factors are made of words: float32 numbers, or pairs
/// of bfloat16 numbers that follow each other along K. K then counts words. Sums are float32.
namespace dsw::kernels::DSW_ISA {

struct Pair {
  std::uint32_t bits;  // the first number in the low half
};
/// Whether bfloat16 is multiplied in pairs: where the processor has an instruction for it. Also on the baseline set, where nothing is
/// fast: so every machine's tests run what they can.
#if defined(__AVX512BF16__) || !defined(__AVX2__)
inline constexpr bool kPairProducts = true;
#else
inline constexpr bool kPairProducts = false;
#endif

inline Vec load_words(const float* p) { return load(p); }
inline Unsigned load_words(const Pair* p) {
  typedef std::uint32_t Unaligned __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
  return *reinterpret_cast<const Unaligned*>(p);
}
inline Vec splat_word(float x) { return splat(x); }
inline Unsigned splat_word(Pair x) { return x.bits - Unsigned{}; }
[[gnu::always_inline]] inline void add_products(Vec& sum, Vec left, Vec right) { sum += left * right; }
[[gnu::always_inline]] inline void add_products(Vec& sum, Unsigned left, Unsigned right) {
#if defined(__AVX512BF16__)
  sum = reinterpret_cast<Vec>(
      _mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), reinterpret_cast<__m512bh>(left), reinterpret_cast<__m512bh>(right)));
#else
  const auto low = [](Unsigned x) { return reinterpret_cast<Vec>(x << 16); };
  const auto high = [](Unsigned x) { return reinterpret_cast<Vec>(x & 0xFFFF0000u); };
  sum += low(left) * low(right);
  sum += high(left) * high(right);
#endif
}

/// A's word (m, k) is a[m * row + k * column]: a transpose costs nothing.
template <class Word>
struct Factor {
  const Word* a;
  std::int64_t row, column;
};

template <int Rows, int Vectors, class Word>
[[gnu::always_inline]] inline void gemm_tile(const Factor<Word>& a, std::int64_t m, const Word* b, std::int64_t ldb, std::int64_t K,
                                             float* c, std::int64_t ldc, bool add) {
  Vec sums[Rows][Vectors];
  for (int i = 0; i < Rows; ++i) {
    for (int j = 0; j < Vectors; ++j) sums[i][j] = add ? load(c + i * ldc + j * kWidth) : Vec{};
  }
  const Word* from = a.a + m * a.row;
  for (std::int64_t k = 0; k < K; ++k) {
    decltype(load_words(b)) right[Vectors];
    for (int j = 0; j < Vectors; ++j) right[j] = load_words(b + k * ldb + j * kWidth);
    for (int i = 0; i < Rows; ++i) {
      const auto left = splat_word(from[i * a.row + k * a.column]);
      for (int j = 0; j < Vectors; ++j) add_products(sums[i][j], left, right[j]);
    }
  }
  for (int i = 0; i < Rows; ++i) {
    for (int j = 0; j < Vectors; ++j) store(c + i * ldc + j * kWidth, sums[i][j]);
  }
}

template <int Vectors, class Word>
inline void gemm_columns(const Factor<Word>& a, std::int64_t M, const Word* b, std::int64_t ldb, std::int64_t K, float* c, std::int64_t ldc,
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
  for (; m + 2 <= M; m += 2) gemm_tile<2, Vectors>(a, m, b, ldb, K, c + m * ldc, ldc, add);
  if (m < M) gemm_tile<1, Vectors>(a, m, b, ldb, K, c + m * ldc, ldc, add);
}

/// c [M, N] = A b, or c += A b. N is a multiple of kWidth; rows of b and c may be further apart than N.
template <class Word>
void small_gemm(const Factor<Word>& a, std::int64_t M, const Word* b, std::int64_t ldb, std::int64_t K, std::int64_t N, float* c,
                std::int64_t ldc, bool add) {
  std::int64_t n = 0;
  for (; n + 2 * kWidth <= N; n += 2 * kWidth) gemm_columns<2>(a, M, b + n, ldb, K, c + n, ldc, add);
  if (n < N) gemm_columns<1>(a, M, b + n, ldb, K, c + n, ldc, add);
}

/// Columns of a right factor that are packed together: rows of a plain matrix whose length is a power of two share a few sets of the
/// first cache and drive each other out.
inline constexpr std::int64_t kPanel = 2 * kWidth;

/// The same with b in panels: element (k, n) is panels[n / kPanel * panel + k * kPanel + n % kPanel].
template <class Word>
void panel_gemm(const Factor<Word>& a, std::int64_t M, const Word* panels, std::int64_t panel, std::int64_t K, std::int64_t N, float* c,
                std::int64_t ldc, bool add) {
  std::int64_t n = 0;
  for (; n + kPanel <= N; n += kPanel, panels += panel) gemm_columns<2>(a, M, panels, kPanel, K, c + n, ldc, add);
  if (n < N) gemm_columns<1>(a, M, panels, kPanel, K, c + n, ldc, add);
}

}  // namespace dsw::kernels::DSW_ISA
