// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/precision.h"

#include <algorithm>

namespace dsw {

DType wide_dtype(DType dtype) { return dtype == DType::F64 ? DType::F64 : DType::F32; }

DType dtype_of_precision(const std::string& precision) { return precision == "bfloat16" ? DType::BF16 : DType::F32; }

bool offers_precision(const DeviceInfo& info, const std::string& precision) {
  return precision == "auto" || std::find(info.precisions.begin(), info.precisions.end(), precision) != info.precisions.end();
}

}  // namespace dsw
