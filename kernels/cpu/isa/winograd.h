// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "kernels/kernel_table.h"

/// Convolutions with filters of 3 x 3 and stride 1 by tiles of 2 x 2 results: 16 multiplications a tile and pair of channels instead of 36.
/// Source: Lavin & Gray 2016, Fast Algorithms for Convolutional Neural Networks, sec. 4.1, F(2 x 2, 3 x 3): Y = A'[(G g G') . (B' d B)]A;
/// the gradient of the filter is its adjoint, dg = G'[(A dY A') . (B' d B)]G.
namespace dsw::kernels::DSW_ISA {

/// y [N, O, OH, OW] = convolution of x [N, C, H, W] with w [O, C, 3, 3]; backwards: with w [C, O, 3, 3], turned by 180 degrees.
/// Rows of pixels and w are dense, bias [O] dense or not given; pads are 0 … 2.
struct WinogradProduct {
  DswView x, w, bias, y;
  std::int64_t pad_h, pad_w;
  bool backwards;
};
/// dw [O, C, 3, 3] and dbias [O] (or not given) of a convolution of x that gave y, from dy.
struct WinogradWeights {
  DswView x, dy, dw, dbias;
  std::int64_t pad_h, pad_w;
};

/// Whether tiles of these channels fit the cache and are worth it.
bool winograd_pays(std::int64_t channels_in, std::int64_t channels_out);

/// DSW_UNSUPPORTED: a number is NaN or infinite, which the tiles would carry to neighbours that do not see it; the output is to be computed
/// in another way. Any tiles of a result: the same bits.
int winograd(DswStream* stream, const WinogradProduct& call);
int winograd(DswStream* stream, const WinogradWeights& call);

}  // namespace dsw::kernels::DSW_ISA
