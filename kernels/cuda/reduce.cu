// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/columns.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {
namespace {

/// The axes of x that y keeps, and those that are reduced, each as a view of x's memory.
struct Split {
  DswView kept, reduced;
};
Split split(const DswView& x, const DswView& y) {
  Split s{x, x};
  s.kept.rank = s.reduced.rank = 0;
  for (int a = 0; a < x.rank; ++a) {
    DswView& part = y.shape[a] == 1 ? s.reduced : s.kept;
    part.shape[part.rank] = x.shape[a];
    part.stride[part.rank++] = x.stride[a];
  }
  return s;
}

/// Sums in double: a float would lose digits over millions of elements, and reading the memory takes longer than adding.
DSW_DEVICE double reduce_pair(int op, double a, double b) { return op != DSW_MAX ? a + b : a >= b || isnan(a) ? a : b; }
DSW_DEVICE double reduce_start(int op) { return op == DSW_MAX ? -INFINITY : 0; }

/// A block an output: its threads share the reduced elements.
__global__ void reduce_rows_kernel(int op, DswView kept, DswView reduced, DswView y, std::int64_t outputs, std::int64_t count,
                                   double divisor) {
  for_each_row(outputs, [&](std::int64_t output) {
    const std::int64_t start = element_offset(kept, output);
    double sum = reduce_start(op);
    for_each_column(count, [&](std::int64_t i) { sum = reduce_pair(op, sum, read<double>(reduced, start + element_offset(reduced, i))); });
    sum = block_combine(sum, [&](double a, double b) { return reduce_pair(op, a, b); });
    if (threadIdx.x == 0) write(y, element_offset(y, output), sum / divisor);
  });
}
/// Where the last axis is kept, neighbouring outputs read neighbours: a block takes 32 of them.
__global__ void reduce_columns_kernel(int op, DswView kept, DswView reduced, DswView y, std::int64_t outputs, std::int64_t count,
                                      double divisor) {
  __shared__ double parts[kRowsAtOnce][kColumns];
  const std::int64_t output = static_cast<std::int64_t>(blockIdx.x) * kColumns + threadIdx.x;
  double sum = reduce_start(op);
  if (output < outputs) {
    const std::int64_t start = element_offset(kept, output);
    for (std::int64_t i = threadIdx.y; i < count; i += kRowsAtOnce)
      sum = reduce_pair(op, sum, read<double>(reduced, start + element_offset(reduced, i)));
  }
  parts[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || output >= outputs) return;
  for (int part = 1; part < kRowsAtOnce; ++part) sum = reduce_pair(op, sum, parts[part][threadIdx.x]);
  write(y, element_offset(y, output), sum / divisor);
}

int reduce(DswStream* stream, DswReduce op, DswView x, DswView y) {
  if (!computable({&x, &y})) return DSW_UNSUPPORTED;
  const Split s = split(x, y);
  const std::int64_t outputs = elements(y), count = elements(s.reduced);
  const double divisor = op == DSW_MEAN ? static_cast<double>(count) : 1;
  const bool last_is_kept = x.rank > 0 && y.shape[x.rank - 1] != 1;
  if (last_is_kept)
    return launch(stream, "reduce", reduce_columns_kernel, column_grid(outputs), column_threads(), 0, op, s.kept, s.reduced, y, outputs,
                  count, divisor);
  return launch(stream, "reduce", reduce_rows_kernel, row_grid(outputs), kRowThreads, 0, op, s.kept, s.reduced, y, outputs, count, divisor);
}

struct Best {
  float value;
  int index;
};
/// NaN above all, the first of equals.
DSW_DEVICE Best better(const Best& a, const Best& b) {
  if (isnan(a.value) != isnan(b.value)) return isnan(a.value) ? a : b;
  const bool equal = a.value == b.value || isnan(a.value);
  return (equal ? a.index < b.index : a.value > b.value) ? a : b;
}
__global__ void argmax_kernel(std::int64_t rows, std::int64_t columns, DswView x, DswView index) {
  __shared__ Best parts[kRowThreads];
  for_each_row(rows, [&](std::int64_t r) {
    const RowOf row(x, r);
    Best best{-INFINITY, 0x7FFFFFFF};
    for_each_column(columns, [&](std::int64_t c) { best = better(best, {row.at(c), static_cast<int>(c)}); });
    parts[threadIdx.x] = best;
    __syncthreads();
    for (unsigned half = kRowThreads / 2; half > 0; half /= 2) {
      if (threadIdx.x < half) parts[threadIdx.x] = better(parts[threadIdx.x], parts[threadIdx.x + half]);
      __syncthreads();
    }
    if (threadIdx.x == 0) store(data<std::int32_t>(index) + element_offset(index, r), parts[0].index);
    __syncthreads();
  });
}
int argmax(DswStream* stream, DswView x, DswView index) {
  if (!computable({&x}) || index.dtype != DSW_I32) return DSW_UNSUPPORTED;
  const std::int64_t rows = row_count(x), columns = last_length(x);
  if (columns == 0) return rows == 0 ? DSW_OK : DSW_BAD_ARGUMENT;
  return launch(stream, "argmax", argmax_kernel, row_grid(rows), kRowThreads, 0, rows, columns, x, index);
}

constexpr std::int64_t kMostParts = 1024;

/// Block b adds its elements to parts[b].
__global__ void square_parts_kernel(std::int64_t count, DswView x, bool is_flat, double* parts) {
  double sum = 0;
  for_each_of_grid(count, [&](std::int64_t i) {
    const double value = read<double>(x, is_flat ? i : element_offset(x, i));
    sum += value * value;
  });
  sum = block_sum(sum);
  if (threadIdx.x == 0) store(parts + blockIdx.x, sum);
}
__global__ void add_parts_kernel(std::int64_t count, const double* parts, double* y) {
  double sum = 0;
  for_each_column(count, [&](std::int64_t i) { sum += load(parts + i); });
  sum = block_sum(sum);
  if (threadIdx.x == 0) store(y, load(y) + sum);
}
int square_sum(DswStream* stream, DswView x, DswView y) {
  if (!computable({&x}) || y.dtype != DSW_F64) return DSW_UNSUPPORTED;
  const std::int64_t count = elements(x);
  if (count == 0) return DSW_OK;
  const dim3 grid(element_grid(count).x < kMostParts ? element_grid(count).x : kMostParts);
  const Scratch<double> parts(stream, grid.x);
  if (parts.status() != DSW_OK) return parts.status();
  if (const int status = launch(stream, "square_sum", square_parts_kernel, grid, kElementThreads, 0, count, x, flat({&x}), parts.data());
      status != DSW_OK)
    return status;
  return launch(stream, "square_sum", add_parts_kernel, 1, kRowThreads, 0, grid.x, parts.data(), static_cast<double*>(y.data));
}

/// Counts are whole numbers: the order in which blocks add them does not matter.
__global__ void count_not_finite_kernel(std::int64_t count, DswView x, unsigned long long* y) {
  int found = 0;
  for_each_of_grid(count, [&](std::int64_t i) { found += isfinite(read<float>(x, element_offset(x, i))) ? 0 : 1; });
  found = block_sum(found);
  if (threadIdx.x == 0 && found != 0) atomicAdd(y, static_cast<unsigned long long>(found));
}
int count_not_finite(DswStream* stream, DswView x, DswView y) {
  if (!computable({&x}) || y.dtype != DSW_I64) return DSW_UNSUPPORTED;
  const std::int64_t count = elements(x);
  return launch(stream, "count_not_finite", count_not_finite_kernel, element_grid(count), kElementThreads, 0, count, x,
                static_cast<unsigned long long*>(y.data));
}

}  // namespace

void add_reduce(DswKernels& table) {
  table.reduce = reduce;
  table.argmax = argmax;
  table.square_sum = square_sum;
  table.count_not_finite = count_not_finite;
}

}  // namespace dsw::cuda
