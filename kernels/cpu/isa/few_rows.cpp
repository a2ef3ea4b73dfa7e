// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/few_rows.h"

#include <atomic>

#include "kernels/cpu/isa/walk.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr int kChains = 2;  // sums that do not wait for each other

/// Columns [begin, end) of all M rows. Each row of b is read once, from its begin to its end, and the next one lies behind it: the
/// processor's own prefetching follows that better than prefetch instructions or several rows side by side do.
template <int M>
void columns(const FewRowsProduct& p, std::int64_t begin, std::int64_t end) {
  for (std::int64_t n = begin; n < end; ++n) {
    const float* row = p.b + n * p.ldb;
    Vec sums[M][kChains] = {};
    std::int64_t k = 0;
    for (; k + kChains * kWidth <= p.K; k += kChains * kWidth) {
      for (int chain = 0; chain < kChains; ++chain) {
        const Vec right = load(row + k + chain * kWidth);
        for (int m = 0; m < M; ++m) sums[m][chain] += load(p.a + m * p.lda + k + chain * kWidth) * right;
      }
    }
    for (; k < p.K; k += kWidth) {
      const std::int64_t rest = p.K - k < kWidth ? p.K - k : kWidth;
      const Vec right = load_first(row + k, rest);
      for (int m = 0; m < M; ++m) sums[m][0] += load_first(p.a + m * p.lda + k, rest) * right;
    }
    for (int m = 0; m < M; ++m) p.c[m * p.ldc + n] = sum_lanes(sums[m][0] + sums[m][1]) + (p.bias != nullptr ? p.bias[n] : 0.0f);
  }
}

}  // namespace

void few_rows(DswStream* stream, const FewRowsProduct& p) {
  constexpr double kNanosecondsANumber = 0.15;  // memory's pace on one thread
  constexpr std::int64_t kLine = 16;            // columns: a cache line of c belongs to one thread
  constexpr std::int64_t kPiecesAThread = 8;    // memory serves threads unevenly: who is ready takes the next piece
  const std::int64_t pieces = kPiecesAThread * stream->threads(), piece = ((p.N + pieces - 1) / pieces + kLine - 1) / kLine * kLine;
  std::atomic<std::int64_t> next{0};
  parallel(stream, kNanosecondsANumber * static_cast<double>(p.K * p.N), [&](int, int) {
    for (std::int64_t begin; (begin = next.fetch_add(piece, std::memory_order_relaxed)) < p.N;) {
      const std::int64_t end = begin + piece < p.N ? begin + piece : p.N;
      switch (p.M) {
        case 1:
          columns<1>(p, begin, end);
          break;
        case 2:
          columns<2>(p, begin, end);
          break;
        case 3:
          columns<3>(p, begin, end);
          break;
        default:
          columns<4>(p, begin, end);
          break;
      }
    }
  });
}

}  // namespace dsw::kernels::DSW_ISA
