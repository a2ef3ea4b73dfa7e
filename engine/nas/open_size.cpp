// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/open_size.h"

#include <algorithm>

#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {

Tensor size_mask(const std::vector<std::int64_t>& sizes, const std::vector<bool>& active, const Tensor& weights, Device& device) {
  const std::int64_t largest = *std::max_element(sizes.begin(), sizes.end()), count = static_cast<std::int64_t>(sizes.size());
  std::vector<float> rows(static_cast<std::size_t>(count * largest), 0);
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if (active[i]) std::fill_n(rows.begin() + static_cast<std::ptrdiff_t>(i) * largest, sizes[i], 1.0F);
  if (weights)
    return reshape(matmul(reshape(weights, {1, count}), cast(from_host(rows, {count, largest}, device), weights.dtype())), {largest});
  const auto only = static_cast<std::size_t>(std::find(active.begin(), active.end(), true) - active.begin());
  if (sizes[only] == largest) return {};
  return from_host(std::vector<float>(rows.begin() + static_cast<std::ptrdiff_t>(only) * largest,
                                      rows.begin() + static_cast<std::ptrdiff_t>(only + 1) * largest),
                   device);
}

}  // namespace dsw
