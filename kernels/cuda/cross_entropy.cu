// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/softmax_row.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {
namespace {

/// The class of row n; one that is too large is left out, as those below 0 are.
DSW_DEVICE std::int64_t class_of(const DswView& target, std::int64_t n) {
  return load(data<const std::int32_t>(target) + n * target.stride[0]);
}

/// A block a row: its log sum exp and its own loss, 0 where it is left out.
__global__ void row_loss_kernel(DswView x, DswView target, float smoothing, DswView row_lse, float* losses, unsigned* complaints) {
  const std::int64_t K = x.shape[1];
  for_each_row(x.shape[0], [&](std::int64_t n) {
    const RowOf row(x, n);
    const LogSumExp lse = log_sum_exp(row, K);
    float sum = 0;
    if (smoothing != 0) {
      for_each_column(K, [&](std::int64_t k) { sum += row.at(k); });
      sum = block_sum(sum);
    }
    if (threadIdx.x != 0) return;
    const std::int64_t t = class_of(target, n);
    write(row_lse, n * row_lse.stride[0], lse.value());
    if (t >= K) complain(complaints, Complaint::Class);
    const float of_mean = smoothing != 0 ? smoothing * lse.log_probability(sum / static_cast<float>(K)) : 0;
    store(losses + n, t < 0 || t >= K ? 0 : -((1 - smoothing) * lse.log_probability(row.at(t)) + of_mean));
  });
}
/// One block: the mean of the losses of counted rows.
__global__ void mean_loss_kernel(std::int64_t rows, std::int64_t K, const float* losses, DswView target, DswView loss, DswView count) {
  double total = 0;
  int counted = 0;
  for_each_column(rows, [&](std::int64_t n) {
    total += load(losses + n);
    const std::int64_t t = class_of(target, n);
    counted += t >= 0 && t < K ? 1 : 0;
  });
  total = block_sum(total);
  counted = block_sum(counted);
  if (threadIdx.x != 0) return;
  write(loss, 0, counted == 0 ? 0.0 : total / counted);
  store(data<std::int64_t>(count), static_cast<std::int64_t>(counted));
}
int cross_entropy_fwd(DswStream* stream, DswView x, DswView target, double smoothing, DswView loss, DswView row_lse, DswView count) {
  if (!computable({&x, &loss, &row_lse}) || target.dtype != DSW_I32) return DSW_UNSUPPORTED;
  const std::int64_t N = x.shape[0];
  const Scratch<float> losses(stream, N);
  if (losses.status() != DSW_OK) return losses.status();
  const int status = launch(stream, "cross_entropy_fwd", row_loss_kernel, row_grid(N), kRowThreads, 0, x, target,
                            static_cast<float>(smoothing), row_lse, losses.data(), stream_of(stream).complaints_on_device);
  if (status != DSW_OK) return status;
  return launch(stream, "cross_entropy_fwd", mean_loss_kernel, 1, kRowThreads, 0, N, x.shape[1], losses.data(), target, loss, count);
}

/// dx[n, k] = dloss / count (p[k] - (1 - s) [k = target] - s / K); 0 for rows left out.
__global__ void cross_entropy_bwd_kernel(DswView x, DswView target, double smoothing, DswView row_lse, DswView count, DswView dloss,
                                         DswView dx) {
  const std::int64_t K = x.shape[1], counted = load(data<const std::int64_t>(count));
  const float scale = counted == 0 ? 0 : read<float>(dloss, 0) / static_cast<float>(counted),
              share = static_cast<float>(smoothing / static_cast<double>(K));
  for_each_row(x.shape[0], [&](std::int64_t n) {
    const RowOf row(x, n), to(dx, n);
    const std::int64_t t = class_of(target, n);
    const float lse = read<float>(row_lse, n * row_lse.stride[0]);
    for_each_column(K, [&](std::int64_t k) {
      const float p = expf(row.at(k) - lse);
      // Of the target in double, because there the numbers may cancel.
      const float difference = k == t ? static_cast<float>(p - (1 - smoothing) - smoothing / static_cast<double>(K)) : p - share;
      to.set(k, t < 0 || t >= K ? 0 : scale * difference);
    });
  });
}
int cross_entropy_bwd(DswStream* stream, DswView x, DswView target, double smoothing, DswView row_lse, DswView count, DswView dloss,
                      DswView dx) {
  if (!computable({&x, &row_lse, &dloss, &dx}) || target.dtype != DSW_I32) return DSW_UNSUPPORTED;
  return launch(stream, "cross_entropy_bwd", cross_entropy_bwd_kernel, row_grid(x.shape[0]), kRowThreads, 0, x, target, smoothing, row_lse,
                count, dloss, dx);
}

}  // namespace

void add_cross_entropy(DswKernels& table) {
  table.cross_entropy_fwd = cross_entropy_fwd;
  table.cross_entropy_bwd = cross_entropy_bwd;
}

}  // namespace dsw::cuda
