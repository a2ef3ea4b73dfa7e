// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/float_copies.h"

#include <algorithm>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/view.h"

namespace dsw::kernels {
namespace {

bool narrower(const DswView& x) { return given(x) && x.dtype != DSW_F32; }
std::size_t bytes_of(const DswView& x) { return (static_cast<std::size_t>(elements(x)) * sizeof(float) + 63) / 64 * 64; }

/// A float32 view of `memory` without gaps, its axes in x's order.
DswView dense_copy(const DswView& x, void* memory) {
  DswView wide = x;
  wide.data = memory;
  wide.dtype = DSW_F32;
  int axes[DSW_MAX_RANK];  // by stride, the longest first; equal ones keep their order
  for (int a = 0; a < x.rank; ++a) {
    int at = a;
    for (; at > 0 && x.stride[axes[at - 1]] < x.stride[a]; --at) axes[at] = axes[at - 1];
    axes[at] = a;
  }
  std::int64_t step = 1;
  for (int i = x.rank - 1; i >= 0; --i) {
    wide.stride[axes[i]] = step;
    step *= x.shape[axes[i]];
  }
  return wide;
}

}  // namespace

FloatCopies::FloatCopies(DswStream* stream, std::initializer_list<DswView*> inputs, std::initializer_list<DswView*> outputs)
    : stream_(stream) {
  std::size_t bytes = 0;
  for (const auto& views : {inputs, outputs}) {
    for (const DswView* view : views) bytes += narrower(*view) ? bytes_of(*view) : 0;
  }
  char* memory = static_cast<char*>(stream->scratch(stream->threads() + 1, bytes));
  if (memory == nullptr) status_ = DSW_OUT_OF_MEMORY;
  const auto replace = [&](DswView& view) {
    const DswView wide = dense_copy(view, memory);
    memory += bytes_of(view);
    view = wide;
  };
  for (DswView* view : inputs) {
    if (status_ != DSW_OK || !narrower(*view)) continue;
    const DswView ours = *view;
    replace(*view);
    status_ = dsw_cpu_kernels()->copy(stream, ours, *view);
  }
  for (DswView* view : outputs) {
    if (status_ != DSW_OK || !narrower(*view)) continue;
    outputs_[count_].ours = *view;
    replace(*view);
    outputs_[count_++].wide = *view;
  }
}

int FloatCopies::finish(int status) const {
  for (int i = 0; i < count_ && status == DSW_OK; ++i) status = dsw_cpu_kernels()->copy(stream_, outputs_[i].wide, outputs_[i].ours);
  return status;
}

bool FloatCopies::none_needed(std::initializer_list<const DswView*> views) {
  return std::none_of(views.begin(), views.end(), [](const DswView* view) { return narrower(*view); });
}

bool FloatCopies::possible(std::initializer_list<const DswView*> views) {
  return std::all_of(views.begin(), views.end(),
                     [](const DswView* view) { return !narrower(*view) || view->dtype == DSW_BF16 || view->dtype == DSW_F16; });
}

bool multiplies_bfloat16() {
#ifdef DSW_X86_LEVELS
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16") && dsw_cpu_kernels_of("AVX-512") != nullptr;
#else
  return false;
#endif
}

}  // namespace dsw::kernels
