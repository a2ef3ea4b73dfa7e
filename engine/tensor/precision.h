// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/tensor/device.h"
#include "engine/tensor/dtype.h"

namespace dsw {

/// What sums, statistics, losses and the gradients of weights are kept in beside data of this dtype: float64 beside float64, else float32.
DType wide_dtype(DType dtype);
/// How a network computes. Weights stay in the wide dtype, and so do norms' statistics, softmax and losses.
struct Compute {
  DType dtype = DType::F32;   ///< of activations. BF16, F16: products read copies of the weights; F32: everything as it is
  bool fp8_products = false;  ///< linear layers other than a network's last multiply 8-bit floats (nn/ops/fp8.h, linear_fp8)
  Compute() = default;
  Compute(DType activations, bool fp8 = false) : dtype(activations), fp8_products(fp8) {}
  bool operator==(const Compute&) const = default;
};
/// That of a precision of a document: "bfloat16", "float16", "float8" (8-bit products, all else bfloat16); everything else is float32.
Compute compute_of_precision(const std::string& precision);
/// Whether a device computes in that precision; in "auto" every one does.
bool offers_precision(const DeviceInfo& info, const std::string& precision);
/// The precisions that a run may compute in, fastest first: the asked one, or for "auto" the device's up to and with float32, since a
/// slower one than that serves nothing. Sorted so that each holds what the one before it cannot: float16, bfloat16, float32.
std::vector<std::string> precisions_of_run(const DeviceInfo& info, const std::string& asked);

}  // namespace dsw
