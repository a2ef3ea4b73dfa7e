// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <math.h>

#include "kernels/cuda/device_code.h"
#include "kernels/kernel_table.h"

/// The functions of DswUnary and their slopes in float32; formulas and NaN as in kernels/reference/elementwise.h.
namespace dsw::cuda {

constexpr float kInvSqrt2 = 0.70710678f, kInvSqrt2Pi = 0.39894228f, kGeluTanhA = 0.79788456f /* sqrt(2/pi) */, kGeluTanhB = 0.044715f;

DSW_DEVICE float sigmoid(float x) {
  const float e = expf(-fabsf(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}

DSW_DEVICE float unary_value(int op, float alpha, float beta, float x) {
  switch (op) {
    case DSW_NEG:
      return -x;
    case DSW_EXP:
      return expf(x);
    case DSW_LOG:
      return logf(x);
    case DSW_SQRT:
      return sqrtf(x);
    case DSW_RSQRT:
      return 1 / sqrtf(x);
    case DSW_SQUARE:
      return x * x;
    case DSW_ABS:
      return fabsf(x);
    case DSW_RECIPROCAL:
      return 1 / x;
    case DSW_RELU:
      return x <= 0 ? 0 : x;
    case DSW_GELU_TANH:
      return 0.5f * x * (1 + tanhf(kGeluTanhA * (x + kGeluTanhB * x * x * x)));
    case DSW_GELU_ERF:
      return 0.5f * x * (1 + erff(x * kInvSqrt2));
    case DSW_SILU:
      return x * sigmoid(x);
    case DSW_TANH:
      return tanhf(x);
    case DSW_SIGMOID:
      return sigmoid(x);
    default:  // DSW_AFFINE
      return alpha * x + beta;
  }
}

/// dy/dx at x, where y = f(x).
DSW_DEVICE float unary_slope(int op, float alpha, float x, float y) {
  switch (op) {
    case DSW_NEG:
      return -1;
    case DSW_EXP:
      return y;
    case DSW_LOG:
      return 1 / x;
    case DSW_SQRT:
      return 0.5f / y;
    case DSW_RSQRT:
      return -0.5f * y * y * y;
    case DSW_SQUARE:
      return 2 * x;
    case DSW_ABS:
      return x > 0 ? 1 : x < 0 ? -1 : x;
    case DSW_RECIPROCAL:
      return -y * y;
    case DSW_RELU:
      return y <= 0 ? 0 : 1;
    case DSW_GELU_TANH: {
      const float t = tanhf(kGeluTanhA * (x + kGeluTanhB * x * x * x));
      return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * kGeluTanhA * (1 + 3 * kGeluTanhB * x * x);
    }
    case DSW_GELU_ERF:
      return 0.5f * (1 + erff(x * kInvSqrt2)) + x * kInvSqrt2Pi * expf(-0.5f * x * x);
    case DSW_SILU: {
      const float s = sigmoid(x);
      return s * (1 + x * (1 - s));
    }
    case DSW_TANH:
      return 1 - y * y;
    case DSW_SIGMOID:
      return y * (1 - y);
    default:  // DSW_AFFINE
      return alpha;
  }
}

/// What unary_bwd reads, as kernel_table.h says.
DSW_DEVICE bool unary_reads_y(int op) {
  return op == DSW_EXP || op == DSW_SQRT || op == DSW_RSQRT || op == DSW_RECIPROCAL || op == DSW_RELU || op == DSW_TANH ||
         op == DSW_SIGMOID;
}
DSW_DEVICE bool unary_reads_x(int op) { return !unary_reads_y(op) && op != DSW_NEG && op != DSW_AFFINE; }

}  // namespace dsw::cuda
