// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <type_traits>

#include "kernels/narrow_float.h"
#include "kernels/view.h"

/// Fill and copy between all dtypes. Narrower floats round as kernels/narrow_float.h says; integers round towards zero.
namespace dsw::kernels::reference {

template <class T>
inline constexpr bool kIsNarrow = std::is_same_v<T, Bf16> || std::is_same_v<T, F16> || std::is_same_v<T, E4m3> || std::is_same_v<T, E5m2>;

template <class To, class From>
To convert(From x) {
  if constexpr (kIsNarrow<From>)
    return convert<To>(to_float(x));
  else if constexpr (std::is_same_v<To, Bf16>)
    return to_bf16(static_cast<float>(x));
  else if constexpr (std::is_same_v<To, F16>)
    return to_f16(static_cast<float>(x));
  else if constexpr (std::is_same_v<To, E4m3>)
    return to_e4m3(static_cast<float>(x));
  else if constexpr (std::is_same_v<To, E5m2>)
    return to_e5m2(static_cast<float>(x));
  else if constexpr (std::is_same_v<To, bool>)
    return x != From{0};
  else
    return static_cast<To>(x);
}

/// Calls f(T{}) with the C++ type of a dtype.
template <class F>
int with_type(int dtype, F&& f) {
  switch (dtype) {
    case DSW_F32:
      return f(float{});
    case DSW_F64:
      return f(double{});
    case DSW_BF16:
      return f(Bf16{});
    case DSW_F16:
      return f(F16{});
    case DSW_I32:
      return f(std::int32_t{});
    case DSW_I64:
      return f(std::int64_t{});
    case DSW_U8:
      return f(std::uint8_t{});
    case DSW_BOOL:
      return f(bool{});
    case DSW_E4M3:
      return f(E4m3{});
    case DSW_E5M2:
      return f(E5m2{});
    default:
      return DSW_UNSUPPORTED;
  }
}

inline int fill(const DswView& y, double value) {
  return with_type(y.dtype, [&]<class T>(T) {
    const T converted = convert<T>(value);
    for_each_element(y, {&y}, [&](const std::int64_t* at) { data<T>(y)[at[0]] = converted; });
    return static_cast<int>(DSW_OK);
  });
}

inline int copy(const DswView& x, const DswView& y) {
  return with_type(x.dtype, [&]<class From>(From) {
    return with_type(y.dtype, [&]<class To>(To) {
      for_each_element(y, {&x, &y}, [&](const std::int64_t* at) { data<To>(y)[at[1]] = convert<To>(data<From>(x)[at[0]]); });
      return static_cast<int>(DSW_OK);
    });
  });
}

}  // namespace dsw::kernels::reference
