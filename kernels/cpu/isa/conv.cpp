// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/conv.h"

#include "kernels/cpu/isa/table.h"
#include "kernels/cpu/isa/winograd.h"
#include "kernels/view.h"

namespace dsw::kernels::DSW_ISA {
namespace {

/// Whether tiles (winograd.h) can do this convolution and are faster; x and y may be gradients.
bool by_tiles(const DswConv& p, const DswView& x, const DswView& w, const DswView& bias, const DswView& y) {
  if (w.shape[2] != 3 || w.shape[3] != 3 || p.stride_h != 1 || p.stride_w != 1 || p.dilation_h != 1 || p.dilation_w != 1) return false;
  if (p.groups != 1 || p.pad_h < 0 || p.pad_h > 2 || p.pad_w < 0 || p.pad_w > 2 || elements(x) == 0 || elements(y) == 0) return false;
  for (const DswView* v : {&x, &w, &bias, &y}) {
    if (given(*v) && v->dtype != DSW_F32) return false;
  }
  if (x.stride[3] != 1 || y.stride[3] != 1 || !contiguous(w) || (given(bias) && !contiguous(bias))) return false;
  return winograd_pays(x.shape[1], y.shape[1]);
}

int conv2d_fwd(DswStream* stream, const DswConv* p, DswView x, DswView w, DswView bias, DswView y) {
  const int status =
      by_tiles(*p, x, w, bias, y) ? winograd(stream, WinogradProduct{x, w, bias, y, p->pad_h, p->pad_w, false}) : DSW_UNSUPPORTED;
  return status == DSW_UNSUPPORTED ? library::conv2d_fwd(stream, p, x, w, bias, y) : status;
}

int conv2d_bwd_data(DswStream* stream, const DswConv* p, DswView w, DswView dy, DswView dx) {
  const int status =
      by_tiles(*p, dy, w, {}, dx) ? winograd(stream, WinogradProduct{dy, w, {}, dx, 2 - p->pad_h, 2 - p->pad_w, true}) : DSW_UNSUPPORTED;
  return status == DSW_UNSUPPORTED ? library::conv2d_bwd_data(stream, p, w, dy, dx) : status;
}

int conv2d_bwd_weights(DswStream* stream, const DswConv* p, DswView x, DswView dy, DswView dw, DswView dbias) {
  const int status =
      by_tiles(*p, x, dw, dbias, dy) ? winograd(stream, WinogradWeights{x, dy, dw, dbias, p->pad_h, p->pad_w}) : DSW_UNSUPPORTED;
  return status == DSW_UNSUPPORTED ? library::conv2d_bwd_weights(stream, p, x, dy, dw, dbias) : status;
}

}  // namespace

void add_conv(DswKernels& table) {
  table.conv2d_fwd = conv2d_fwd;
  table.conv2d_bwd_data = conv2d_bwd_data;
  table.conv2d_bwd_weights = conv2d_bwd_weights;
}

}  // namespace dsw::kernels::DSW_ISA
