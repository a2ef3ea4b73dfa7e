// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <initializer_list>

#include "kernels/kernel_table.h"
#include "kernels/view.h"

/// What the host looks at before a launch.
namespace dsw::cuda {

using kernels::contiguous;
using kernels::elements;
using kernels::given;
using kernels::last_length;
using kernels::row_count;

/// float32, bfloat16 and float16, in which our kernels compute; views that are not given do not count. float64 is the CPU's.
inline bool computable(std::initializer_list<const DswView*> views) {
  for (const DswView* v : views)
    if (given(*v) && v->dtype != DSW_F32 && v->dtype != DSW_BF16 && v->dtype != DSW_F16) return false;
  return true;
}
/// Element i of each lies at offset i.
inline bool flat(std::initializer_list<const DswView*> views) {
  for (const DswView* v : views)
    if (given(*v) && !contiguous(*v)) return false;
  return true;
}

}  // namespace dsw::cuda
