// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>

#include "ui/widgets/curve/curve_data.h"

namespace dsw::test {

/// `series` wavy curves of `points` points with noise, the same each time: what drawing and panning are measured on.
inline CurveData noisy(std::size_t points, int series) {
  CurveData data;
  unsigned state = 1;
  for (int k = 0; k < series; ++k) {
    CurveSeries s;
    s.id = s.name = QStringLiteral("s%1").arg(k);
    s.style = k;
    for (std::size_t i = 0; i < points; ++i) {
      state = state * 1664525U + 1013904223U;
      s.step.push_back(static_cast<double>(i));
      s.value.push_back(2 + k + 1e-9 * static_cast<double>(state >> 8U) * 30 + std::sin(static_cast<double>(i) / 5e4));
    }
    data.series.push_back(std::move(s));
  }
  return data;
}

}  // namespace dsw::test
