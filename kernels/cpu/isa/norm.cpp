// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/even_rows.h"
#include "kernels/cpu/isa/sums.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

constexpr double kCost = 0.5;         // nanoseconds an element
constexpr std::int64_t kRowRun = 64;  // rows whose weight gradients are summed in float32 before they go to float64

const DswKernels& reference() { return *dsw_reference_kernels(); }

/// A one-dimensional view of stride 1, or not given.
bool dense_vector(const DswView& x) { return !given(x) || contiguous(x); }

/// What is added to x before it is normalised, and where the sum goes.
struct Residual {
  const DswView &r, &sum;
};

/// sum = x + r for one row; returns the row of sum as it is kept. `buffer` has room for three rows.
const float* add_row(const Rows& x, const Rows& r, const Rows& sum, bool rounds, std::int64_t n, std::int64_t row, float* buffer) {
  const std::int64_t p = padded(n);
  const float *a = x.read(row, buffer), *b = r.read(row, buffer + p);
  float* to = sum.write(row, buffer + 2 * p);
  for (std::int64_t i = 0; i < n; i += kWidth) store_first(to + i, load_first(a + i, n - i) + load_first(b + i, n - i), n - i);
  sum.finish(row, to);
  return rounds ? sum.read(row, buffer) : to;
}

/// Layer norm, or root mean square norm when `mean` is null; of x, or of its sum with a residual.
int row_norm_fwd(DswStream* stream, const DswView& x, const DswView& weight, const DswView& bias, double eps, const DswView& y,
                 const DswView* mean, const DswView& rstd, const Residual* residual = nullptr) {
  const std::int64_t rows = row_count(x), n = last_length(x);
  if (rows == 0 || n == 0) return DSW_OK;
  if (!stream->reserve(static_cast<std::size_t>(4 * padded(n)) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  const float *w = data<float>(weight), *b = data<float>(bias);
  const Rows x_rows(x), r_rows(residual != nullptr ? residual->r : x), sum_rows(residual != nullptr ? residual->sum : x), y_rows(y);
  const bool rounds = residual != nullptr && is_half(residual->sum.dtype);
  const bool dense_statistics = all_contiguous({&rstd}) && (mean == nullptr || all_contiguous({mean}));
  const auto statistic = [dense_statistics](const DswView& v, std::int64_t r) -> float& {
    return data<float>(v)[dense_statistics ? r : element_offset(v, r)];
  };
  parallel_for(stream, rows, kCost * static_cast<double>(n + 16), 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    float* buffer = static_cast<float*>(stream->scratch(thread, 0));
    for (std::int64_t r = begin; r < end; ++r) {
      const float* from = residual != nullptr ? add_row(x_rows, r_rows, sum_rows, rounds, n, r, buffer) : x_rows.read(r, buffer);
      float* to = y_rows.write(r, buffer + 3 * padded(n));
      const float m = mean == nullptr ? 0.0f : static_cast<float>(row_sum(from, n) / static_cast<double>(n));
      const double squares = sum_of(n, [=](std::int64_t i, std::int64_t k) {
        const Vec d = keep_first(load_first(from + i, k) - m, k, 0.0f);
        return d * d;
      });
      const float scale = static_cast<float>(1 / std::sqrt(squares / static_cast<double>(n) + eps));
      for (std::int64_t i = 0; i < n; i += kWidth) {
        const std::int64_t k = n - i;
        Vec h = (load_first(from + i, k) - m) * scale;
        if (w != nullptr) h *= load_first(w + i, k);
        if (b != nullptr) h += load_first(b + i, k);
        store_first(to + i, h, k);
      }
      y_rows.finish(r, to);
      if (mean != nullptr && given(*mean)) statistic(*mean, r) = m;
      if (given(rstd)) statistic(rstd, r) = scale;
    }
  });
  return DSW_OK;
}

/// With h = (x - mean) rstd and g = dy weight: dx = rstd (g - mean(g) - h mean(g h)); the weight's and bias' sums stay with the thread.
/// `added`, where given, is added to dx.
int row_norm_bwd(DswStream* stream, const DswView& x, const DswView& weight, const DswView* mean, const DswView& rstd, const DswView& dy,
                 const DswView& dx, const DswView& dweight, const DswView& dbias, const DswView& added = {}) {
  const std::int64_t rows = row_count(x), n = last_length(x), p = padded(n);
  if (n == 0) return DSW_OK;
  // A thread's scratch: rows of x, dy, dx; float32 runs of both sums; a row of `added`; float64 totals of both sums.
  const std::size_t bytes = static_cast<std::size_t>(6 * p) * sizeof(float) + static_cast<std::size_t>(2 * p) * sizeof(double);
  if (!stream->reserve(bytes)) return DSW_OUT_OF_MEMORY;
  const auto totals_of = [&](int thread) { return reinterpret_cast<double*>(static_cast<float*>(stream->scratch(thread, 0)) + 6 * p); };
  const float* w = data<float>(weight);
  const bool sums = given(dweight) || given(dbias);
  const Rows x_rows(x), dy_rows(dy), dx_rows(dx), added_rows(added);
  const bool dense_statistics = all_contiguous({&rstd}) && (mean == nullptr || all_contiguous({mean}));
  const auto statistic = [dense_statistics](const DswView& v, std::int64_t r) {
    return data<float>(v)[dense_statistics ? r : element_offset(v, r)];
  };
  int used = 1;
  parallel(stream, 2 * kCost * static_cast<double>(rows * (n + 16)), [&](int thread, int threads) {
    if (thread == 0) used = threads;
    float *buffer = static_cast<float*>(stream->scratch(thread, 0)), *weight_run = buffer + 3 * p, *bias_run = buffer + 4 * p;
    double* totals = totals_of(thread);
    std::fill(totals, totals + 2 * p, 0.0);
    const Share share = share_of(rows, thread, threads);
    for (std::int64_t run = share.begin; run < share.end; run += kRowRun) {
      std::fill(weight_run, weight_run + 2 * p, 0.0f);
      const std::int64_t run_end = std::min(share.end, run + kRowRun);
      for (std::int64_t r = run; r < run_end; ++r) {
        const float *from = x_rows.read(r, buffer), *grad = dy_rows.read(r, buffer + p);
        const float m = mean == nullptr ? 0.0f : statistic(*mean, r), scale = statistic(rstd, r);
        Vec g_sum = {}, gh_sum = {};
        for (std::int64_t i = 0; i < n; i += kWidth) {
          const std::int64_t k = n - i;
          const Vec d = load_first(grad + i, k), h = keep_first((load_first(from + i, k) - m) * scale, k, 0.0f);
          const Vec g = w != nullptr ? d * load_first(w + i, k) : d;
          g_sum += g;
          gh_sum += g * h;
          if (!sums) continue;
          store_first(weight_run + i, load_first(weight_run + i, k) + d * h, k);
          store_first(bias_run + i, load_first(bias_run + i, k) + d, k);
        }
        if (!given(dx)) continue;
        float* to = dx_rows.write(r, buffer + 2 * p);
        const float* more = given(added) ? added_rows.read(r, buffer + 5 * p) : nullptr;
        const float g_mean = mean == nullptr ? 0.0f : sum_lanes(g_sum) / static_cast<float>(n),
                    gh_mean = sum_lanes(gh_sum) / static_cast<float>(n);
        for (std::int64_t i = 0; i < n; i += kWidth) {
          const std::int64_t k = n - i;
          const Vec d = load_first(grad + i, k), h = (load_first(from + i, k) - m) * scale;
          const Vec g = w != nullptr ? d * load_first(w + i, k) : d;
          Vec value = scale * (g - g_mean - h * gh_mean);
          if (more != nullptr) value += load_first(more + i, k);
          store_first(to + i, value, k);
        }
        dx_rows.finish(r, to);
      }
      for (std::int64_t i = 0; sums && i < n; ++i) {
        totals[i] += static_cast<double>(weight_run[i]);
        totals[p + i] += static_cast<double>(bias_run[i]);
      }
    }
  });
  if (!sums) return DSW_OK;
  double* total = totals_of(0);
  for (int t = 1; t < used; ++t) {
    const double* other = totals_of(t);
    for (std::int64_t i = 0; i < 2 * p; ++i) total[i] += other[i];
  }
  for (std::int64_t i = 0; i < n; ++i) {
    if (given(dweight)) data<float>(dweight)[i] = static_cast<float>(total[i]);
    if (given(dbias)) data<float>(dbias)[i] = static_cast<float>(total[p + i]);
  }
  return DSW_OK;
}

int layer_norm_fwd(DswStream* s, DswView x, DswView weight, DswView bias, double eps, DswView y, DswView mean, DswView rstd) {
  if (!all_narrow({&x, &y}) || !all_float32({&weight, &bias, &mean, &rstd}) || !dense_vector(weight) || !dense_vector(bias)) {
    return reference().layer_norm_fwd(s, x, weight, bias, eps, y, mean, rstd);
  }
  return row_norm_fwd(s, x, weight, bias, eps, y, &mean, rstd);
}
int layer_norm_bwd(DswStream* s, DswView x, DswView weight, DswView mean, DswView rstd, DswView dy, DswView dx, DswView dweight,
                   DswView dbias) {
  if (!all_narrow({&x, &dy, &dx}) || !all_float32({&weight, &mean, &rstd, &dweight, &dbias}) || !dense_vector(weight) ||
      !dense_vector(dweight) || !dense_vector(dbias)) {
    return reference().layer_norm_bwd(s, x, weight, mean, rstd, dy, dx, dweight, dbias);
  }
  return row_norm_bwd(s, x, weight, &mean, rstd, dy, dx, dweight, dbias);
}
int rms_norm_fwd(DswStream* s, DswView x, DswView weight, double eps, DswView y, DswView rstd) {
  if (!all_narrow({&x, &y}) || !all_float32({&weight, &rstd}) || !dense_vector(weight))
    return reference().rms_norm_fwd(s, x, weight, eps, y, rstd);
  return row_norm_fwd(s, x, weight, DswView{}, eps, y, nullptr, rstd);
}
int rms_norm_bwd(DswStream* s, DswView x, DswView weight, DswView rstd, DswView dy, DswView dx, DswView dweight) {
  if (!all_narrow({&x, &dy, &dx}) || !all_float32({&weight, &rstd, &dweight}) || !dense_vector(weight) || !dense_vector(dweight)) {
    return reference().rms_norm_bwd(s, x, weight, rstd, dy, dx, dweight);
  }
  return row_norm_bwd(s, x, weight, nullptr, rstd, dy, dx, dweight, DswView{});
}

int add_layer_norm_fwd(DswStream* s, DswView x, DswView r, DswView weight, DswView bias, double eps, DswView sum, DswView y, DswView mean,
                       DswView rstd) {
  if (!all_narrow({&x, &r, &sum, &y}) || !all_float32({&weight, &bias, &mean, &rstd}) || !dense_vector(weight) || !dense_vector(bias))
    return reference().add_layer_norm_fwd(s, x, r, weight, bias, eps, sum, y, mean, rstd);
  const Residual residual{r, sum};
  return row_norm_fwd(s, x, weight, bias, eps, y, &mean, rstd, &residual);
}
int add_rms_norm_fwd(DswStream* s, DswView x, DswView r, DswView weight, double eps, DswView sum, DswView y, DswView rstd) {
  if (!all_narrow({&x, &r, &sum, &y}) || !all_float32({&weight, &rstd}) || !dense_vector(weight))
    return reference().add_rms_norm_fwd(s, x, r, weight, eps, sum, y, rstd);
  const Residual residual{r, sum};
  return row_norm_fwd(s, x, weight, DswView{}, eps, y, nullptr, rstd, &residual);
}
int add_layer_norm_bwd(DswStream* s, DswView sum, DswView weight, DswView mean, DswView rstd, DswView dy, DswView dsum, DswView dx,
                       DswView dweight, DswView dbias) {
  if (!all_narrow({&sum, &dy, &dsum, &dx}) || !all_float32({&weight, &mean, &rstd, &dweight, &dbias}) || !dense_vector(weight) ||
      !dense_vector(dweight) || !dense_vector(dbias)) {
    return reference().add_layer_norm_bwd(s, sum, weight, mean, rstd, dy, dsum, dx, dweight, dbias);
  }
  return row_norm_bwd(s, sum, weight, &mean, rstd, dy, dx, dweight, dbias, dsum);
}
int add_rms_norm_bwd(DswStream* s, DswView sum, DswView weight, DswView rstd, DswView dy, DswView dsum, DswView dx, DswView dweight) {
  if (!all_narrow({&sum, &dy, &dsum, &dx}) || !all_float32({&weight, &rstd, &dweight}) || !dense_vector(weight) || !dense_vector(dweight))
    return reference().add_rms_norm_bwd(s, sum, weight, rstd, dy, dsum, dx, dweight);
  return row_norm_bwd(s, sum, weight, nullptr, rstd, dy, dx, dweight, DswView{}, dsum);
}

}  // namespace

void add_norm(DswKernels& table) {
  table.layer_norm_fwd = layer_norm_fwd;
  table.layer_norm_bwd = layer_norm_bwd;
  table.rms_norm_fwd = rms_norm_fwd;
  table.rms_norm_bwd = rms_norm_bwd;
  table.add_layer_norm_fwd = add_layer_norm_fwd;
  table.add_rms_norm_fwd = add_rms_norm_fwd;
  table.add_layer_norm_bwd = add_layer_norm_bwd;
  table.add_rms_norm_bwd = add_rms_norm_bwd;
}

}  // namespace dsw::kernels::DSW_ISA
