// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/softmax_row.h"
#include "kernels/cuda/stream.h"

/// Softmax and its logarithm. A row with a NaN becomes NaN throughout.
namespace dsw::cuda {
namespace {

__global__ void softmax_fwd_kernel(std::int64_t rows, std::int64_t columns, bool logarithm, DswView x, DswView y) {
  for_each_row(rows, [&](std::int64_t r) {
    const RowOf from(x, r), to(y, r);
    const LogSumExp lse = log_sum_exp(from, columns);
    for_each_column(columns, [&](std::int64_t c) {
      const float value = lse.log_probability(from.at(c));
      to.set(c, logarithm ? value : expf(value));
    });
  });
}
/// softmax: dx = y (dy - sum y dy); log-softmax: dx = dy - exp(y) sum dy.
__global__ void softmax_bwd_kernel(std::int64_t rows, std::int64_t columns, bool logarithm, DswView y, DswView dy, DswView dx) {
  for_each_row(rows, [&](std::int64_t r) {
    const RowOf value(y, r), gradient(dy, r), to(dx, r);
    float sum = 0;
    for_each_column(columns, [&](std::int64_t c) { sum += gradient.at(c) * (logarithm ? 1 : value.at(c)); });
    sum = block_sum(sum);
    for_each_column(columns, [&](std::int64_t c) {
      const float yi = value.at(c), gi = gradient.at(c);
      to.set(c, logarithm ? gi - expf(yi) * sum : yi * (gi - sum));
    });
  });
}

int forward(DswStream* stream, const char* name, bool logarithm, const DswView& x, const DswView& y) {
  if (!computable({&x, &y})) return DSW_UNSUPPORTED;
  return launch(stream, name, softmax_fwd_kernel, row_grid(row_count(x)), kRowThreads, 0, row_count(x), last_length(x), logarithm, x, y);
}
int backward(DswStream* stream, const char* name, bool logarithm, const DswView& y, const DswView& dy, const DswView& dx) {
  if (!computable({&y, &dy, &dx})) return DSW_UNSUPPORTED;
  return launch(stream, name, softmax_bwd_kernel, row_grid(row_count(y)), kRowThreads, 0, row_count(y), last_length(y), logarithm, y, dy,
                dx);
}
int softmax_fwd(DswStream* stream, DswView x, DswView y) { return forward(stream, "softmax_fwd", false, x, y); }
int softmax_bwd(DswStream* stream, DswView y, DswView dy, DswView dx) { return backward(stream, "softmax_bwd", false, y, dy, dx); }
int log_softmax_fwd(DswStream* stream, DswView x, DswView y) { return forward(stream, "log_softmax_fwd", true, x, y); }
int log_softmax_bwd(DswStream* stream, DswView y, DswView dy, DswView dx) { return backward(stream, "log_softmax_bwd", true, y, dy, dx); }

}  // namespace

void add_softmax(DswKernels& table) {
  table.softmax_fwd = softmax_fwd;
  table.softmax_bwd = softmax_bwd;
  table.log_softmax_fwd = log_softmax_fwd;
  table.log_softmax_bwd = log_softmax_bwd;
}

}  // namespace dsw::cuda
