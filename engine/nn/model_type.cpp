// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/model_type.h"

namespace dsw {

Shape InputSpec::input_shape(std::int64_t batch) const {
  if (kind == Kind::Image) return {batch, channels, height, width};
  return {batch, context};
}

}  // namespace dsw
