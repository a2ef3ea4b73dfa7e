// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

#include "engine/tensor/tensor.h"

namespace dsw {

/// A layer of which a size may be smaller than its weights: units (hidden numbers, heads, channels) are multiplied by a mask, so that those
/// with 0 are as if they were not there.
class OpenSizes {
 public:
  virtual ~OpenSizes() = default;
  /// @param setting  the setting in documents ("hidden", "heads"), or "width": channels of the input, which are 0 where the mask is @param
  /// mask  [largest size], float; undefined: all are there
  virtual void set_size(const std::string& setting, const Tensor& mask) = 0;
};

}  // namespace dsw
