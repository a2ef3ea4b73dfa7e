// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/dtype.h"

namespace dsw {

std::size_t dtype_bytes(DType dtype) {
  switch (dtype) {
    case DType::F64:
    case DType::I64:
      return 8;
    case DType::F32:
    case DType::I32:
      return 4;
    case DType::BF16:
    case DType::F16:
      return 2;
    case DType::U8:
    case DType::Bool:
    case DType::E4M3:
    case DType::E5M2:
      return 1;
  }
  return 0;
}

const char* dtype_name(DType dtype) {
  switch (dtype) {
    case DType::F32:
      return "float32";
    case DType::F64:
      return "float64";
    case DType::BF16:
      return "bfloat16";
    case DType::F16:
      return "float16";
    case DType::I32:
      return "int32";
    case DType::I64:
      return "int64";
    case DType::U8:
      return "uint8";
    case DType::Bool:
      return "bool";
    case DType::E4M3:
      return "float8-e4m3";
    case DType::E5M2:
      return "float8-e5m2";
  }
  return "unknown";
}

bool dtype_is_float(DType dtype) { return dtype != DType::I32 && dtype != DType::I64 && dtype != DType::U8 && dtype != DType::Bool; }

}  // namespace dsw
