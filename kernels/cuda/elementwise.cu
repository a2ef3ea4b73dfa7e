// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "kernels/cuda/activation.h"
#include "kernels/cuda/checks.h"
#include "kernels/cuda/columns.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/random.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {
namespace {

/// One launch over all elements of `shape`.
template <class... P>
int each_element(DswStream* stream, const char* name, void (*kernel)(std::int64_t, P...), const DswView& shape,
                 std::type_identity_t<P>... arguments) {
  const std::int64_t count = elements(shape);
  return launch(stream, name, kernel, element_grid(count), kElementThreads, 0, count, arguments...);
}

__global__ void unary_kernel(std::int64_t count, bool is_flat, int op, float alpha, float beta, DswView x, DswView y) {
  for_each_of_grid(count, [&](std::int64_t i) {
    const float value = read<float>(x, is_flat ? i : element_offset(x, i));
    write(y, is_flat ? i : element_offset(y, i), unary_value(op, alpha, beta, value));
  });
}
int unary(DswStream* stream, DswUnary op, double alpha, double beta, DswView x, DswView y) {
  if (!computable({&x, &y})) return DSW_UNSUPPORTED;
  return each_element(stream, "unary", unary_kernel, y, flat({&x, &y}), op, static_cast<float>(alpha), static_cast<float>(beta), x, y);
}

__global__ void unary_bwd_kernel(std::int64_t count, bool is_flat, int op, float alpha, DswView x, DswView y, DswView dy, DswView dx) {
  for_each_of_grid(count, [&](std::int64_t i) {
    const float xi = unary_reads_x(op) ? read<float>(x, is_flat ? i : element_offset(x, i)) : 0;
    const float yi = unary_reads_y(op) ? read<float>(y, is_flat ? i : element_offset(y, i)) : 0;
    const float slope = unary_slope(op, alpha, xi, yi);
    write(dx, is_flat ? i : element_offset(dx, i), read<float>(dy, is_flat ? i : element_offset(dy, i)) * slope);
  });
}
int unary_bwd(DswStream* stream, DswUnary op, double alpha, double, DswView x, DswView y, DswView dy, DswView dx) {
  if (!computable({&x, &y, &dy, &dx})) return DSW_UNSUPPORTED;
  return each_element(stream, "unary_bwd", unary_bwd_kernel, dx, flat({&x, &y, &dy, &dx}), op, static_cast<float>(alpha), x, y, dy, dx);
}

__global__ void unary_bias_bwd_kernel(std::int64_t rows, int op, float alpha, DswView x, DswView y, DswView dy, DswView dx, DswView dbias) {
  const int axes = dx.rank - 1;
  const std::int64_t columns = dx.shape[axes];
  column_sums<1>(
      rows, columns,
      [&](std::int64_t row, std::int64_t column, double(&sums)[1]) {
        const auto at = [&](const DswView& v) { return offset_of(v, row, axes) + column * v.stride[axes]; };
        const float xi = unary_reads_x(op) ? read<float>(x, at(x)) : 0, yi = unary_reads_y(op) ? read<float>(y, at(y)) : 0;
        const float value = read<float>(dy, at(dy)) * unary_slope(op, alpha, xi, yi);
        write(dx, at(dx), value);
        sums[0] += value;
      },
      [&](std::int64_t column, const double(&sums)[1]) { write(dbias, column * dbias.stride[0], sums[0]); });
}
int unary_bias_bwd(DswStream* stream, DswUnary op, double alpha, double, DswView x, DswView y, DswView dy, DswView dx, DswView dbias) {
  if (!computable({&x, &y, &dy, &dx, &dbias})) return DSW_UNSUPPORTED;
  return launch(stream, "unary_bias_bwd", unary_bias_bwd_kernel, column_grid(last_length(dx)), column_threads(), 0, row_count(dx), op,
                static_cast<float>(alpha), x, y, dy, dx, dbias);
}

DSW_DEVICE bool selects_first(int op, float a, float b) { return (op == DSW_MAXIMUM ? a >= b : a <= b) || isnan(a); }
DSW_DEVICE float binary_value(int op, float a, float b) {
  switch (op) {
    case DSW_ADD:
      return a + b;
    case DSW_SUB:
      return a - b;
    case DSW_MUL:
      return a * b;
    case DSW_DIV:
      return a / b;
    default:
      return selects_first(op, a, b) ? a : b;
  }
}
__global__ void binary_kernel(std::int64_t count, bool is_flat, int op, DswView a, DswView b, DswView y) {
  for_each_of_grid(count, [&](std::int64_t i) {
    const float ai = read<float>(a, is_flat ? i : element_offset(a, i)), bi = read<float>(b, is_flat ? i : element_offset(b, i));
    write(y, is_flat ? i : element_offset(y, i), binary_value(op, ai, bi));
  });
}
int binary(DswStream* stream, DswBinary op, DswView a, DswView b, DswView y) {
  if (!computable({&a, &b, &y})) return DSW_UNSUPPORTED;
  return each_element(stream, "binary", binary_kernel, y, flat({&a, &b, &y}), op, a, b, y);
}

__global__ void compare_select_bwd_kernel(std::int64_t count, int op, DswView a, DswView b, DswView dy, DswView da) {
  for_each_of_grid(count, [&](std::int64_t i) {
    const bool first = selects_first(op, read<float>(a, element_offset(a, i)), read<float>(b, element_offset(b, i)));
    write(da, element_offset(da, i), first ? read<float>(dy, element_offset(dy, i)) : 0.0f);
  });
}
int compare_select_bwd(DswStream* stream, DswBinary op, DswView a, DswView b, DswView dy, DswView da) {
  if (!computable({&a, &b, &dy, &da})) return DSW_UNSUPPORTED;
  return each_element(stream, "compare_select_bwd", compare_select_bwd_kernel, da, op, a, b, dy, da);
}

/// Thread i takes elements 4 i … 4 i + 3, which share a Philox block.
__global__ void dropout_kernel(std::int64_t count, DswView x, DswView y, std::uint64_t threshold, float scale, std::uint64_t key) {
  for_each_of_grid((count + 3) / 4, [&](std::int64_t i) {
    const PhiloxWords words = philox(key, static_cast<std::uint64_t>(i));
    for (int j = 0; j < 4 && 4 * i + j < count; ++j)
      write(y, 4 * i + j, words.word[j] < threshold ? 0.0f : read<float>(x, 4 * i + j) * scale);
  });
}
int dropout(DswStream* stream, DswView x, DswView y, double p, std::uint64_t key) {
  if (!computable({&x, &y})) return DSW_UNSUPPORTED;
  return each_element(stream, "dropout", dropout_kernel, x, x, y, drop_threshold(p), static_cast<float>(1 / (1 - p)), key);
}

__global__ void swiglu_fwd_kernel(std::int64_t count, bool is_flat, DswView gate, DswView up, DswView y) {
  for_each_of_grid(count, [&](std::int64_t i) {
    const float g = read<float>(gate, is_flat ? i : element_offset(gate, i)), u = read<float>(up, is_flat ? i : element_offset(up, i));
    write(y, is_flat ? i : element_offset(y, i), unary_value(DSW_SILU, 0, 0, g) * u);
  });
}
int swiglu_fwd(DswStream* stream, DswView gate, DswView up, DswView y) {
  if (!computable({&gate, &up, &y})) return DSW_UNSUPPORTED;
  return each_element(stream, "swiglu_fwd", swiglu_fwd_kernel, y, flat({&gate, &up, &y}), gate, up, y);
}

__global__ void swiglu_bwd_kernel(std::int64_t count, bool is_flat, DswView gate, DswView up, DswView dy, DswView dgate, DswView dup) {
  for_each_of_grid(count, [&](std::int64_t i) {
    const auto at = [&](const DswView& v) { return is_flat ? i : element_offset(v, i); };
    const float g = read<float>(gate, at(gate)), u = read<float>(up, at(up)), d = read<float>(dy, at(dy));
    write(dgate, at(dgate), d * u * unary_slope(DSW_SILU, 0, g, 0));
    write(dup, at(dup), d * unary_value(DSW_SILU, 0, 0, g));
  });
}
int swiglu_bwd(DswStream* stream, DswView gate, DswView up, DswView dy, DswView dgate, DswView dup) {
  if (!computable({&gate, &up, &dy, &dgate, &dup})) return DSW_UNSUPPORTED;
  return each_element(stream, "swiglu_bwd", swiglu_bwd_kernel, dy, flat({&gate, &up, &dy, &dgate, &dup}), gate, up, dy, dgate, dup);
}

}  // namespace

void add_elementwise(DswKernels& table) {
  table.unary = unary;
  table.unary_bwd = unary_bwd;
  table.unary_bias_bwd = unary_bias_bwd;
  table.binary = binary;
  table.compare_select_bwd = compare_select_bwd;
  table.dropout = dropout;
  table.swiglu_fwd = swiglu_fwd;
  table.swiglu_bwd = swiglu_bwd;
}

}  // namespace dsw::cuda
