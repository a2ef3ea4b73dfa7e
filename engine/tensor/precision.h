// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/tensor/device.h"
#include "engine/tensor/dtype.h"

namespace dsw {

/// What sums, statistics, losses and the gradients of weights are kept in beside data of this dtype: float64 beside float64, else float32.
DType wide_dtype(DType dtype);
/// The dtype of activations in a precision of a document: "bfloat16", "float16"; everything else is float32.
DType dtype_of_precision(const std::string& precision);
/// Whether a device computes in that precision; in "auto" every one does.
bool offers_precision(const DeviceInfo& info, const std::string& precision);
/// The precisions that a run may compute in, fastest first: the asked one, or for "auto" the device's up to and with float32, since a
/// slower one than that serves nothing. Sorted so that each holds what the one before it cannot: float16, bfloat16, float32.
std::vector<std::string> precisions_of_run(const DeviceInfo& info, const std::string& asked);

}  // namespace dsw
