// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/rows.h"
#include "kernels/cpu/isa/sums.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr double kExpCost = 0.6;  // nanoseconds an element

const DswKernels& reference() { return *dsw_reference_kernels(); }

template <class F>
void map_row(std::int64_t n, F&& f) {
  for (std::int64_t i = 0; i < n; i += kWidth) f(i, n - i < kWidth ? n - i : std::int64_t{kWidth});
}

/// sum exp(x[i] - maximum); writes the terms to y when given.
double exp_sum(const float* x, std::int64_t n, float maximum, float* y) {
  return sum_of(n, [=](std::int64_t i, std::int64_t m) {
    const Vec e = exp(keep_first(load_first(x + i, m) - maximum, m, -kInfinity));
    if (y != nullptr) store_first(y + i, e, m);
    return e;
  });
}

int softmax_rows(DswStream* stream, const DswView& x, const DswView& y, bool logarithm) {
  const std::int64_t rows = row_count(x), n = last_length(x);
  if (n == 0 || rows == 0) return DSW_OK;
  if (!stream->reserve(static_cast<std::size_t>(2 * padded(n)) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  parallel_for(stream, rows, kExpCost * static_cast<double>(n), 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    float* buffer = static_cast<float*>(stream->scratch(thread, 0));
    for (std::int64_t r = begin; r < end; ++r) {
      const float* from = read_row(x, r, buffer);
      float* to = write_row(y, r, buffer + padded(n));
      const float maximum = row_maximum(from, n);
      const double sum = exp_sum(from, n, maximum, logarithm ? nullptr : to);
      if (logarithm) {
        const float shift = static_cast<float>(std::log(sum));
        map_row(n, [&](std::int64_t i, std::int64_t m) { store_first(to + i, load_first(from + i, m) - maximum - shift, m); });
      } else {
        const float scale = static_cast<float>(1 / sum);
        map_row(n, [&](std::int64_t i, std::int64_t m) { store_first(to + i, load_first(to + i, m) * scale, m); });
      }
      finish_row(y, r, to);
    }
  });
  return DSW_OK;
}

int softmax_rows_bwd(DswStream* stream, const DswView& y, const DswView& dy, const DswView& dx, bool logarithm) {
  const std::int64_t rows = row_count(y), n = last_length(y);
  if (n == 0 || rows == 0) return DSW_OK;
  if (!stream->reserve(static_cast<std::size_t>(3 * padded(n)) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  parallel_for(stream, rows, kExpCost * static_cast<double>(n), 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    float* buffer = static_cast<float*>(stream->scratch(thread, 0));
    for (std::int64_t r = begin; r < end; ++r) {
      const float *yr = read_row(y, r, buffer), *gr = read_row(dy, r, buffer + padded(n));
      float* to = write_row(dx, r, buffer + 2 * padded(n));
      if (logarithm) {
        const float sum = static_cast<float>(row_sum(gr, n));
        map_row(n,
                [&](std::int64_t i, std::int64_t m) { store_first(to + i, load_first(gr + i, m) - exp(load_first(yr + i, m)) * sum, m); });
      } else {
        const float sum =
            static_cast<float>(sum_of(n, [=](std::int64_t i, std::int64_t m) { return load_first(yr + i, m) * load_first(gr + i, m); }));
        map_row(n, [&](std::int64_t i, std::int64_t m) { store_first(to + i, load_first(yr + i, m) * (load_first(gr + i, m) - sum), m); });
      }
      finish_row(dx, r, to);
    }
  });
  return DSW_OK;
}

int softmax_fwd(DswStream* s, DswView x, DswView y) {
  return all_narrow({&x, &y}) ? softmax_rows(s, x, y, false) : reference().softmax_fwd(s, x, y);
}
int softmax_bwd(DswStream* s, DswView y, DswView dy, DswView dx) {
  return all_narrow({&y, &dy, &dx}) ? softmax_rows_bwd(s, y, dy, dx, false) : reference().softmax_bwd(s, y, dy, dx);
}
int log_softmax_fwd(DswStream* s, DswView x, DswView y) {
  return all_narrow({&x, &y}) ? softmax_rows(s, x, y, true) : reference().log_softmax_fwd(s, x, y);
}
int log_softmax_bwd(DswStream* s, DswView y, DswView dy, DswView dx) {
  return all_narrow({&y, &dy, &dx}) ? softmax_rows_bwd(s, y, dy, dx, true) : reference().log_softmax_bwd(s, y, dy, dx);
}

std::int32_t target_of(const DswView& target, std::int64_t n) { return data<std::int32_t>(target)[n * target.stride[0]]; }

int cross_entropy_fwd(DswStream* stream, DswView x, DswView target, double smoothing, DswView loss, DswView row_lse, DswView count) {
  if (!all_narrow({&x}) || !all_float32({&loss, &row_lse}))
    return reference().cross_entropy_fwd(stream, x, target, smoothing, loss, row_lse, count);
  const std::int64_t rows = x.shape[0], n = x.shape[1];
  std::int64_t counted = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int32_t t = target_of(target, r);
    if (t >= n) return DSW_BAD_ARGUMENT;
    counted += t >= 0;
  }
  const std::size_t total_at = static_cast<std::size_t>(padded(n)) * sizeof(float);
  if (!stream->reserve(total_at + sizeof(double))) return DSW_OUT_OF_MEMORY;
  const auto total_of = [&](int thread) { return reinterpret_cast<double*>(static_cast<char*>(stream->scratch(thread, 0)) + total_at); };
  int used = 1;
  parallel(stream, kExpCost * static_cast<double>(rows * (n + 16)), [&](int thread, int threads) {
    if (thread == 0) used = threads;
    const Share share = share_of(rows, thread, threads);
    double total = 0;
    for (std::int64_t r = share.begin; r < share.end; ++r) {
      const float* row = read_row(x, r, static_cast<float*>(stream->scratch(thread, 0)));
      const float maximum = row_maximum(row, n);
      const double shift = static_cast<double>(maximum), log_sum = std::log(exp_sum(row, n, maximum, nullptr));
      data<float>(row_lse)[r * row_lse.stride[0]] = static_cast<float>(shift + log_sum);
      const std::int32_t t = target_of(target, r);
      if (t < 0) continue;
      total += (1 - smoothing) * (log_sum + (shift - static_cast<double>(row[t])));
      if (smoothing != 0) total += smoothing * (log_sum + (shift - row_sum(row, n) / static_cast<double>(n)));
    }
    *total_of(thread) = total;
  });
  double total = 0;
  for (int t = 0; t < used; ++t) total += *total_of(t);
  data<float>(loss)[0] = static_cast<float>(counted == 0 ? 0 : total / static_cast<double>(counted));
  data<std::int64_t>(count)[0] = counted;
  return DSW_OK;
}

int cross_entropy_bwd(DswStream* stream, DswView x, DswView target, double smoothing, DswView row_lse, DswView count, DswView dloss,
                      DswView dx) {
  if (!all_narrow({&x, &dx}) || !all_float32({&row_lse, &dloss}))
    return reference().cross_entropy_bwd(stream, x, target, smoothing, row_lse, count, dloss, dx);
  const std::int64_t rows = x.shape[0], n = x.shape[1], counted = data<std::int64_t>(count)[0];
  const float scale = counted == 0 ? 0 : static_cast<float>(static_cast<double>(data<float>(dloss)[0]) / static_cast<double>(counted));
  const double share = n == 0 ? 0 : smoothing / static_cast<double>(n);
  const float spread = static_cast<float>(share) * scale;
  if (!stream->reserve(static_cast<std::size_t>(2 * padded(n)) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  parallel_for(stream, rows, kExpCost * static_cast<double>(n + 16), 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    float* buffer = static_cast<float*>(stream->scratch(thread, 0));
    for (std::int64_t r = begin; r < end; ++r) {
      const float* row = read_row(x, r, buffer);
      float* to = write_row(dx, r, buffer + padded(n));
      const std::int32_t t = target_of(target, r);
      const float lse = data<float>(row_lse)[r * row_lse.stride[0]];
      if (t < 0)
        std::fill(to, to + n, 0.0f);
      else {
        map_row(n, [&](std::int64_t i, std::int64_t m) { store_first(to + i, exp(load_first(row + i, m) - lse) * scale - spread, m); });
        // In float64: a sure and right answer must come out as the small number that it is.
        to[t] =
            static_cast<float>(static_cast<double>(scale) * (static_cast<double>(exp(splat(row[t] - lse))[0]) - (1 - smoothing) - share));
      }
      finish_row(dx, r, to);
    }
  });
  return DSW_OK;
}

}  // namespace

void add_softmax(DswKernels& table) {
  table.softmax_fwd = softmax_fwd;
  table.softmax_bwd = softmax_bwd;
  table.log_softmax_fwd = log_softmax_fwd;
  table.log_softmax_bwd = log_softmax_bwd;
  table.cross_entropy_fwd = cross_entropy_fwd;
  table.cross_entropy_bwd = cross_entropy_bwd;
}

}  // namespace dsw::kernels::DSW_ISA
