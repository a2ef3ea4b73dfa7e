// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

// Two inputs of one float dtype, broadcast against each other as NumPy does (lengths, counted from the last axis, equal or 1).
// Gradients are summed over the axes by which an input was broadcast.
// All throw Error{ShapeMismatch} if the shapes do not fit or the dtypes differ.

Tensor add(const Tensor& a, const Tensor& b);      ///< a + b
Tensor sub(const Tensor& a, const Tensor& b);      ///< a - b
Tensor mul(const Tensor& a, const Tensor& b);      ///< a b;  da = dy b, db = dy a
Tensor div(const Tensor& a, const Tensor& b);      ///< a / b;  da = dy / b, db = -dy y / b
Tensor maximum(const Tensor& a, const Tensor& b);  ///< the greater; where equal the gradient goes to a
Tensor minimum(const Tensor& a, const Tensor& b);  ///< the lesser; where equal the gradient goes to a

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }

// One input of a float dtype; the result has its shape and dtype.

Tensor neg(const Tensor& x);  ///< -x
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);    ///< natural; x > 0
Tensor sqrt(const Tensor& x);   ///< x >= 0; the gradient at 0 is infinite
Tensor rsqrt(const Tensor& x);  ///< 1 / sqrt(x)
Tensor square(const Tensor& x);
Tensor abs(const Tensor& x);         ///< gradient 0 at 0
Tensor reciprocal(const Tensor& x);  ///< 1 / x
Tensor relu(const Tensor& x);        ///< max(x, 0); gradient 0 at 0
Tensor gelu(const Tensor& x);        ///< x Φ(x), by erf.  Source: Hendrycks & Gimpel 2016
Tensor gelu_tanh(const Tensor& x);   ///< x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))), as GPT-2 uses it
Tensor silu(const Tensor& x);        ///< x / (1 + e^-x)
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);                                ///< 1 / (1 + e^-x)
Tensor affine(const Tensor& x, double alpha, double beta = 0);  ///< alpha x + beta

}  // namespace dsw
