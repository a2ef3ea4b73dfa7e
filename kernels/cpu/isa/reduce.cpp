// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstring>

#include "kernels/cpu/isa/sums.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/cpu/isa/walk.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

const DswKernels& reference() { return *dsw_reference_kernels(); }

/// Contiguous x [outer, reduced, inner] to y [outer, inner].
struct Step {
  std::int64_t outer, reduced, inner;
};

template <class T>
void add_maxima(const T* x, std::int64_t rows, std::int64_t step, std::int64_t columns, double* maxima) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const double value = static_cast<double>(to_float(x[r * step + c]));
      if (value > maxima[c] || value != value) maxima[c] = maxima[c] != maxima[c] ? maxima[c] : value;
    }
  }
}

/// Joins rows [begin, end) of one outer part into `parts` (inner numbers, started by the caller).
template <class T>
void join(bool largest, const T* x, const Step& s, std::int64_t outer, std::int64_t begin, std::int64_t end, double* parts) {
  const T* from = x + (outer * s.reduced + begin) * s.inner;
  if (s.inner == 1 && !largest)
    *parts += row_sum(from, end - begin);
  else if (s.inner == 1) {
    const double value = static_cast<double>(row_maximum(from, end - begin));
    if (value > *parts || value != value) *parts = *parts != *parts ? *parts : value;
  } else if (largest)
    add_maxima(from, end - begin, s.inner, s.inner, parts);
  else
    add_column_sums(from, end - begin, s.inner, s.inner, parts);
}

template <class T>
int run_step(DswStream* stream, bool largest, double scale, const T* x, const Step& s, float* y) {
  const std::int64_t outputs = s.outer * s.inner;
  const double cost = 0.15 * static_cast<double>(s.outer * s.reduced * s.inner), start = largest ? -static_cast<double>(kInfinity) : 0;
  const bool by_outer = s.outer >= stream->threads() || s.reduced * s.inner < 4096;
  const std::int64_t numbers = by_outer ? s.inner : outputs;
  if (!stream->reserve(sizeof(double) * static_cast<std::size_t>(numbers))) return DSW_OUT_OF_MEMORY;
  int used = 1;
  parallel(stream, cost, [&](int thread, int threads) {
    double* parts = static_cast<double*>(stream->scratch(thread, 0));
    if (thread == 0) used = threads;
    const Share outer = by_outer ? share_of(s.outer, thread, threads) : Share{0, s.outer};
    const Share rows = by_outer ? Share{0, s.reduced} : share_of(s.reduced, thread, threads);
    for (std::int64_t o = outer.begin; o < outer.end; ++o) {
      double* part = by_outer ? parts : parts + o * s.inner;
      std::fill(part, part + s.inner, start);
      join(largest, x, s, o, rows.begin, rows.end, part);
      if (!by_outer) continue;
      for (std::int64_t c = 0; c < s.inner; ++c) y[o * s.inner + c] = static_cast<float>(part[c] * scale);
    }
  });
  if (by_outer) return DSW_OK;
  double* first = static_cast<double*>(stream->scratch(0, 0));
  for (int t = 1; t < used; ++t) {
    const double* other = static_cast<const double*>(stream->scratch(t, 0));
    for (std::int64_t i = 0; i < outputs; ++i) {
      if (!largest)
        first[i] += other[i];
      else if (first[i] == first[i] && (other[i] > first[i] || other[i] != other[i]))
        first[i] = other[i];
    }
  }
  for (std::int64_t i = 0; i < outputs; ++i) y[i] = static_cast<float>(first[i] * scale);
  return DSW_OK;
}

/// The contiguous y becomes a copy of as many elements.
int copy_all(DswStream* stream, int dtype, const void* from, const DswView& y) {
  DswView source = y;
  source.data = const_cast<void*>(from);
  source.dtype = dtype;
  for_each_piece<1>(stream, 0.3, {&source, &y},
                    [](float* const* p, std::int64_t m) { std::memcpy(p[1], p[0], static_cast<std::size_t>(m) * sizeof(float)); });
  return DSW_OK;
}

int reduce(DswStream* stream, DswReduce op, DswView x, DswView y) {
  const std::int64_t n = elements(x), outputs = elements(y);
  if (!all_narrow({&x, &y}) || !contiguous(y) || n == 0 || outputs == 0) return reference().reduce(stream, op, x, y);
  // Axes of one kind side by side are one axis: groups alternate between kept and reduced.
  std::int64_t length[DSW_MAX_RANK + 1] = {1};
  bool reduced[DSW_MAX_RANK + 1] = {false};
  int groups = 1;
  for (int a = 0; a < x.rank; ++a) {
    if (x.shape[a] == 1) continue;
    const bool is_reduced = y.shape[a] == 1;
    if (is_reduced != reduced[groups - 1]) {
      length[groups] = 1;
      reduced[groups++] = is_reduced;
    }
    length[groups - 1] *= x.shape[a];
  }
  const bool needs_copy = !contiguous(x);
  const std::size_t total = static_cast<std::size_t>(n);
  const std::size_t narrowed = is_half(y.dtype) ? static_cast<std::size_t>(outputs) : 0;
  float* work =
      static_cast<float*>(stream->scratch(stream->threads(), sizeof(float) * ((needs_copy ? total : 0) + 2 * (total / 2 + 16) + narrowed)));
  if (work == nullptr) return DSW_OUT_OF_MEMORY;
  float* result = narrowed == 0 ? data<float>(y) : work;
  work += narrowed;
  int source_dtype = x.dtype;
  const void* source = x.data;
  if (needs_copy) {
    DswView dense = x;
    dense.data = work;
    dense.dtype = DSW_F32;
    std::int64_t step = 1;
    for (int a = x.rank - 1; a >= 0; --a) {
      dense.stride[a] = step;
      step *= x.shape[a];
    }
    for_each_piece<1>(stream, 0.3, {&x, &dense},
                      [](float* const* p, std::int64_t m) { std::memcpy(p[1], p[0], static_cast<std::size_t>(m) * sizeof(float)); });
    source = work;
    source_dtype = DSW_F32;
    work += total;
  }
  const double scale = op == DSW_MEAN ? static_cast<double>(outputs) / static_cast<double>(n) : 1;
  int left = 0;
  for (int g = 0; g < groups; ++g) left += reduced[g];
  if (left == 0) return copy_all(stream, source_dtype, source, y);
  float* buffers[2] = {work, work + total / 2 + 16};
  std::int64_t inner = 1, outer = n;
  for (int g = groups - 1; g >= 0; --g) {  // from the innermost: each step makes the rest at least half as long
    outer /= length[g];
    if (!reduced[g]) {
      inner *= length[g];
      continue;
    }
    float* target = --left == 0 ? result : buffers[left % 2];
    const int status = with_narrow(source_dtype, [&]<class T>(T) {
      return run_step(stream, op == DSW_MAX, left == 0 ? scale : 1, static_cast<const T*>(source), {outer, length[g], inner}, target);
    });
    if (status != DSW_OK) return status;
    source = target;
    source_dtype = DSW_F32;
  }
  return narrowed == 0 ? static_cast<int>(DSW_OK) : copy_all(stream, DSW_F32, result, y);
}

int square_sum(DswStream* stream, DswView x, DswView y) {
  if (x.dtype != DSW_F32 || !contiguous(x)) return reference().square_sum(stream, x, y);
  const float* from = data<float>(x);
  const std::int64_t n = elements(x);
  if (!stream->reserve(sizeof(double))) return DSW_OUT_OF_MEMORY;
  int used = 1;
  parallel(stream, 0.15 * static_cast<double>(n), [&](int thread, int threads) {
    const Share share = share_of(n, thread, threads, kRun);
    if (thread == 0) used = threads;
    *static_cast<double*>(stream->scratch(thread, 0)) = sum_of(share.end - share.begin, [&](std::int64_t i, std::int64_t m) {
      const Vec v = load_first(from + share.begin + i, m);
      return v * v;
    });
  });
  double sum = 0;
  for (int t = 0; t < used; ++t) sum += *static_cast<const double*>(stream->scratch(t, 0));
  data<double>(y)[0] += sum;
  return DSW_OK;
}

int count_not_finite(DswStream* stream, DswView x, DswView y) {
  if (x.dtype != DSW_F32 || !contiguous(x)) return reference().count_not_finite(stream, x, y);
  const float* from = data<float>(x);
  const std::int64_t n = elements(x);
  if (!stream->reserve(sizeof(std::int64_t))) return DSW_OUT_OF_MEMORY;
  int used = 1;
  parallel(stream, 0.15 * static_cast<double>(n), [&](int thread, int threads) {
    const Share share = share_of(n, thread, threads, 64);
    if (thread == 0) used = threads;
    std::int64_t count = 0;
    for (std::int64_t i = share.begin; i < share.end; ++i) count += !(std::fabs(from[i]) <= std::numeric_limits<float>::max());
    *static_cast<std::int64_t*>(stream->scratch(thread, 0)) = count;
  });
  for (int t = 0; t < used; ++t) data<std::int64_t>(y)[0] += *static_cast<const std::int64_t*>(stream->scratch(t, 0));
  return DSW_OK;
}

}  // namespace

void add_reduce(DswKernels& table) {
  table.reduce = reduce;
  table.square_sum = square_sum;
  table.count_not_finite = count_not_finite;
}

}  // namespace dsw::kernels::DSW_ISA
