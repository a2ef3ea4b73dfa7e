// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/table.h"
#include "kernels/cpu/isa/walk.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

/// The settings as the loop reads them.
struct AdamW {
  explicit AdamW(const DswAdamW& p)
      : beta1(static_cast<float>(p.beta1)),
        beta2(static_cast<float>(p.beta2)),
        grad_scale(static_cast<float>(p.grad_scale)),
        rest1(static_cast<float>(1 - p.beta1)),
        rest2(static_cast<float>(1 - p.beta2)),
        step(static_cast<float>(p.lr / p.bias1)),
        root(static_cast<float>(1 / std::sqrt(p.bias2))),
        eps(static_cast<float>(p.eps)),
        decay(static_cast<float>(p.lr * p.weight_decay)) {}

  /// Elements [begin, end) of one parameter; `rate` is `decay` or 0.
  void run(float* wp, const float* gp, float* mp, float* vp, std::int64_t begin, std::int64_t end, float rate) const {
    for (std::int64_t i = begin; i < end; i += kWidth) {
      const std::int64_t n = end - i;
      const Vec gi = load_first(gp + i, n) * grad_scale, wi = load_first(wp + i, n);
      const Vec mi = beta1 * load_first(mp + i, n) + rest1 * gi, vi = beta2 * load_first(vp + i, n) + rest2 * (gi * gi);
      store_first(mp + i, mi, n);
      store_first(vp + i, vi, n);
      store_first(wp + i, wi - (step * mi / (sqrt(vi) * root + eps) + rate * wi), n);
    }
  }

  float beta1, beta2, grad_scale, rest1, rest2, step, root, eps, decay;
};
constexpr double kAdamWCost = 0.6;  // nanoseconds an element

int adamw(DswStream* stream, const DswAdamW* p, DswView w, DswView g, DswView m, DswView v) {
  if (!all_float32({&w, &g, &m, &v})) return dsw_reference_kernels()->adamw(stream, p, w, g, m, v);
  const AdamW settings(*p);
  parallel_for(stream, elements(w), kAdamWCost, kWidth, [&](std::int64_t begin, std::int64_t end, int) {
    settings.run(data<float>(w), data<float>(g), data<float>(m), data<float>(v), begin, end, settings.decay);
  });
  return DSW_OK;
}

/// Threads share all elements as if the pieces lay behind each other.
int adamw_many(DswStream* stream, const DswAdamWMany* many) {
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < many->count; ++i) {
    const DswAdamWPiece& piece = many->pieces[i];
    if (!all_float32({&piece.w, &piece.g, &piece.m, &piece.v})) return dsw_reference_kernels()->adamw_many(stream, many);
    total += elements(piece.w);
  }
  const AdamW settings(many->settings);
  parallel_for(stream, total, kAdamWCost, kWidth, [&](std::int64_t begin, std::int64_t end, int) {
    std::int64_t first = 0;
    for (std::int64_t i = 0; i < many->count && first < end; ++i) {
      const DswAdamWPiece& piece = many->pieces[i];
      const std::int64_t n = elements(piece.w), from = std::max<std::int64_t>(begin - first, 0), to = std::min(end - first, n);
      if (from < to) {
        settings.run(data<float>(piece.w), data<float>(piece.g), data<float>(piece.m), data<float>(piece.v), from, to,
                     piece.decay != 0 ? settings.decay : 0.0f);
      }
      first += n;
    }
  });
  return DSW_OK;
}

int sgd(DswStream* stream, const DswSgd* p, DswView w, DswView g, DswView momentum) {
  if (!all_float32({&w, &g, &momentum})) return dsw_reference_kernels()->sgd(stream, p, w, g, momentum);
  const float lr = static_cast<float>(p->lr), mu = static_cast<float>(p->momentum), decay = static_cast<float>(p->weight_decay);
  const float rest = static_cast<float>(1 - p->dampening), grad_scale = static_cast<float>(p->grad_scale);
  const bool first = p->first != 0, nesterov = p->nesterov != 0;
  float *wp = data<float>(w), *bp = data<float>(momentum);
  const float* gp = data<float>(g);
  parallel_for(stream, elements(w), 0.4, kWidth, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; i += kWidth) {
      const std::int64_t n = end - i;
      const Vec wi = load_first(wp + i, n);
      Vec d = load_first(gp + i, n) * grad_scale + decay * wi;
      if (bp != nullptr) {
        const Vec b = first ? d : mu * load_first(bp + i, n) + rest * d;
        store_first(bp + i, b, n);
        d = nesterov ? d + mu * b : b;
      }
      store_first(wp + i, wi - lr * d, n);
    }
  });
  return DSW_OK;
}

}  // namespace

void add_optimizer(DswKernels& table) {
  table.adamw = adamw;
  table.adamw_many = adamw_many;
  table.sgd = sgd;
}

}  // namespace dsw::kernels::DSW_ISA
