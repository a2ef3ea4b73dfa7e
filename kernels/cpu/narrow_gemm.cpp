// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/narrow_gemm.h"

#include <algorithm>
#include <atomic>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/float_copies.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/parallel.h"

namespace dsw::kernels {
namespace baseline {
void read_numbers(int dtype, const void* from, float* to, std::int64_t n);
void write_numbers(int dtype, const float* from, const float* addend, void* to, std::int64_t n);
}  // namespace baseline
namespace v3 {
void read_numbers(int dtype, const void* from, float* to, std::int64_t n);
void write_numbers(int dtype, const float* from, const float* addend, void* to, std::int64_t n);
}  // namespace v3
namespace v4 {
void read_numbers(int dtype, const void* from, float* to, std::int64_t n);
void write_numbers(int dtype, const float* from, const float* addend, void* to, std::int64_t n);
}  // namespace v4

namespace {

constexpr std::int64_t kPartFloats = std::int64_t{1} << 16;  // of a thread's copies: half a second-level cache

struct Conversion {
  void (*read)(int, const void*, float*, std::int64_t);
  void (*write)(int, const float*, const float*, void*, std::int64_t);
};
Conversion conversion() {
#ifdef DSW_X86_LEVELS
  static const Conversion chosen = dsw_cpu_kernels_of("AVX-512") != nullptr ? Conversion{v4::read_numbers, v4::write_numbers}
                                   : dsw_cpu_kernels_of("AVX2") != nullptr  ? Conversion{v3::read_numbers, v3::write_numbers}
                                                                            : Conversion{baseline::read_numbers, baseline::write_numbers};
  return chosen;
#else
  return {baseline::read_numbers, baseline::write_numbers};
#endif
}

const void* at(const DswView& x, std::int64_t offset) { return data<char>(x) + offset * (x.dtype == DSW_F32 ? 4 : 2); }
std::size_t bytes_of(std::int64_t floats) { return (static_cast<std::size_t>(floats) * sizeof(float) + 63) / 64 * 64; }

/// Rows [begin, end) of x, whose rows are dense, as a dense float32 matrix.
void read_rows(const DswView& x, std::int64_t begin, std::int64_t end, float* to) {
  const std::int64_t columns = x.shape[1];
  if (x.stride[0] == columns) return conversion().read(x.dtype, at(x, begin * columns), to, (end - begin) * columns);
  for (std::int64_t r = begin; r < end; ++r, to += columns) conversion().read(x.dtype, at(x, r * x.stride[0]), to, columns);
}

int status_of(dnnl_status_t done) {
  return done == dnnl_success ? DSW_OK : done == dnnl_out_of_memory ? DSW_OUT_OF_MEMORY : DSW_DEVICE_FAULT;
}

/// Threads share rows of a and c; b is small and copied whole.
int by_rows(DswStream* stream, const DswView& a, DswView b, DswView bias, const DswView& c, double nanoseconds) {
  const std::int64_t M = c.shape[0], N = c.shape[1], K = a.shape[1], rows = std::clamp<std::int64_t>(kPartFloats / (K + N) / 8 * 8, 8, M);
  const FloatCopies copies(stream, {&b, &bias}, {});
  if (copies.status() != DSW_OK) return copies.status();
  const bool b_rows = b.stride[1] == 1;
  if (!stream->reserve(bytes_of(rows * K) + bytes_of(rows * N))) return DSW_OUT_OF_MEMORY;
  std::atomic<int> status{DSW_OK};
  parallel(stream, nanoseconds, [&](int thread, int threads) {
    const onednn::OneThread here;
    float* left = static_cast<float*>(stream->scratch(thread, 0));
    float* product = left + bytes_of(rows * K) / sizeof(float);
    const Share share = share_of(M, thread, threads, 8);
    for (std::int64_t m = share.begin; m < share.end; m += rows) {
      const std::int64_t end = std::min(share.end, m + rows);
      read_rows(a, m, end, left);
      const int done = status_of(dnnl_sgemm('N', b_rows ? 'N' : 'T', end - m, N, K, 1, left, K, data<float>(b),
                                            b_rows ? b.stride[0] : b.stride[1], 0, product, N));
      if (done != DSW_OK) status = done;
      for (std::int64_t r = m; r < end; ++r)
        conversion().write(c.dtype, product + (r - m) * N, data<float>(bias), const_cast<void*>(at(c, r * c.stride[0])), N);
    }
  });
  return status.load();
}

/// Threads share the summed axis, each with sums of its own that are added in order.
int by_sums(DswStream* stream, const DswView& a, const DswView& b, const DswView& c, double nanoseconds) {
  const std::int64_t M = c.shape[0], N = c.shape[1], K = a.shape[1], rows = std::clamp<std::int64_t>(kPartFloats / (M + N) / 8 * 8, 8, K);
  DswView turned = a;  // a's columns lie in memory as rows
  std::swap(turned.shape[0], turned.shape[1]);
  std::swap(turned.stride[0], turned.stride[1]);
  if (!stream->reserve(bytes_of(M * N) + bytes_of(rows * M) + bytes_of(rows * N))) return DSW_OUT_OF_MEMORY;
  std::atomic<int> status{DSW_OK};
  int used = 1;
  parallel(stream, nanoseconds, [&](int thread, int threads) {
    const onednn::OneThread here;
    if (thread == 0) used = threads;
    float *sums = static_cast<float*>(stream->scratch(thread, 0)), *left = sums + bytes_of(M * N) / sizeof(float),
          *right = left + bytes_of(rows * M) / sizeof(float);
    const Share share = share_of(K, thread, threads, 8);
    if (share.begin >= share.end) std::fill(sums, sums + M * N, 0.0f);
    for (std::int64_t k = share.begin; k < share.end; k += rows) {
      const std::int64_t end = std::min(share.end, k + rows);
      read_rows(turned, k, end, left);
      read_rows(b, k, end, right);
      const int done = status_of(dnnl_sgemm('T', 'N', M, N, end - k, 1, left, M, right, N, k == share.begin ? 0.0f : 1.0f, sums, N));
      if (done != DSW_OK) status = done;
    }
  });
  if (status != DSW_OK) return status.load();
  parallel_for(stream, M * N, 0.3 * used, 16, [&](std::int64_t begin, std::int64_t end, int) {
    float* out = data<float>(c);
    for (std::int64_t i = begin; i < end; ++i) {
      float sum = 0;
      for (int t = 0; t < used; ++t) sum += static_cast<const float*>(stream->scratch(t, 0))[i];
      out[i] = sum;
    }
  });
  return DSW_OK;
}

}  // namespace

int narrow_product(DswStream* stream, const DswView& a, const DswView& b, const DswView& bias, const DswView& c) {
  if (c.rank != 2 || (given(bias) && !contiguous(bias))) return DSW_UNSUPPORTED;
  const std::int64_t M = c.shape[0], N = c.shape[1], K = a.shape[1];
  const double nanoseconds = static_cast<double>(M * N) * (static_cast<double>(K) * 0.02 + 0.5);
  const bool b_dense = (b.stride[1] == 1 && b.stride[0] >= N) || (b.stride[0] == 1 && b.stride[1] >= K);
  if (M >= 64 && 2 * M >= N && a.stride[1] == 1 && a.stride[0] >= K && c.stride[1] == 1 && c.stride[0] >= N && b_dense)
    return by_rows(stream, a, b, bias, c, nanoseconds);
  if (K >= 64 && !given(bias) && a.stride[0] == 1 && a.stride[1] >= M && b.stride[1] == 1 && b.stride[0] >= N && c.dtype == DSW_F32 &&
      contiguous(c) && M * N <= 8 * kPartFloats * 8)
    return by_sums(stream, a, b, c, nanoseconds);
  return DSW_UNSUPPORTED;
}

}  // namespace dsw::kernels
