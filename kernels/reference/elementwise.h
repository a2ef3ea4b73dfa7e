// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>
#include <vector>

#include "kernels/philox.h"
#include "kernels/view.h"

/// Elementwise kernels, random fills, dropout. NaN in gives NaN out, also through relu, maximum and minimum.
namespace dsw::kernels::reference {

inline constexpr double kInvSqrt2 = 0.70710678118654752440, kInvSqrt2Pi = 0.39894228040143267794;
inline constexpr double kGeluTanhA = 0.79788456080286535588 /* sqrt(2/pi) */, kGeluTanhB = 0.044715;

inline double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

inline double unary_value(DswUnary op, double alpha, double beta, double x) {
  switch (op) {
    case DSW_NEG:
      return -x;
    case DSW_EXP:
      return std::exp(x);
    case DSW_LOG:
      return std::log(x);
    case DSW_SQRT:
      return std::sqrt(x);
    case DSW_RSQRT:
      return 1 / std::sqrt(x);
    case DSW_SQUARE:
      return x * x;
    case DSW_ABS:
      return std::fabs(x);
    case DSW_RECIPROCAL:
      return 1 / x;
    case DSW_RELU:
      return x <= 0 ? 0 : x;
    case DSW_GELU_TANH:
      return 0.5 * x * (1 + std::tanh(kGeluTanhA * (x + kGeluTanhB * x * x * x)));
    case DSW_GELU_ERF:
      return 0.5 * x * (1 + std::erf(x * kInvSqrt2));
    case DSW_SILU:
      return x * sigmoid(x);
    case DSW_TANH:
      return std::tanh(x);
    case DSW_SIGMOID:
      return sigmoid(x);
    case DSW_AFFINE:
      return alpha * x + beta;
  }
  return NAN;
}

/// dy/dx at x, where y = f(x); reads only what kernel_table.h says for the op.
inline double unary_slope(DswUnary op, double alpha, double x, double y) {
  switch (op) {
    case DSW_NEG:
      return -1;
    case DSW_EXP:
      return y;
    case DSW_LOG:
      return 1 / x;
    case DSW_SQRT:
      return 0.5 / y;
    case DSW_RSQRT:
      return -0.5 * y * y * y;
    case DSW_SQUARE:
      return 2 * x;
    case DSW_ABS:
      return x > 0 ? 1 : x < 0 ? -1 : x;
    case DSW_RECIPROCAL:
      return -y * y;
    case DSW_RELU:
      return y <= 0 ? 0 : 1;
    case DSW_GELU_TANH: {
      const double t = std::tanh(kGeluTanhA * (x + kGeluTanhB * x * x * x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kGeluTanhA * (1 + 3 * kGeluTanhB * x * x);
    }
    case DSW_GELU_ERF:
      return 0.5 * (1 + std::erf(x * kInvSqrt2)) + x * kInvSqrt2Pi * std::exp(-0.5 * x * x);
    case DSW_SILU: {
      const double s = sigmoid(x);
      return s * (1 + x * (1 - s));
    }
    case DSW_TANH:
      return 1 - y * y;
    case DSW_SIGMOID:
      return y * (1 - y);
    case DSW_AFFINE:
      return alpha;
  }
  return NAN;
}

inline bool unary_reads_y(DswUnary op) {
  return op == DSW_EXP || op == DSW_SQRT || op == DSW_RSQRT || op == DSW_RECIPROCAL || op == DSW_RELU || op == DSW_TANH ||
         op == DSW_SIGMOID;
}
inline bool unary_reads_x(DswUnary op) { return !unary_reads_y(op) && op != DSW_NEG && op != DSW_AFFINE; }

template <class T>
int unary(DswUnary op, double alpha, double beta, const DswView& x, const DswView& y) {
  for_each_element(y, {&x, &y},
                   [&](const std::int64_t* at) { data<T>(y)[at[1]] = static_cast<T>(unary_value(op, alpha, beta, data<T>(x)[at[0]])); });
  return DSW_OK;
}

template <class T>
int unary_bwd(DswUnary op, double alpha, const DswView& x, const DswView& y, const DswView& dy, const DswView& dx) {
  for_each_element(dx, {&x, &y, &dy, &dx}, [&](const std::int64_t* at) {
    const double xi = unary_reads_x(op) ? static_cast<double>(data<T>(x)[at[0]]) : 0,
                 yi = unary_reads_y(op) ? static_cast<double>(data<T>(y)[at[1]]) : 0;
    data<T>(dx)[at[3]] = static_cast<T>(data<T>(dy)[at[2]] * unary_slope(op, alpha, xi, yi));
  });
  return DSW_OK;
}

/// And dbias[c] = sum of dx over the rows, in order.
template <class T>
int unary_bias_bwd(DswUnary op, double alpha, const DswView& x, const DswView& y, const DswView& dy, const DswView& dx,
                   const DswView& dbias) {
  const std::int64_t C = last_length(dx);
  std::vector<double> sums(static_cast<std::size_t>(C));
  std::int64_t i = 0;
  for_each_element(dx, {&x, &y, &dy, &dx}, [&](const std::int64_t* at) {
    const double xi = unary_reads_x(op) ? static_cast<double>(data<T>(x)[at[0]]) : 0,
                 yi = unary_reads_y(op) ? static_cast<double>(data<T>(y)[at[1]]) : 0;
    const double value = data<T>(dy)[at[2]] * unary_slope(op, alpha, xi, yi);
    data<T>(dx)[at[3]] = static_cast<T>(value);
    sums[static_cast<std::size_t>(i++ % C)] += value;
  });
  for (std::int64_t c = 0; c < C; ++c) data<T>(dbias)[c * dbias.stride[0]] = static_cast<T>(sums[static_cast<std::size_t>(c)]);
  return DSW_OK;
}

template <class T>
bool selects_first(DswBinary op, T a, T b) {
  return (op == DSW_MAXIMUM ? a >= b : a <= b) || std::isnan(a);
}

template <class T>
T binary_value(DswBinary op, T a, T b) {
  switch (op) {
    case DSW_ADD:
      return a + b;
    case DSW_SUB:
      return a - b;
    case DSW_MUL:
      return a * b;
    case DSW_DIV:
      return a / b;
    case DSW_MAXIMUM:
    case DSW_MINIMUM:
      return selects_first(op, a, b) ? a : b;
  }
  return NAN;
}

template <class T>
int binary(DswBinary op, const DswView& a, const DswView& b, const DswView& y) {
  for_each_element(y, {&a, &b, &y},
                   [&](const std::int64_t* at) { data<T>(y)[at[2]] = binary_value(op, data<T>(a)[at[0]], data<T>(b)[at[1]]); });
  return DSW_OK;
}

template <class T>
int compare_select_bwd(DswBinary op, const DswView& a, const DswView& b, const DswView& dy, const DswView& da) {
  for_each_element(da, {&a, &b, &dy, &da}, [&](const std::int64_t* at) {
    data<T>(da)[at[3]] = selects_first(op, data<T>(a)[at[0]], data<T>(b)[at[1]]) ? data<T>(dy)[at[2]] : T{0};
  });
  return DSW_OK;
}

template <class T>
int swiglu_fwd(const DswView& gate, const DswView& up, const DswView& y) {
  for_each_element(y, {&gate, &up, &y}, [&](const std::int64_t* at) {
    data<T>(y)[at[2]] = static_cast<T>(unary_value(DSW_SILU, 0, 0, data<T>(gate)[at[0]]) * data<T>(up)[at[1]]);
  });
  return DSW_OK;
}

template <class T>
int swiglu_bwd(const DswView& gate, const DswView& up, const DswView& dy, const DswView& dgate, const DswView& dup) {
  for_each_element(dy, {&gate, &up, &dy, &dgate, &dup}, [&](const std::int64_t* at) {
    const double g = data<T>(gate)[at[0]], u = data<T>(up)[at[1]], d = data<T>(dy)[at[2]];
    data<T>(dgate)[at[3]] = static_cast<T>(d * u * unary_slope(DSW_SILU, 0, g, 0));
    data<T>(dup)[at[4]] = static_cast<T>(d * unary_value(DSW_SILU, 0, 0, g));
  });
  return DSW_OK;
}

template <class T>
int dropout(const DswView& x, const DswView& y, double p, std::uint64_t key) {
  const std::uint64_t threshold = drop_threshold(p);
  const T scale = static_cast<T>(1 / (1 - p));
  const std::int64_t n = elements(x);
  for (std::int64_t i = 0; i < n; i += 4) {
    const auto words = philox(key, static_cast<std::uint64_t>(i) / 4);
    for (std::int64_t j = i; j < i + 4 && j < n; ++j) {
      data<T>(y)[j] = words[static_cast<std::size_t>(j - i)] < threshold ? T{0} : data<T>(x)[j] * scale;
    }
  }
  return DSW_OK;
}

template <class T>
int random_uniform(const DswView& y, std::uint64_t key, double low, double high) {
  const std::int64_t n = elements(y);
  for (std::int64_t i = 0; i < n; i += 4) {
    const auto words = philox(key, static_cast<std::uint64_t>(i) / 4);
    for (std::int64_t j = i; j < i + 4 && j < n; ++j)
      data<T>(y)[j] = static_cast<T>(low + (high - low) * unit_from_word(words[static_cast<std::size_t>(j - i)]));
  }
  return DSW_OK;
}

template <class T>
int random_normal(const DswView& y, std::uint64_t key, double mean, double sd) {
  const std::int64_t n = elements(y);
  for (std::int64_t i = 0; i < n; i += 4) {
    const auto words = philox(key, static_cast<std::uint64_t>(i) / 4);
    const auto first = normal_pair(words[0], words[1]), second = normal_pair(words[2], words[3]);
    const double values[4] = {first[0], first[1], second[0], second[1]};
    for (std::int64_t j = i; j < i + 4 && j < n; ++j) data<T>(y)[j] = static_cast<T>(mean + sd * values[j - i]);
  }
  return DSW_OK;
}

}  // namespace dsw::kernels::reference
