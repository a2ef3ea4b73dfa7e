// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/reference/memory.h"
#include "kernels/scale_blocks.h"

/// 8-bit floats with scales of blocks: kernel_table.h says what they compute. Sums are kept in double.
namespace dsw::kernels::reference {

inline std::int64_t at(const DswView& x, std::int64_t row, std::int64_t column) { return row * x.stride[0] + column * x.stride[1]; }

/// What the 256 codes of a format mean.
inline std::array<double, 256> code_values(int dtype) {
  std::array<double, 256> values{};
  for (std::size_t code = 0; code < values.size(); ++code) {
    const auto bits = static_cast<std::uint8_t>(code);
    values[code] = static_cast<double>(dtype == DSW_E4M3 ? to_float(E4m3{bits}) : to_float(E5m2{bits}));
  }
  return values;
}

inline int quantize_blocks(const DswView& x, bool power_of_two, const DswView& y, const DswView& scale) {
  Scales scales;
  if (!scales_of(y, scale, scales)) return DSW_BAD_ARGUMENT;
  return with_type(x.dtype, [&]<class T>(T) {
    const auto read = [&](std::int64_t r, std::int64_t c) { return convert<float>(data<T>(x)[at(x, r, c)]); };
    const std::int64_t rows = y.shape[0], columns = y.shape[1];
    for (std::int64_t rb = 0; rb < scale.shape[0]; ++rb) {
      for (std::int64_t cb = 0; cb < scale.shape[1]; ++cb) {
        const std::int64_t r0 = rb * scales.row_length, r1 = std::min(rows, r0 + scales.row_length);
        const std::int64_t c0 = cb * scales.column_length, c1 = std::min(columns, c0 + scales.column_length);
        float amax = 0;
        for (std::int64_t r = r0; r < r1; ++r) {
          for (std::int64_t c = c0; c < c1; ++c) {
            if (std::isfinite(read(r, c))) amax = std::max(amax, std::fabs(read(r, c)));
          }
        }
        const float divisor = scale_of(amax, largest_fp8(y.dtype), power_of_two);
        data<float>(scale)[at(scale, rb, cb)] = divisor;
        for (std::int64_t r = r0; r < r1; ++r) {
          for (std::int64_t c = c0; c < c1; ++c) {
            const float quotient = std::isfinite(read(r, c)) ? read(r, c) / divisor : std::numeric_limits<float>::quiet_NaN();
            data<std::uint8_t>(y)[at(y, r, c)] = y.dtype == DSW_E4M3 ? to_e4m3(quotient).bits : to_e5m2(quotient).bits;
          }
        }
      }
    }
    return static_cast<int>(DSW_OK);
  });
}

inline int dequantize_blocks(const DswView& x, const DswView& scale, const DswView& y) {
  Scales scales;
  if (!scales_of(x, scale, scales)) return DSW_BAD_ARGUMENT;
  const std::array<double, 256> values = code_values(x.dtype);
  return with_type(y.dtype, [&]<class T>(T) {
    for (std::int64_t r = 0; r < x.shape[0]; ++r) {
      for (std::int64_t c = 0; c < x.shape[1]; ++c)
        data<T>(y)[at(y, r, c)] = convert<T>(values[data<std::uint8_t>(x)[at(x, r, c)]] * static_cast<double>(scales.at(r, c)));
    }
    return static_cast<int>(DSW_OK);
  });
}

template <class T>
int matmul_blocks(const DswView& a, const DswView& a_scale, const DswView& b, const DswView& b_scale, const DswView& bias,
                  const DswView& c) {
  Scales left, right;
  if (!scales_of(a, a_scale, left) || !scales_of(b, b_scale, right) || !slices_fit(a, left) || !slices_fit(b, right))
    return DSW_BAD_ARGUMENT;
  const std::array<double, 256> a_values = code_values(a.dtype), b_values = code_values(b.dtype);
  const std::int64_t K = a.shape[1];
  for (std::int64_t m = 0; m < c.shape[0]; ++m) {
    for (std::int64_t n = 0; n < c.shape[1]; ++n) {
      double sum = 0;
      for (std::int64_t k0 = 0; k0 < K; k0 += DSW_SCALE_BLOCK) {
        double slice = 0;
        for (std::int64_t k = k0; k < std::min<std::int64_t>(K, k0 + DSW_SCALE_BLOCK); ++k)
          slice += a_values[data<std::uint8_t>(a)[at(a, m, k)]] * b_values[data<std::uint8_t>(b)[at(b, n, k)]];
        sum += slice * static_cast<double>(left.at(m, k0)) * static_cast<double>(right.at(n, k0));
      }
      if (given(bias)) sum += static_cast<double>(data<T>(bias)[n * bias.stride[0]]);
      data<T>(c)[at(c, m, n)] = static_cast<T>(sum);
    }
  }
  return DSW_OK;
}

}  // namespace dsw::kernels::reference
