// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/checks.h"
#include "kernels/cuda/columns.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/stream.h"

/// Convolutions as matrix products whose operands are never written: each of the three passes is c [M, N] = a [M, K] b [K, N] a group, and
/// a thread block computes a tile of c from tiles of a and b that its threads fetch into shared memory. float32 sums in order of k.
namespace dsw::cuda {
namespace {

constexpr int kTile = 32, kDepth = 16, kThreadsOfTile = 256, kOutputs = kTile * kTile / kThreadsOfTile;

/// a(m, k) and b(k, n) are 0 outside the matrices; done(m, n, sum) is called within them.
template <class A, class B, class Done>
DSW_DEVICE void product_tile(std::int64_t M, std::int64_t N, std::int64_t K, A&& a, B&& b, Done&& done) {
  __shared__ float left[kDepth][kTile + 1], right[kDepth][kTile + 1];  // one more: neighbours of a column lie in different banks
  const std::int64_t m0 = static_cast<std::int64_t>(blockIdx.y) * kTile, n0 = static_cast<std::int64_t>(blockIdx.x) * kTile;
  const int thread = static_cast<int>(threadIdx.x), column = thread % kTile, row = thread / kTile;
  float sums[kOutputs] = {};
  for (std::int64_t k0 = 0; k0 < K; k0 += kDepth) {
    for (int i = thread; i < kDepth * kTile; i += kThreadsOfTile) {
      const int depth = i % kDepth, m = i / kDepth;
      left[depth][m] = m0 + m < M && k0 + depth < K ? a(m0 + m, k0 + depth) : 0;
    }
    for (int i = thread; i < kDepth * kTile; i += kThreadsOfTile) {
      const int n = i % kTile, depth = i / kTile;
      right[depth][n] = n0 + n < N && k0 + depth < K ? b(k0 + depth, n0 + n) : 0;
    }
    if (!DSW_PLANTED(tile_before_it_is_filled)) __syncthreads();
    for (int depth = 0; depth < kDepth; ++depth)
      for (int o = 0; o < kOutputs; ++o) sums[o] += left[depth][row + o * kTile / kOutputs] * right[depth][column];
    if (!DSW_PLANTED(tile_over_the_last)) __syncthreads();
  }
  for (int o = 0; o < kOutputs; ++o) {
    const std::int64_t m = m0 + row + o * kTile / kOutputs, n = n0 + column;
    if (m < M && n < N) done(m, n, sums[o]);
  }
}
dim3 tiles(std::int64_t M, std::int64_t N, std::int64_t groups) {
  return dim3(static_cast<unsigned>((N + kTile - 1) / kTile), static_cast<unsigned>((M + kTile - 1) / kTile),
              static_cast<unsigned>(groups));
}

/// The tensors of a convolution and a group's share of them.
struct Conv {
  DswConv p;
  DswView x, w, bias, y;  // y also stands for dy, x for dx, w for dw
  std::int64_t C, O;      // input and output channels of a group

  /// x at the place that output (i, j) and tap (r, s) meet; 0 in the padding.
  DSW_DEVICE float input(std::int64_t b, std::int64_t c, std::int64_t i, std::int64_t j, std::int64_t r, std::int64_t s) const {
    const std::int64_t h = i * p.stride_h - p.pad_h + r * p.dilation_h, v = j * p.stride_w - p.pad_w + s * p.dilation_w;
    if (h < 0 || h >= x.shape[2] || v < 0 || v >= x.shape[3]) return 0;
    return read<float>(x, b * x.stride[0] + c * x.stride[1] + h * x.stride[2] + v * x.stride[3]);
  }
  /// y at the output whose tap (r, s) meets input (h, v); 0 where none does.
  DSW_DEVICE float output(std::int64_t b, std::int64_t o, std::int64_t h, std::int64_t v, std::int64_t r, std::int64_t s) const {
    const std::int64_t i = h + p.pad_h - r * p.dilation_h, j = v + p.pad_w - s * p.dilation_w;
    if (i < 0 || i % p.stride_h != 0 || i / p.stride_h >= y.shape[2] || j < 0 || j % p.stride_w != 0 || j / p.stride_w >= y.shape[3])
      return 0;
    return read<float>(y, y_at(b, o, i / p.stride_h, j / p.stride_w));
  }
  DSW_DEVICE std::int64_t y_at(std::int64_t b, std::int64_t o, std::int64_t i, std::int64_t j) const {
    return b * y.stride[0] + o * y.stride[1] + i * y.stride[2] + j * y.stride[3];
  }
  DSW_DEVICE std::int64_t w_at(std::int64_t o, std::int64_t c, std::int64_t r, std::int64_t s) const {
    return o * w.stride[0] + c * w.stride[1] + r * w.stride[2] + s * w.stride[3];
  }
};
/// A number over channels and taps (of C or O channels), or over pictures and their places, taken apart.
struct Tap {
  std::int64_t channel, r, s;
};
DSW_DEVICE Tap tap_of(const DswView& w, std::int64_t k) {
  const std::int64_t R = w.shape[2], S = w.shape[3];
  return {k / S / R, k / S % R, k % S};
}
struct Pixel {
  std::int64_t b, i, j;
};
DSW_DEVICE Pixel pixel_of(const DswView& picture, std::int64_t n) {
  const std::int64_t H = picture.shape[2], W = picture.shape[3];
  return {n / W / H, n / W % H, n % W};
}

/// y [O, pixels] = w [O, C R S] x [C R S, pixels]
__global__ void conv2d_fwd_kernel(std::int64_t N, std::int64_t K, Conv conv) {
  const std::int64_t group = blockIdx.z, first_c = group * conv.C, first_o = group * conv.O;
  product_tile(
      conv.O, N, K,
      [&](std::int64_t o, std::int64_t k) {
        const Tap tap = tap_of(conv.w, k);
        return read<float>(conv.w, conv.w_at(first_o + o, tap.channel, tap.r, tap.s));
      },
      [&](std::int64_t k, std::int64_t n) {
        const Tap tap = tap_of(conv.w, k);
        const Pixel at = pixel_of(conv.y, n);
        return conv.input(at.b, first_c + tap.channel, at.i, at.j, tap.r, tap.s);
      },
      [&](std::int64_t o, std::int64_t n, float sum) {
        const Pixel at = pixel_of(conv.y, n);
        const float bias = conv.bias.data != nullptr ? read<float>(conv.bias, (first_o + o) * conv.bias.stride[0]) : 0;
        write(conv.y, conv.y_at(at.b, first_o + o, at.i, at.j), sum + bias);
      });
}
/// dx [C, pixels] = wᵀ [C, O R S] dy [O R S, pixels]
__global__ void conv2d_bwd_data_kernel(std::int64_t N, std::int64_t K, Conv conv) {
  const std::int64_t group = blockIdx.z, first_c = group * conv.C, first_o = group * conv.O;
  product_tile(
      conv.C, N, K,
      [&](std::int64_t c, std::int64_t k) {
        const Tap tap = tap_of(conv.w, k);
        return read<float>(conv.w, conv.w_at(first_o + tap.channel, c, tap.r, tap.s));
      },
      [&](std::int64_t k, std::int64_t n) {
        const Tap tap = tap_of(conv.w, k);
        const Pixel at = pixel_of(conv.x, n);
        return conv.output(at.b, first_o + tap.channel, at.i, at.j, tap.r, tap.s);
      },
      [&](std::int64_t c, std::int64_t n, float sum) {
        const Pixel at = pixel_of(conv.x, n);
        const DswView& x = conv.x;
        write(x, at.b * x.stride[0] + (first_c + c) * x.stride[1] + at.i * x.stride[2] + at.j * x.stride[3], sum);
      });
}
/// dw [O, C R S] = dy [O, pixels] xᵀ [pixels, C R S]
__global__ void conv2d_bwd_weights_kernel(std::int64_t N, std::int64_t K, Conv conv) {
  const std::int64_t group = blockIdx.z, first_c = group * conv.C, first_o = group * conv.O;
  product_tile(
      conv.O, N, K,
      [&](std::int64_t o, std::int64_t k) {
        const Pixel at = pixel_of(conv.y, k);
        return read<float>(conv.y, conv.y_at(at.b, first_o + o, at.i, at.j));
      },
      [&](std::int64_t k, std::int64_t n) {
        const Pixel at = pixel_of(conv.y, k);
        const Tap tap = tap_of(conv.w, n);
        return conv.input(at.b, first_c + tap.channel, at.i, at.j, tap.r, tap.s);
      },
      [&](std::int64_t o, std::int64_t n, float sum) {
        const Tap tap = tap_of(conv.w, n);
        write(conv.w, conv.w_at(first_o + o, tap.channel, tap.r, tap.s), sum);
      });
}
__global__ void conv2d_dbias_kernel(std::int64_t pixels, DswView dy, DswView dbias) {
  column_sums<1>(
      pixels, dy.shape[1],
      [&](std::int64_t n, std::int64_t o, double(&sums)[1]) {
        const Pixel at = pixel_of(dy, n);
        sums[0] += read<double>(dy, at.b * dy.stride[0] + o * dy.stride[1] + at.i * dy.stride[2] + at.j * dy.stride[3]);
      },
      [&](std::int64_t o, const double(&sums)[1]) { write(dbias, o * dbias.stride[0], sums[0]); });
}

Conv conv_of(const DswConv& p, const DswView& x, const DswView& w, const DswView& bias, const DswView& y) {
  return {p, x, w, bias, y, w.shape[1], w.shape[0] / p.groups};
}
std::int64_t pixels_of(const DswView& picture) { return picture.shape[0] * picture.shape[2] * picture.shape[3]; }

int conv2d_fwd(DswStream* stream, const DswConv* p, DswView x, DswView w, DswView bias, DswView y) {
  if (!computable({&x, &w, &bias, &y})) return DSW_UNSUPPORTED;
  const Conv conv = conv_of(*p, x, w, bias, y);
  const std::int64_t N = pixels_of(y), K = conv.C * w.shape[2] * w.shape[3];
  return launch(stream, "conv2d_fwd", conv2d_fwd_kernel, tiles(conv.O, N, p->groups), kThreadsOfTile, 0, N, K, conv);
}
int conv2d_bwd_data(DswStream* stream, const DswConv* p, DswView w, DswView dy, DswView dx) {
  if (!computable({&w, &dy, &dx})) return DSW_UNSUPPORTED;
  const Conv conv = conv_of(*p, dx, w, {}, dy);
  const std::int64_t N = pixels_of(dx), K = conv.O * w.shape[2] * w.shape[3];
  return launch(stream, "conv2d_bwd_data", conv2d_bwd_data_kernel, tiles(conv.C, N, p->groups), kThreadsOfTile, 0, N, K, conv);
}
int conv2d_bwd_weights(DswStream* stream, const DswConv* p, DswView x, DswView dy, DswView dw, DswView dbias) {
  if (!computable({&x, &dy, &dw, &dbias})) return DSW_UNSUPPORTED;
  const Conv conv = conv_of(*p, x, dw, {}, dy);
  const std::int64_t N = conv.C * dw.shape[2] * dw.shape[3], K = pixels_of(dy);
  const int status =
      launch(stream, "conv2d_bwd_weights", conv2d_bwd_weights_kernel, tiles(conv.O, N, p->groups), kThreadsOfTile, 0, N, K, conv);
  if (status != DSW_OK || !given(dbias)) return status;
  return launch(stream, "conv2d_bwd_weights", conv2d_dbias_kernel, column_grid(dy.shape[1]), column_threads(), 0, K, dy, dbias);
}

}  // namespace

void add_conv(DswKernels& table) {
  table.conv2d_fwd = conv2d_fwd;
  table.conv2d_bwd_data = conv2d_bwd_data;
  table.conv2d_bwd_weights = conv2d_bwd_weights;
}

}  // namespace dsw::cuda
