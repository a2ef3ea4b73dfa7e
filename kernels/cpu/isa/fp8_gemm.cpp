// SPDX-License-Identifier: GPL-3.0-or-later
// Products of 8-bit floats in float32: slices of 128 along K become float32 numbers in the cache, and each slice's sums meet their scales.
#include "kernels/cpu/isa/few_rows.h"
#include "kernels/cpu/isa/fp8.h"
#include "kernels/cpu/isa/micro_gemm.h"
#include "kernels/cpu/isa/rows.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/reference/reference_kernels.h"
#include "kernels/scale_blocks.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr std::int64_t kSlice = DSW_SCALE_BLOCK;
constexpr std::int64_t kRows = 384, kColumns = 256;  // of sums that a thread keeps at once: left slices then fit the second cache

struct Product {
  DswView a, b, bias, c;
  Scales a_scales, b_scales;
};

/// Rows [m, m + rows) of a's slice as float32, kSlice apart.
void read_left(const DswView& a, std::int64_t m, std::int64_t rows, std::int64_t k, std::int64_t length, float* to) {
  std::uint8_t copied[kSlice];
  with_fp8(a.dtype, [&]<class T>(T) {
    for (std::int64_t r = 0; r < rows; ++r, to += kSlice) {
      const std::uint8_t* from = data<std::uint8_t>(a) + (m + r) * a.stride[0] + k * a.stride[1];
      if (a.stride[1] != 1) {
        for (std::int64_t i = 0; i < length; ++i) copied[i] = from[i * a.stride[1]];
        from = copied;
      }
      for (std::int64_t i = 0; i < length; i += kWidth) store(to + i, decode<T>(load_first_codes(from + i, length - i)));
    }
  });
}

/// Rows [n, n + columns) of b's slice as the columns of a panel; those beyond are 0.
void read_right(const DswView& b, std::int64_t n, std::int64_t columns, std::int64_t k, std::int64_t length, float* to) {
  std::uint8_t turned[kSlice * kPanel];
  const std::uint8_t* from = data<std::uint8_t>(b) + n * b.stride[0] + k * b.stride[1];
  for (std::int64_t j = 0; j < kPanel; ++j) {
    if (j < columns)
      for (std::int64_t i = 0; i < length; ++i) turned[i * kPanel + j] = from[j * b.stride[0] + i * b.stride[1]];
    else
      for (std::int64_t i = 0; i < length; ++i) turned[i * kPanel + j] = 0;
  }
  with_fp8(b.dtype, [&]<class T>(T) {
    for (std::int64_t i = 0; i < length * kPanel; i += kWidth) store(to + i, decode<T>(load_codes(turned + i)));
  });
}

/// A thread's memory: one slice of the left rows, one panel of the right ones, their products, and the sums over slices.
struct Work {
  float *left, *panel, *products, *sums;
  static constexpr std::int64_t kFloats = kRows * kSlice + kSlice * kPanel + kRows * kPanel + kRows * kColumns;
  explicit Work(void* memory)
      : left(static_cast<float*>(memory)),
        panel(left + kRows * kSlice),
        products(panel + kSlice * kPanel),
        sums(products + kRows * kPanel) {}
};

/// sums (+)= products * a_scale * b_scale for one panel; the smaller factors come one by one, so that their product does not leave float32.
void add_slice(const Work& w, std::int64_t rows, std::int64_t panel, const float* a_scale, const float* b_scale, bool first) {
  for (std::int64_t m = 0; m < rows; ++m) {
    float* sums = w.sums + m * kColumns + panel * kPanel;
    for (std::int64_t j = 0; j < kPanel; j += kWidth) {
      const Vec scaled = load(w.products + m * kPanel + j) * a_scale[m] * load(b_scale + j);
      store(sums + j, first ? scaled : load(sums + j) + scaled);
    }
  }
}

void block_of_sums(const Product& p, const Work& w, std::int64_t m0, std::int64_t rows, std::int64_t n0, std::int64_t columns) {
  const std::int64_t K = p.a.shape[1];
  alignas(64) float a_scale[kRows], b_scale[kPanel];
  if (K == 0) std::fill(w.sums, w.sums + kRows * kColumns, 0.0f);
  for (std::int64_t k = 0; k < K; k += kSlice) {
    const std::int64_t length = std::min(kSlice, K - k);
    read_left(p.a, m0, rows, k, length, w.left);
    for (std::int64_t m = 0; m < rows; ++m) a_scale[m] = p.a_scales.at(m0 + m, k);
    for (std::int64_t n = 0; n < columns; n += kPanel) {
      const std::int64_t present = std::min(kPanel, columns - n);
      read_right(p.b, n0 + n, present, k, length, w.panel);
      for (std::int64_t j = 0; j < kPanel; ++j) b_scale[j] = j < present ? p.b_scales.at(n0 + n + j, k) : 0.0f;
      gemm_columns<2>(Factor<float>{w.left, kSlice, 1}, rows, w.panel, kPanel, length, w.products, kPanel, false);
      add_slice(w, rows, n / kPanel, a_scale, b_scale, k == 0);
    }
  }
  if (given(p.bias)) {
    alignas(64) float bias[kColumns];
    gather(p.bias.dtype, element(p.bias.data, p.bias.dtype, n0 * p.bias.stride[0]), p.bias.stride[0], bias, columns);
    for (std::int64_t m = 0; m < rows; ++m) {
      for (std::int64_t n = 0; n < columns; ++n) w.sums[m * kColumns + n] += bias[n];
    }
  }
  for (std::int64_t m = 0; m < rows; ++m)
    scatter(p.c.dtype, w.sums + m * kColumns, element(p.c.data, p.c.dtype, (m0 + m) * p.c.stride[0] + n0 * p.c.stride[1]), p.c.stride[1],
            columns);
}

/// One or a few rows of a [M, K] as float32, `a_scale` [M] a slice: columns [begin, end) of c as sums along b's dense rows.
template <int M, class T>
void few_rows_of(const Product& p, const float* a, const float* a_scale, std::int64_t begin, std::int64_t end) {
  const std::int64_t K = p.a.shape[1];
  for (std::int64_t n = begin; n < end; ++n) {
    const std::uint8_t* from = data<std::uint8_t>(p.b) + n * p.b.stride[0];
    float sums[M] = {};
    for (std::int64_t k = 0; k < K; k += kSlice) {
      Vec slice[M] = {};
      const std::int64_t until = std::min(K, k + kSlice);
      for (std::int64_t i = k; i < until; i += kWidth) {
        const Vec right = decode<T>(load_first_codes(from + i, until - i));
        for (int m = 0; m < M; ++m) slice[m] += load_first(a + m * K + i, until - i) * right;
      }
      for (int m = 0; m < M; ++m) sums[m] += sum_lanes(slice[m]) * a_scale[k / kSlice * M + m] * p.b_scales.at(n, k);
    }
    if (given(p.bias)) {
      float bias = 0;
      gather(p.bias.dtype, element(p.bias.data, p.bias.dtype, n * p.bias.stride[0]), 1, &bias, 1);
      for (int m = 0; m < M; ++m) sums[m] += bias;
    }
    for (int m = 0; m < M; ++m) scatter(p.c.dtype, sums + m, element(p.c.data, p.c.dtype, m * p.c.stride[0] + n * p.c.stride[1]), 1, 1);
  }
}

int few_rows_product(DswStream* stream, const Product& p) {
  const std::int64_t M = p.a.shape[0], K = p.a.shape[1], slices = (K + kSlice - 1) / kSlice;
  float* a = static_cast<float*>(stream->scratch(stream->threads(), static_cast<std::size_t>(M * (K + slices) + kWidth) * sizeof(float)));
  if (a == nullptr) return DSW_OUT_OF_MEMORY;
  float* a_scale = a + M * K;
  with_fp8(p.a.dtype, [&]<class T>(T) {
    for (std::int64_t m = 0; m < M; ++m) {
      const std::uint8_t* from = data<std::uint8_t>(p.a) + m * p.a.stride[0];
      for (std::int64_t i = 0; i < K; i += kWidth) store_first(a + m * K + i, decode<T>(load_first_codes(from + i, K - i)), K - i);
      for (std::int64_t k = 0; k < K; k += kSlice) a_scale[k / kSlice * M + m] = p.a_scales.at(m, k);
    }
  });
  parallel_for(stream, p.b.shape[0], 0.15 * static_cast<double>(K), 4, [&](std::int64_t begin, std::int64_t end, int) {
    with_fp8(p.b.dtype, [&]<class T>(T) {
      switch (M) {
        case 1:
          return few_rows_of<1, T>(p, a, a_scale, begin, end);
        case 2:
          return few_rows_of<2, T>(p, a, a_scale, begin, end);
        case 3:
          return few_rows_of<3, T>(p, a, a_scale, begin, end);
        default:
          return few_rows_of<4, T>(p, a, a_scale, begin, end);
      }
    });
  });
  return DSW_OK;
}

/// `length` in equal parts of at most `most`, each a multiple of `grain`: how long one is.
std::int64_t even_part(std::int64_t length, std::int64_t most, std::int64_t grain) {
  const std::int64_t parts = (length + most - 1) / most;
  return std::min(most, ((length + parts - 1) / parts + grain - 1) / grain * grain);
}

int matmul_blocks(DswStream* stream, DswView a, DswView a_scale, DswView b, DswView b_scale, DswView bias, DswView c) {
  Product p{a, b, bias, c, {}, {}};
  if (!scales_of(a, a_scale, p.a_scales) || !scales_of(b, b_scale, p.b_scales) || !slices_fit(a, p.a_scales) || !slices_fit(b, p.b_scales))
    return DSW_BAD_ARGUMENT;
  if (!all_narrow({&bias, &c})) return dsw_reference_kernels()->matmul_blocks(stream, a, a_scale, b, b_scale, bias, c);
  if (elements(c) == 0) return DSW_OK;
  if (a.shape[0] <= kFewRows && a.stride[1] == 1 && b.stride[1] == 1) return few_rows_product(stream, p);
  if (!stream->reserve(static_cast<std::size_t>(Work::kFloats) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  const std::int64_t M = c.shape[0], N = c.shape[1];
  const double nanoseconds = static_cast<double>(M * N) * (static_cast<double>(a.shape[1]) * 0.03 + 0.5);
  parallel(stream, nanoseconds, [&](int thread, int threads) {
    const Work work(stream->scratch(thread, 0));
    const bool by_rows = M >= N;
    const Share rows = by_rows ? share_of(M, thread, threads, 12) : Share{0, M};
    const Share columns = by_rows ? Share{0, N} : share_of(N, thread, threads, kPanel);
    const std::int64_t step = even_part(rows.end - rows.begin, kRows, 12);
    for (std::int64_t n = columns.begin; n < columns.end; n += kColumns) {
      for (std::int64_t m = rows.begin; m < rows.end; m += step)
        block_of_sums(p, work, m, std::min(step, rows.end - m), n, std::min(kColumns, columns.end - n));
    }
  });
  return DSW_OK;
}

}  // namespace

void add_fp8_gemm(DswKernels& table) { table.matmul_blocks = matmul_blocks; }

}  // namespace dsw::kernels::DSW_ISA
