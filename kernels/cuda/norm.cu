// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/columns.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/stream.h"

/// Layer and root-mean-square normalisation; formulas and optional arguments as in kernels/reference/norm.h.
/// Sources: Ba et al. 2016; Zhang & Sennrich 2019.
namespace dsw::cuda {
namespace {

DSW_DEVICE bool is_given(const DswView& x) { return x.data != nullptr; }
DSW_DEVICE float value_or(const DswView& x, std::int64_t i, float otherwise) {
  return is_given(x) ? read<float>(x, i * x.stride[0]) : otherwise;
}
DSW_DEVICE void write_row_number(const DswView& x, std::int64_t row, float value) {
  if (is_given(x)) write(x, element_offset(x, row), value);
}

/// What a forward or backward call has; views that are not given are not touched. mean: layer normalisation, else root mean square.
struct Norm {
  DswView x{}, other{}, weight{}, bias{};  // other, where given, is added to x first
  DswView sum{}, y{}, mean{}, rstd{};      // sum: x + other as it is kept
  DswView dy{}, dsum{}, dx{}, dweight{}, dbias{};
  bool centred = true;
  float eps = 0;
};

__global__ void norm_fwd_kernel(std::int64_t rows, std::int64_t columns, Norm n) {
  for_each_row(rows, [&](std::int64_t r) {
    const RowOf x(n.x, r), y(n.y, r), kept(is_given(n.other) ? n.sum : n.x, r);
    if (is_given(n.other)) {
      const RowOf other(n.other, r);
      for_each_column(columns, [&](std::int64_t c) { kept.set(c, x.at(c) + other.at(c)); });  // each thread reads back only its own
    }
    float mean = 0, square = 0;
    if (n.centred) {
      for_each_column(columns, [&](std::int64_t c) { mean += kept.at(c); });
      mean = block_sum(mean) / static_cast<float>(columns);
    }
    for_each_column(columns, [&](std::int64_t c) {
      const float d = kept.at(c) - mean;
      square += d * d;
    });
    const float rstd = 1 / sqrtf(block_sum(square) / static_cast<float>(columns) + n.eps);
    for_each_column(columns,
                    [&](std::int64_t c) { y.set(c, (kept.at(c) - mean) * rstd * value_or(n.weight, c, 1) + value_or(n.bias, c, 0)); });
    if (threadIdx.x != 0) return;
    if (n.centred) write_row_number(n.mean, r, mean);
    write_row_number(n.rstd, r, rstd);
  });
}

/// With h = (x - mean) rstd and g = dy weight: dx = rstd (g - mean(g) - h mean(g h)) + dsum. Root mean square: mean(g) is not there.
__global__ void norm_dx_kernel(std::int64_t rows, std::int64_t columns, Norm n) {
  for_each_row(rows, [&](std::int64_t r) {
    const RowOf x(n.x, r), dy(n.dy, r), dx(n.dx, r);
    const float mean = n.centred ? read<float>(n.mean, element_offset(n.mean, r)) : 0;
    const float rstd = read<float>(n.rstd, element_offset(n.rstd, r));
    float g_sum = 0, gh_sum = 0;
    for_each_column(columns, [&](std::int64_t c) {
      const float g = dy.at(c) * value_or(n.weight, c, 1);
      g_sum += g;
      gh_sum += g * (x.at(c) - mean) * rstd;
    });
    const float g_mean = n.centred ? block_sum(g_sum) / static_cast<float>(columns) : 0;
    const float gh_mean = block_sum(gh_sum) / static_cast<float>(columns);
    const RowOf more(is_given(n.dsum) ? n.dsum : n.dx, r);
    for_each_column(columns, [&](std::int64_t c) {
      const float g = dy.at(c) * value_or(n.weight, c, 1), h = (x.at(c) - mean) * rstd;
      dx.set(c, rstd * (g - g_mean - h * gh_mean) + (is_given(n.dsum) ? more.at(c) : 0));
    });
  });
}
/// dweight = sum over rows of dy h, dbias = sum of dy.
__global__ void norm_dweight_kernel(std::int64_t rows, std::int64_t columns, Norm n) {
  const int axes = n.x.rank - 1;
  column_sums<2>(
      rows, columns,
      [&](std::int64_t row, std::int64_t column, double(&sums)[2]) {
        const float mean = n.centred ? read<float>(n.mean, element_offset(n.mean, row)) : 0;
        const float rstd = read<float>(n.rstd, element_offset(n.rstd, row));
        const float x = read<float>(n.x, offset_of(n.x, row, axes) + column * n.x.stride[axes]);
        const float dy = read<float>(n.dy, offset_of(n.dy, row, axes) + column * n.dy.stride[axes]);
        sums[0] += dy * (x - mean) * rstd;
        sums[1] += dy;
      },
      [&](std::int64_t column, const double(&sums)[2]) {
        if (is_given(n.dweight)) write(n.dweight, column * n.dweight.stride[0], sums[0]);
        if (is_given(n.dbias)) write(n.dbias, column * n.dbias.stride[0], sums[1]);
      });
}

bool fits(const Norm& n) {
  return computable({&n.x, &n.other, &n.weight, &n.bias, &n.sum, &n.y, &n.mean, &n.rstd, &n.dy, &n.dsum, &n.dx, &n.dweight, &n.dbias});
}
int forward(DswStream* stream, const char* name, const Norm& n) {
  if (!fits(n)) return DSW_UNSUPPORTED;
  const std::int64_t rows = row_count(n.x), columns = last_length(n.x);
  if (columns == 0) return DSW_OK;
  return launch(stream, name, norm_fwd_kernel, row_grid(rows), kRowThreads, 0, rows, columns, n);
}
int backward(DswStream* stream, const char* name, const Norm& n) {
  if (!fits(n)) return DSW_UNSUPPORTED;
  const std::int64_t rows = row_count(n.x), columns = last_length(n.x);
  if (given(n.dweight) || given(n.dbias)) {  // before dx, which may lie where dy does
    const int status = launch(stream, name, norm_dweight_kernel, column_grid(columns), column_threads(), 0, rows, columns, n);
    if (status != DSW_OK) return status;
  }
  if (!given(n.dx) || columns == 0) return DSW_OK;
  return launch(stream, name, norm_dx_kernel, row_grid(rows), kRowThreads, 0, rows, columns, n);
}

int layer_norm_fwd(DswStream* stream, DswView x, DswView weight, DswView bias, double eps, DswView y, DswView mean, DswView rstd) {
  return forward(stream, "layer_norm_fwd",
                 {.x = x, .weight = weight, .bias = bias, .y = y, .mean = mean, .rstd = rstd, .eps = static_cast<float>(eps)});
}
int rms_norm_fwd(DswStream* stream, DswView x, DswView weight, double eps, DswView y, DswView rstd) {
  return forward(stream, "rms_norm_fwd",
                 {.x = x, .weight = weight, .y = y, .rstd = rstd, .centred = false, .eps = static_cast<float>(eps)});
}
int add_layer_norm_fwd(DswStream* stream, DswView x, DswView r, DswView weight, DswView bias, double eps, DswView sum, DswView y,
                       DswView mean, DswView rstd) {
  return forward(
      stream, "add_layer_norm_fwd",
      {.x = x, .other = r, .weight = weight, .bias = bias, .sum = sum, .y = y, .mean = mean, .rstd = rstd, .eps = static_cast<float>(eps)});
}
int add_rms_norm_fwd(DswStream* stream, DswView x, DswView r, DswView weight, double eps, DswView sum, DswView y, DswView rstd) {
  return forward(
      stream, "add_rms_norm_fwd",
      {.x = x, .other = r, .weight = weight, .sum = sum, .y = y, .rstd = rstd, .centred = false, .eps = static_cast<float>(eps)});
}
Norm gradient(const DswView& x, const DswView& weight, const DswView& mean, const DswView& rstd, const DswView& dy, const DswView& dsum,
              const DswView& dx, const DswView& dweight, const DswView& dbias, bool centred) {
  return {.x = x,
          .weight = weight,
          .mean = mean,
          .rstd = rstd,
          .dy = dy,
          .dsum = dsum,
          .dx = dx,
          .dweight = dweight,
          .dbias = dbias,
          .centred = centred};
}
int layer_norm_bwd(DswStream* stream, DswView x, DswView weight, DswView mean, DswView rstd, DswView dy, DswView dx, DswView dweight,
                   DswView dbias) {
  return backward(stream, "layer_norm_bwd", gradient(x, weight, mean, rstd, dy, {}, dx, dweight, dbias, true));
}
int rms_norm_bwd(DswStream* stream, DswView x, DswView weight, DswView rstd, DswView dy, DswView dx, DswView dweight) {
  return backward(stream, "rms_norm_bwd", gradient(x, weight, {}, rstd, dy, {}, dx, dweight, {}, false));
}
int add_layer_norm_bwd(DswStream* stream, DswView sum, DswView weight, DswView mean, DswView rstd, DswView dy, DswView dsum, DswView dx,
                       DswView dweight, DswView dbias) {
  return backward(stream, "add_layer_norm_bwd", gradient(sum, weight, mean, rstd, dy, dsum, dx, dweight, dbias, true));
}
int add_rms_norm_bwd(DswStream* stream, DswView sum, DswView weight, DswView rstd, DswView dy, DswView dsum, DswView dx, DswView dweight) {
  return backward(stream, "add_rms_norm_bwd", gradient(sum, weight, {}, rstd, dy, dsum, dx, dweight, {}, false));
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

}  // namespace dsw::cuda
