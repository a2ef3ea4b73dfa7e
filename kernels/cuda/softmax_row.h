// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <math.h>

#include "kernels/cuda/rows.h"

namespace dsw::cuda {

/// log sum exp of a row = maximum + log_sum. Kept apart, because a large maximum would swallow log_sum.
struct LogSumExp {
  float maximum, log_sum;
  DSW_DEVICE float value() const { return maximum + log_sum; }
  /// log of the softmax of x
  DSW_DEVICE float log_probability(float x) const { return (x - maximum) - log_sum; }
};
/// Every thread of the block calls and gets it.
DSW_DEVICE LogSumExp log_sum_exp(const RowOf& row, std::int64_t columns) {
  float maximum = -INFINITY, sum = 0;
  for_each_column(columns, [&](std::int64_t c) { maximum = larger(maximum, row.at(c)); });
  maximum = block_maximum(maximum);
  for_each_column(columns, [&](std::int64_t c) { sum += expf(row.at(c) - maximum); });
  return {maximum, logf(block_sum(sum))};
}

}  // namespace dsw::cuda
