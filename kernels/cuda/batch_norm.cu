// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/stream.h"

/// Batch normalisation over all but axis 1 of [B, C, …]; a block a channel. Source: Ioffe & Szegedy 2015.
namespace dsw::cuda {
namespace {

constexpr unsigned kChannelThreads = 256;

DSW_DEVICE bool is_given(const DswView& x) { return x.data != nullptr; }
DSW_DEVICE float value_or(const DswView& x, std::int64_t i, float otherwise) {
  return is_given(x) ? read<float>(x, i * x.stride[0]) : otherwise;
}
DSW_DEVICE void write_given(const DswView& x, std::int64_t i, float value) {
  if (is_given(x)) write(x, i * x.stride[0], value);
}
/// Offset of element i, in order, of channel c.
DSW_DEVICE std::int64_t channel_offset(const DswView& x, std::int64_t c, std::int64_t i) {
  std::int64_t offset = c * x.stride[1];
  for (int a = x.rank - 1; a >= 0; --a) {
    if (a == 1) continue;
    offset += i % x.shape[a] * x.stride[a];
    i /= x.shape[a];
  }
  return offset;
}

__global__ void batch_norm_fwd_kernel(std::int64_t count, DswView x, DswView weight, DswView bias, DswView running_mean,
                                      DswView running_var, float momentum, float eps, bool training, DswView y, DswView mean,
                                      DswView rstd) {
  const std::int64_t c = blockIdx.x;
  double m = value_or(running_mean, c, 0), variance = value_or(running_var, c, 1);
  if (training) {
    double sum = 0, square = 0;
    for_each_column(count, [&](std::int64_t i) { sum += read<double>(x, channel_offset(x, c, i)); });
    m = block_sum(sum) / static_cast<double>(count);
    for_each_column(count, [&](std::int64_t i) {
      const double d = read<double>(x, channel_offset(x, c, i)) - m;
      square += d * d;
    });
    square = block_sum(square);
    const double unbiased = square / static_cast<double>(count > 1 ? count - 1 : 1);
    variance = square / static_cast<double>(count);
    if (threadIdx.x == 0) {
      write_given(running_mean, c, (1 - momentum) * value_or(running_mean, c, 0) + momentum * static_cast<float>(m));
      write_given(running_var, c, (1 - momentum) * value_or(running_var, c, 0) + momentum * static_cast<float>(unbiased));
    }
  }
  const double r = 1 / sqrt(variance + static_cast<double>(eps));
  if (threadIdx.x == 0) {
    write_given(mean, c, static_cast<float>(m));
    write_given(rstd, c, static_cast<float>(r));
  }
  const auto slope = static_cast<float>(r) * value_or(weight, c, 1), centre = static_cast<float>(m), shift = value_or(bias, c, 0);
  for_each_column(count, [&](std::int64_t i) {
    write(y, channel_offset(y, c, i), (read<float>(x, channel_offset(x, c, i)) - centre) * slope + shift);
  });
}
int batch_norm_fwd(DswStream* stream, DswView x, DswView weight, DswView bias, DswView running_mean, DswView running_var, double momentum,
                   double eps, std::int32_t training, DswView y, DswView mean, DswView rstd) {
  if (!computable({&x, &weight, &bias, &running_mean, &running_var, &y, &mean, &rstd})) return DSW_UNSUPPORTED;
  if (elements(x) == 0) return DSW_OK;
  const std::int64_t C = x.shape[1];
  return launch(stream, "batch_norm_fwd", batch_norm_fwd_kernel, dim3(static_cast<unsigned>(C)), kChannelThreads, 0, elements(x) / C, x,
                weight, bias, running_mean, running_var, static_cast<float>(momentum), static_cast<float>(eps), training != 0, y, mean,
                rstd);
}

__global__ void batch_norm_bwd_kernel(std::int64_t count, DswView x, DswView weight, DswView mean, DswView rstd, bool training, DswView dy,
                                      DswView dx, DswView dweight, DswView dbias) {
  const std::int64_t c = blockIdx.x;
  const float m = value_or(mean, c, 0), r = value_or(rstd, c, 1), w = value_or(weight, c, 1);
  double g_sum = 0, gh_sum = 0;
  for_each_column(count, [&](std::int64_t i) {
    const float g = read<float>(dy, channel_offset(dy, c, i));
    g_sum += g;
    gh_sum += g * (read<float>(x, channel_offset(x, c, i)) - m) * r;
  });
  g_sum = block_sum(g_sum);
  gh_sum = block_sum(gh_sum);
  if (threadIdx.x == 0) {
    write_given(dweight, c, static_cast<float>(gh_sum));
    write_given(dbias, c, static_cast<float>(g_sum));
  }
  if (!is_given(dx)) return;
  const float g_mean = training ? static_cast<float>(g_sum / static_cast<double>(count)) : 0;
  const float gh_mean = training ? static_cast<float>(gh_sum / static_cast<double>(count)) : 0;
  for_each_column(count, [&](std::int64_t i) {
    const float g = read<float>(dy, channel_offset(dy, c, i)), h = (read<float>(x, channel_offset(x, c, i)) - m) * r;
    write(dx, channel_offset(dx, c, i), w * r * (g - g_mean - h * gh_mean));
  });
}
int batch_norm_bwd(DswStream* stream, DswView x, DswView weight, DswView mean, DswView rstd, std::int32_t training, DswView dy, DswView dx,
                   DswView dweight, DswView dbias) {
  if (!computable({&x, &weight, &mean, &rstd, &dy, &dx, &dweight, &dbias})) return DSW_UNSUPPORTED;
  const std::int64_t C = x.shape[1];
  return launch(stream, "batch_norm_bwd", batch_norm_bwd_kernel, dim3(static_cast<unsigned>(C)), kChannelThreads, 0,
                C == 0 ? 0 : elements(x) / C, x, weight, mean, rstd, training != 0, dy, dx, dweight, dbias);
}

}  // namespace

void add_batch_norm(DswKernels& table) {
  table.batch_norm_fwd = batch_norm_fwd;
  table.batch_norm_bwd = batch_norm_bwd;
}

}  // namespace dsw::cuda
