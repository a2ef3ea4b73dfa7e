// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

#include "engine/tensor/device.h"
#include "engine/tensor/dtype.h"

namespace dsw {

/// What sums, statistics, losses and the gradients of weights are kept in beside data of this dtype: float64 beside float64, else float32.
DType wide_dtype(DType dtype);
/// The dtype of activations in a document's precision: "auto" and "float32" are float32, "bfloat16".
DType dtype_of_precision(const std::string& precision);
/// Whether a device computes in that precision; in "auto" every one does.
bool offers_precision(const DeviceInfo& info, const std::string& precision);

}  // namespace dsw
