// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/table.h"
#include "kernels/cpu/isa/walk.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

int adamw(DswStream* stream, const DswAdamW* p, DswView w, DswView g, DswView m, DswView v) {
  if (!all_float32({&w, &g, &m, &v})) return dsw_reference_kernels()->adamw(stream, p, w, g, m, v);
  const float beta1 = static_cast<float>(p->beta1), beta2 = static_cast<float>(p->beta2), grad_scale = static_cast<float>(p->grad_scale);
  const float rest1 = static_cast<float>(1 - p->beta1), rest2 = static_cast<float>(1 - p->beta2);
  const float step = static_cast<float>(p->lr / p->bias1), root = static_cast<float>(1 / std::sqrt(p->bias2)),
              eps = static_cast<float>(p->eps);
  const float decay = static_cast<float>(p->lr * p->weight_decay);
  float *wp = data<float>(w), *mp = data<float>(m), *vp = data<float>(v);
  const float* gp = data<float>(g);
  parallel_for(stream, elements(w), 0.6, kWidth, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; i += kWidth) {
      const std::int64_t n = end - i;
      const Vec gi = load_first(gp + i, n) * grad_scale, wi = load_first(wp + i, n);
      const Vec mi = beta1 * load_first(mp + i, n) + rest1 * gi, vi = beta2 * load_first(vp + i, n) + rest2 * (gi * gi);
      store_first(mp + i, mi, n);
      store_first(vp + i, vi, n);
      store_first(wp + i, wi - (step * mi / (sqrt(vi) * root + eps) + decay * wi), n);
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
  table.sgd = sgd;
}

}  // namespace dsw::kernels::DSW_ISA
