// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstring>
#include <utility>

#include "kernels/cpu/isa/rows.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

/// One picture plane of a pooling call. Threads share planes, so a plane's gradient sums have one order.
struct Plane {
  std::int64_t H, W, rows, columns;
};

struct Span {
  std::int64_t begin, end;
};
Span window(std::int64_t i, std::int32_t stride, std::int32_t pad, std::int32_t kernel, std::int64_t length) {
  const std::int64_t begin = i * stride - pad, end = begin + kernel;
  return {begin < 0 ? 0 : begin, end > length ? length : end};
}

void max_plane(const DswPool& p, const Plane& s, const float* x, float* y, std::int32_t* index) {
  for (std::int64_t i = 0; i < s.rows; ++i) {
    const Span h = window(i, p.stride_h, p.pad_h, p.kernel_h, s.H);
    for (std::int64_t j = 0; j < s.columns; ++j) {
      const Span w = window(j, p.stride_w, p.pad_w, p.kernel_w, s.W);
      float best = -kInfinity;
      std::int64_t at = h.begin * s.W + w.begin;
      for (std::int64_t r = h.begin; r < h.end; ++r) {
        for (std::int64_t c = w.begin; c < w.end; ++c) {
          const float value = x[r * s.W + c];
          if (value > best || (value != value && best == best)) {
            best = value;
            at = r * s.W + c;
          }
        }
      }
      y[i * s.columns + j] = best;
      if (index != nullptr) index[i * s.columns + j] = static_cast<std::int32_t>(at);
    }
  }
}

/// Even and odd elements of two vectors side by side.
struct Pair {
  Vec even, odd;
};
template <int... Lane>
Pair split_pairs(Vec a, Vec b, std::integer_sequence<int, Lane...>) {
  return {__builtin_shufflevector(a, b, (2 * Lane)...), __builtin_shufflevector(a, b, (2 * Lane + 1)...)};
}
Pair pairs(const float* x, std::int64_t n) {
  const Vec second = n > kWidth ? load_first(x + kWidth, n - kWidth) : Vec{};
  return split_pairs(load_first(x, n), second, std::make_integer_sequence<int, kWidth>());
}

/// Windows of 2 x 2 that do not overlap, the usual case, a vector of outputs at a time.
void max_plane_2x2(const Plane& s, const float* x, float* y, std::int32_t* index) {
  const std::int32_t width = static_cast<std::int32_t>(s.W);
  // A later value wins when it is larger or the first NaN.
  const auto wins = [](Vec later, Vec best) { return (later > best) | (is_nan(later) & ~is_nan(best)); };
  for (std::int64_t i = 0; i < s.rows; ++i) {
    for (std::int64_t j = 0; j < s.columns; j += kWidth) {
      const std::int64_t n = s.columns - j < kWidth ? s.columns - j : kWidth, at = 2 * i * s.W + 2 * j;
      const Pair top = pairs(x + at, 2 * n), low = pairs(x + at + s.W, 2 * n);
      const Int place = static_cast<std::int32_t>(at) + 2 * lane_numbers();
      const Int second = wins(top.odd, top.even), fourth = wins(low.odd, low.even);
      const Vec top_best = select(second, top.odd, top.even), low_best = select(fourth, low.odd, low.even);
      const Int lower = wins(low_best, top_best);
      store_first(y + i * s.columns + j, select(lower, low_best, top_best), n);
      const Int best = lower ? place + width - fourth : place - second;  // a true lane is -1
      store_first(reinterpret_cast<float*>(index) + i * s.columns + j, as_float(best), n);
    }
  }
}

void mean_plane(const DswPool& p, const Plane& s, const float* x, float* y) {
  for (std::int64_t i = 0; i < s.rows; ++i) {
    const Span h = window(i, p.stride_h, p.pad_h, p.kernel_h, s.H);
    for (std::int64_t j = 0; j < s.columns; ++j) {
      const Span w = window(j, p.stride_w, p.pad_w, p.kernel_w, s.W);
      float sum = 0;
      for (std::int64_t r = h.begin; r < h.end; ++r) {
        for (std::int64_t c = w.begin; c < w.end; ++c) sum += x[r * s.W + c];
      }
      y[i * s.columns + j] = sum / static_cast<float>((h.end - h.begin) * (w.end - w.begin));
    }
  }
}

void mean_plane_bwd(const DswPool& p, const Plane& s, const float* dy, float* dx) {
  for (std::int64_t i = 0; i < s.rows; ++i) {
    const Span h = window(i, p.stride_h, p.pad_h, p.kernel_h, s.H);
    for (std::int64_t j = 0; j < s.columns; ++j) {
      const Span w = window(j, p.stride_w, p.pad_w, p.kernel_w, s.W);
      const float share = dy[i * s.columns + j] / static_cast<float>((h.end - h.begin) * (w.end - w.begin));
      for (std::int64_t r = h.begin; r < h.end; ++r) {
        for (std::int64_t c = w.begin; c < w.end; ++c) dx[r * s.W + c] += share;
      }
    }
  }
}

/// Mean windows that move by one element: rows are added up first, then neighbours in a row that is 0 beyond its ends.
class SlidingMean {
 public:
  static bool fits(const DswPool& p) {
    return p.average && p.stride_h == 1 && p.stride_w == 1 && p.pad_h < p.kernel_h && p.pad_w < p.kernel_w;
  }
  static std::int64_t floats(const DswPool& p, const Plane& s) { return row_floats(p, s) + padded(s.columns); }

  SlidingMean(const DswPool& p, const Plane& s, float* buffer) : p_(p), s_(s), row_(buffer), counts_(buffer + row_floats(p, s)) {
    std::memset(buffer, 0, static_cast<std::size_t>(floats(p, s)) * sizeof(float));
    for (std::int64_t j = 0; j < s.columns; ++j) {
      const Span w = window(j, 1, p.pad_w, p.kernel_w, s.W);
      counts_[j] = static_cast<float>(w.end - w.begin);
    }
  }

  void fwd(const float* x, float* y) const {
    for (std::int64_t i = 0; i < s_.rows; ++i) {
      const Span h = rows(i);
      for (std::int64_t c = 0; c < s_.W; c += kWidth) {
        const std::int64_t n = s_.W - c < kWidth ? s_.W - c : kWidth;
        Vec sum{};
        for (std::int64_t r = h.begin; r < h.end; ++r) sum += load_first(x + r * s_.W + c, n);
        store_first(row_ + p_.pad_w + c, sum, n);
      }
      for (std::int64_t j = 0; j < s_.columns; j += kWidth)
        store_first(y + i * s_.columns + j, neighbours(j) / count(h, j), s_.columns - j);
    }
  }

  /// Adds to dx.
  void bwd(const float* dy, float* dx) const {
    const std::int64_t first = p_.kernel_w - 1 - p_.pad_w;
    for (std::int64_t i = 0; i < s_.rows; ++i) {
      const Span h = rows(i);
      for (std::int64_t j = 0; j < s_.columns; j += kWidth) {
        const std::int64_t n = s_.columns - j;
        store_first(row_ + first + j, load_first(dy + i * s_.columns + j, n) / count(h, j), n);
      }
      for (std::int64_t c = 0; c < s_.W; c += kWidth) {
        const std::int64_t n = s_.W - c;
        const Vec sum = neighbours(c);
        for (std::int64_t r = h.begin; r < h.end; ++r) store_first(dx + r * s_.W + c, load_first(dx + r * s_.W + c, n) + sum, n);
      }
    }
  }

 private:
  static std::int64_t row_floats(const DswPool& p, const Plane& s) { return padded(s.W + 3 * p.kernel_w + kWidth); }
  Span rows(std::int64_t i) const { return window(i, 1, p_.pad_h, p_.kernel_h, s_.H); }
  Vec count(const Span& h, std::int64_t j) const { return load(counts_ + j) * static_cast<float>(h.end - h.begin); }
  Vec neighbours(std::int64_t j) const {
    Vec sum = load(row_ + j);
    for (std::int32_t k = 1; k < p_.kernel_w; ++k) sum += load(row_ + j + k);
    return sum;
  }

  const DswPool& p_;
  const Plane s_;
  float *row_, *counts_;
};

/// A contiguous [B, C, H, W] as [B C, H W].
DswView planes_of(const DswView& x, std::int64_t area) {
  DswView planes = x;
  planes.rank = 2;
  planes.shape[0] = x.shape[0] * x.shape[1];
  planes.shape[1] = planes.stride[0] = area;
  planes.stride[1] = 1;
  return planes;
}

int pool2d_fwd(DswStream* stream, const DswPool* p, DswView x, DswView y, DswView index) {
  if (!all_narrow({&x, &y}) || !all_contiguous({&x, &y, &index})) return dsw_reference_kernels()->pool2d_fwd(stream, p, x, y, index);
  const Plane s{x.shape[2], x.shape[3], y.shape[2], y.shape[3]};
  const std::int64_t in = s.H * s.W, out = s.rows * s.columns;
  if (out == 0) return DSW_OK;
  const bool simple = p->kernel_h == 2 && p->kernel_w == 2 && p->stride_h == 2 && p->stride_w == 2 && p->pad_h == 0 && p->pad_w == 0 &&
                      2 * s.rows <= s.H && 2 * s.columns <= s.W && given(index);
  const bool slides = SlidingMean::fits(*p);
  const double cost = static_cast<double>(out) * (simple   ? 0.6
                                                  : slides ? 0.2 * (p->kernel_h + p->kernel_w)
                                                           : 2.0 * p->kernel_h * p->kernel_w);
  const std::int64_t more = slides ? SlidingMean::floats(*p, s) : 0;
  if (!stream->reserve(static_cast<std::size_t>(padded(in) + padded(out) + more) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  const DswView planes_x = planes_of(x, in), planes_y = planes_of(y, out);
  parallel_for(stream, x.shape[0] * x.shape[1], cost, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    float* buffer = static_cast<float*>(stream->scratch(thread, 0));
    for (std::int64_t plane = begin; plane < end; ++plane) {
      const float* from = read_row(planes_x, plane, buffer);
      float* to = write_row(planes_y, plane, buffer + padded(in));
      std::int32_t* at = given(index) ? data<std::int32_t>(index) + plane * out : nullptr;
      if (slides)
        SlidingMean(*p, s, buffer + padded(in) + padded(out)).fwd(from, to);
      else if (p->average)
        mean_plane(*p, s, from, to);
      else if (simple)
        max_plane_2x2(s, from, to, at);
      else
        max_plane(*p, s, from, to, at);
      finish_row(planes_y, plane, to);
    }
  });
  return DSW_OK;
}

int pool2d_bwd(DswStream* stream, const DswPool* p, DswView dy, DswView index, DswView dx) {
  if (!all_narrow({&dy, &dx}) || !all_contiguous({&dy, &index, &dx})) return dsw_reference_kernels()->pool2d_bwd(stream, p, dy, index, dx);
  const Plane s{dx.shape[2], dx.shape[3], dy.shape[2], dy.shape[3]};
  const std::int64_t in = s.H * s.W, out = s.rows * s.columns;
  const bool slides = SlidingMean::fits(*p);
  const double each = slides ? 0.2 * (p->kernel_h + p->kernel_w) : p->average ? 2.0 * p->kernel_h * p->kernel_w : 1.0;
  const double cost = 0.2 * static_cast<double>(in) + static_cast<double>(out) * each;
  const std::int64_t more = slides ? SlidingMean::floats(*p, s) : 0;
  if (!stream->reserve(static_cast<std::size_t>(padded(in) + padded(out) + more) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  const DswView planes_dx = planes_of(dx, in), planes_dy = planes_of(dy, out);
  parallel_for(stream, dx.shape[0] * dx.shape[1], cost, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    float* buffer = static_cast<float*>(stream->scratch(thread, 0));
    for (std::int64_t plane = begin; plane < end; ++plane) {
      const float* from = read_row(planes_dy, plane, buffer);
      float* to = write_row(planes_dx, plane, buffer + padded(out));
      std::memset(to, 0, static_cast<std::size_t>(in) * sizeof(float));
      if (slides) {
        SlidingMean(*p, s, buffer + padded(in) + padded(out)).bwd(from, to);
      } else if (p->average) {
        mean_plane_bwd(*p, s, from, to);
      } else {
        const std::int32_t* at = data<std::int32_t>(index) + plane * out;
        for (std::int64_t i = 0; i < out; ++i) to[at[i]] += from[i];
      }
      finish_row(planes_dx, plane, to);
    }
  });
  return DSW_OK;
}

}  // namespace

void add_pool(DswKernels& table) {
  table.pool2d_fwd = pool2d_fwd;
  table.pool2d_bwd = pool2d_bwd;
}

}  // namespace dsw::kernels::DSW_ISA
