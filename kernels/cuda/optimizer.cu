// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/stream.h"

/// Optimiser steps over contiguous tensors, in place. Sources: Loshchilov & Hutter 2019 algorithm 2; Sutskever et al. 2013.
namespace dsw::cuda {
namespace {

struct AdamW {
  float lr, beta1, beta2, fresh1, fresh2, eps, weight_decay, bias1, bias2,
      grad_scale;  // fresh: 1 - beta, which float32 cannot subtract well
};
AdamW narrowed(const DswAdamW& p) {
  const auto f = [](double x) { return static_cast<float>(x); };
  return {f(p.lr),  f(p.beta1),        f(p.beta2), f(1 - p.beta1), f(1 - p.beta2),
          f(p.eps), f(p.weight_decay), f(p.bias1), f(p.bias2),     f(p.grad_scale)};
}

/// Contiguous numbers of any float dtype, smaller than a view: many fit into the arguments of a launch.
struct Numbers {
  void* start;
  std::int32_t dtype;
  DSW_DEVICE DswView view() const {
    DswView v;
    v.data = start;
    v.dtype = dtype;
    return v;
  }
};
struct Piece {
  Numbers w, g, m, v;
  std::int64_t count;
  bool decay;
};
constexpr int kPieces = 40;  // of at most 4 KiB of arguments
struct Pieces {
  Piece piece[kPieces];
};

/// One step of piece blockIdx.y: m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g²; w -= lr ((m / bias1) / (sqrt(v / bias2) + eps) + decay w).
__global__ void adamw_kernel(AdamW p, Pieces pieces) {
  const Piece& piece = pieces.piece[blockIdx.y];
  const DswView w = piece.w.view(), g = piece.g.view(), m = piece.m.view(), v = piece.v.view();
  for_each_of_grid(piece.count, [&](std::int64_t i) {
    const float gi = read<float>(g, i) * p.grad_scale, wi = read<float>(w, i);
    const float mi = p.beta1 * read<float>(m, i) + p.fresh1 * gi, vi = p.beta2 * read<float>(v, i) + p.fresh2 * gi * gi;
    write(m, i, mi);
    write(v, i, vi);
    write(w, i, wi - p.lr * (mi / p.bias1 / (sqrtf(vi / p.bias2) + p.eps) + (piece.decay ? p.weight_decay : 0) * wi));
  });
}

int adamw_many(DswStream* stream, const DswAdamWMany* many) {
  Pieces pieces;
  int filled = 0;
  std::int64_t longest = 0;
  for (std::int64_t i = 0; i < many->count; ++i) {
    const DswAdamWPiece& piece = many->pieces[i];
    if (!computable({&piece.w, &piece.g, &piece.m, &piece.v})) return DSW_UNSUPPORTED;
    const auto numbers = [](const DswView& x) { return Numbers{x.data, x.dtype}; };
    const std::int64_t count = elements(piece.w);
    pieces.piece[filled++] = {numbers(piece.w), numbers(piece.g), numbers(piece.m), numbers(piece.v), count, piece.decay != 0};
    longest = longest > count ? longest : count;
    if (filled < kPieces && i + 1 < many->count) continue;
    const dim3 grid(element_grid(longest).x, static_cast<unsigned>(filled));
    const int status = launch(stream, "adamw", adamw_kernel, grid, kElementThreads, 0, narrowed(many->settings), pieces);
    if (status != DSW_OK) return status;
    filled = 0;
    longest = 0;
  }
  return DSW_OK;
}
int adamw(DswStream* stream, const DswAdamW* p, DswView w, DswView g, DswView m, DswView v) {
  const DswAdamWPiece piece{w, g, m, v, 1};
  const DswAdamWMany one{*p, &piece, 1};
  return adamw_many(stream, &one);
}

struct Sgd {
  float lr, momentum, weight_decay, fresh, grad_scale;  // fresh: 1 - dampening
  bool nesterov, first;
};
__global__ void sgd_kernel(std::int64_t count, Sgd p, DswView w, DswView g, DswView momentum) {
  for_each_of_grid(count, [&](std::int64_t i) {
    const float wi = read<float>(w, i);
    float d = read<float>(g, i) * p.grad_scale + p.weight_decay * wi;
    if (momentum.data != nullptr) {
      const float b = p.first ? d : p.momentum * read<float>(momentum, i) + p.fresh * d;
      write(momentum, i, b);
      d = p.nesterov ? d + p.momentum * b : b;
    }
    write(w, i, wi - p.lr * d);
  });
}
int sgd(DswStream* stream, const DswSgd* p, DswView w, DswView g, DswView momentum) {
  if (!computable({&w, &g, &momentum})) return DSW_UNSUPPORTED;
  const auto f = [](double x) { return static_cast<float>(x); };
  const Sgd settings{f(p->lr), f(p->momentum), f(p->weight_decay), f(1 - p->dampening), f(p->grad_scale), p->nesterov != 0, p->first != 0};
  const std::int64_t count = elements(w);
  return launch(stream, "sgd", sgd_kernel, element_grid(count), kElementThreads, 0, count, settings, w, g, momentum);
}

}  // namespace

void add_optimizer(DswKernels& table) {
  table.adamw = adamw;
  table.adamw_many = adamw_many;
  table.sgd = sgd;
}

}  // namespace dsw::cuda
