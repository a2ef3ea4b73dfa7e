// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/precision.h"

#include <algorithm>

namespace dsw {

DType wide_dtype(DType dtype) { return dtype == DType::F64 ? DType::F64 : DType::F32; }

Compute compute_of_precision(const std::string& precision) {
  if (precision == "float8") return {DType::BF16, true};
  return precision == "bfloat16" ? DType::BF16 : precision == "float16" ? DType::F16 : DType::F32;
}

bool offers_precision(const DeviceInfo& info, const std::string& precision) {
  return precision == "auto" || std::find(info.precisions.begin(), info.precisions.end(), precision) != info.precisions.end();
}

std::vector<std::string> precisions_of_run(const DeviceInfo& info, const std::string& asked) {
  if (asked != "auto") return {asked};
  const auto last = std::find(info.precisions.begin(), info.precisions.end(), "float32");
  std::vector<std::string> list;
  for (const char* name : {"float16", "bfloat16"})
    if (std::find(info.precisions.begin(), last, name) != last) list.emplace_back(name);
  list.emplace_back("float32");
  return list;
}

}  // namespace dsw
