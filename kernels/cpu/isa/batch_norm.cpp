// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/rows.h"
#include "kernels/cpu/isa/sums.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

/// Contiguous [B, C, area]: threads share channels.
struct Layout {
  std::int64_t B, C, area;
  std::int64_t per_channel() const { return B * area; }
  double cost() const { return 0.3 * static_cast<double>(per_channel() + 16); }
};
Layout layout_of(const DswView& x) {
  Layout l{x.shape[0], x.shape[1], 1};
  for (int a = 2; a < x.rank; ++a) l.area *= x.shape[a];
  return l;
}

float value_or(const DswView& x, std::int64_t i, float otherwise) { return given(x) ? data<float>(x)[i * x.stride[0]] : otherwise; }
void put(const DswView& x, std::int64_t i, double value) {
  if (given(x)) data<float>(x)[i * x.stride[0]] = static_cast<float>(value);
}

/// Sum over the channel of f(offset, lanes); with a short area the elements of several pictures fill a vector badly, but stay right.
template <class F>
double channel_sum(const Layout& l, std::int64_t c, F&& f) {
  double sum = 0;
  for (std::int64_t b = 0; b < l.B; ++b) {
    const std::int64_t start = (b * l.C + c) * l.area;
    sum += sum_of(l.area, [&](std::int64_t i, std::int64_t m) { return f(start + i, m); });
  }
  return sum;
}
template <class F>
void for_channel(const Layout& l, std::int64_t c, F&& f) {
  for (std::int64_t b = 0; b < l.B; ++b) {
    const std::int64_t start = (b * l.C + c) * l.area;
    for (std::int64_t i = 0; i < l.area; i += kWidth) f(start + i, l.area - i);
  }
}

int batch_norm_fwd(DswStream* stream, DswView x, DswView weight, DswView bias, DswView running_mean, DswView running_var, double momentum,
                   double eps, std::int32_t training, DswView y, DswView mean, DswView rstd) {
  if (!all_narrow({&x}) || y.dtype != x.dtype || !all_float32({&weight, &bias, &running_mean, &running_var, &mean, &rstd}) ||
      !all_contiguous({&x, &y})) {
    return dsw_reference_kernels()->batch_norm_fwd(stream, x, weight, bias, running_mean, running_var, momentum, eps, training, y, mean,
                                                   rstd);
  }
  const Layout l = layout_of(x);
  const std::int64_t n = l.per_channel();
  if (n == 0) return DSW_OK;
  return with_narrow(x.dtype, [&]<class T>(T) {
    const T* from = data<T>(x);
    T* to = data<T>(y);
    parallel_for(stream, l.C, l.cost(), 1, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t c = begin; c < end; ++c) {
        double m = static_cast<double>(value_or(running_mean, c, 0)), variance = static_cast<double>(value_or(running_var, c, 1));
        if (training != 0) {
          m = channel_sum(l, c, [&](std::int64_t at, std::int64_t k) { return load_first(from + at, k); }) / static_cast<double>(n);
          const float shift = static_cast<float>(m);
          const double squares = channel_sum(l, c, [&](std::int64_t at, std::int64_t k) {
            const Vec d = keep_first(load_first(from + at, k) - shift, k, 0.0f);
            return d * d;
          });
          variance = squares / static_cast<double>(n);
          put(running_mean, c, (1 - momentum) * static_cast<double>(value_or(running_mean, c, 0)) + momentum * m);
          put(running_var, c,
              (1 - momentum) * static_cast<double>(value_or(running_var, c, 0)) +
                  momentum * squares / static_cast<double>(n > 1 ? n - 1 : 1));
        }
        const double r = 1 / std::sqrt(variance + eps);
        put(mean, c, m);
        put(rstd, c, r);
        const float shift = static_cast<float>(m), scale = static_cast<float>(r) * value_or(weight, c, 1), offset = value_or(bias, c, 0);
        for_channel(l, c,
                    [&](std::int64_t at, std::int64_t k) { store_first(to + at, (load_first(from + at, k) - shift) * scale + offset, k); });
      }
    });
    return static_cast<int>(DSW_OK);
  });
}

int batch_norm_bwd(DswStream* stream, DswView x, DswView weight, DswView mean, DswView rstd, std::int32_t training, DswView dy, DswView dx,
                   DswView dweight, DswView dbias) {
  if (!all_narrow({&x}) || dy.dtype != x.dtype || (given(dx) && dx.dtype != x.dtype) ||
      !all_float32({&weight, &mean, &rstd, &dweight, &dbias}) || !all_contiguous({&x, &dy, &dx})) {
    return dsw_reference_kernels()->batch_norm_bwd(stream, x, weight, mean, rstd, training, dy, dx, dweight, dbias);
  }
  const Layout l = layout_of(x);
  const double n = static_cast<double>(l.per_channel());
  return with_narrow(x.dtype, [&]<class T>(T) {
    const T *from = data<T>(x), *grad = data<T>(dy);
    T* to = data<T>(dx);
    parallel_for(stream, l.C, 1.5 * l.cost(), 1, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t c = begin; c < end; ++c) {
        const float m = value_or(mean, c, 0), r = value_or(rstd, c, 1), w = value_or(weight, c, 1);
        double g_sum = 0, gd_sum = 0;
        for (std::int64_t b = 0; b < l.B; ++b) {
          const std::int64_t start = (b * l.C + c) * l.area;
          for (std::int64_t run = 0; run < l.area; run += kRun) {
            const std::int64_t run_end = std::min(l.area, run + kRun);
            Vec g_run{}, gd_run{};
            for (std::int64_t i = run; i < run_end; i += kWidth) {
              const Vec g = load_first(grad + start + i, run_end - i);
              g_run += g;
              gd_run += g * (load_first(from + start + i, run_end - i) - m);
            }
            g_sum += static_cast<double>(sum_lanes(g_run));
            gd_sum += static_cast<double>(sum_lanes(gd_run));
          }
        }
        const double gh_sum = l.per_channel() == 0 ? 0 : gd_sum * static_cast<double>(r);  // without pictures r was never made
        put(dweight, c, gh_sum);
        put(dbias, c, g_sum);
        if (to == nullptr) continue;
        const float scale = w * r;
        const float g_mean = training != 0 ? static_cast<float>(g_sum / n) : 0.0f,
                    slope = training != 0 ? static_cast<float>(gh_sum / n) * r : 0.0f;
        for_channel(l, c, [&](std::int64_t at, std::int64_t k) {
          store_first(to + at, scale * (load_first(grad + at, k) - g_mean - (load_first(from + at, k) - m) * slope), k);
        });
      }
    });
    return static_cast<int>(DSW_OK);
  });
}

}  // namespace

void add_batch_norm(DswKernels& table) {
  table.batch_norm_fwd = batch_norm_fwd;
  table.batch_norm_bwd = batch_norm_bwd;
}

}  // namespace dsw::kernels::DSW_ISA
