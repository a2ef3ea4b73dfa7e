// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernels/kernel_table.h"

namespace dsw {
enum class DType : std::int32_t {
  F32 = DSW_F32,
  F64 = DSW_F64,
  BF16 = DSW_BF16,
  F16 = DSW_F16,
  I32 = DSW_I32,
  I64 = DSW_I64,
  U8 = DSW_U8,
  Bool = DSW_BOOL,
  E4M3 = DSW_E4M3,
  E5M2 = DSW_E5M2
};

std::size_t dtype_bytes(DType dtype);
const char* dtype_name(DType dtype);  ///< "float32", "bfloat16", …
bool dtype_is_float(DType dtype);
/// The C++ type of a dtype that the host computes with: dtype_of<float>() == DType::F32.
template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::F32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::F64;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::I32;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::I64;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::U8;
}
}  // namespace dsw
