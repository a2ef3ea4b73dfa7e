// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/layers/first_channels.h"

#include <algorithm>

namespace dsw {

void set_first_channels(Module& module, std::int64_t channels) {
  if (auto* layer = dynamic_cast<FirstChannels*>(&module)) return layer->set_channels(channels, channels);
  for (const auto& [name, child] : module.children()) set_first_channels(*child, channels);
}

void copy_first_channels(Module& module, std::int64_t from, std::int64_t to) {
  if (auto* layer = dynamic_cast<FirstChannels*>(&module)) {
    FirstChannels::Channels channels;
    for (std::int64_t i = 0; i < to; ++i) channels.push_back(i % from);
    return layer->copy_channels(channels, channels);
  }
  for (const auto& [name, child] : module.children()) copy_first_channels(*child, from, to);
}

void copy_parameter_channels(const Parameter& parameter, const FirstChannels::Channels& inputs, const FirstChannels::Channels& outputs) {
  const Tensor value = parameter.value.detach();
  const std::vector<double> old = value.to_vector<double>();
  const auto length = [&](int axis) { return parameter.shape.rank() > axis ? parameter.shape[axis] : 1; };
  const std::int64_t columns = inputs.empty() ? length(1) : static_cast<std::int64_t>(inputs.size());
  const std::int64_t each = parameter.shape.elements() / (length(0) * length(1));
  std::vector<double> copied;
  for (const std::int64_t row : outputs)
    for (std::int64_t i = 0; i < columns; ++i) {
      const std::int64_t column = inputs.empty() ? i : inputs[static_cast<std::size_t>(i)];
      const auto often = inputs.empty() ? 1.0 : static_cast<double>(std::count(inputs.begin(), inputs.end(), column));
      for (std::int64_t k = 0; k < each; ++k)
        copied.push_back(old[static_cast<std::size_t>((row * length(1) + column) * each + k)] / often);
    }
  Shape shape = parameter.shape;
  shape[0] = static_cast<std::int64_t>(outputs.size());
  Tensor part = value.view_slice(0, 0, shape[0]);
  if (shape.rank() > 1) {
    shape[1] = columns;
    part = part.view_slice(1, 0, columns);
  }
  copy_into(from_host(copied, shape, value.device()), part);
}

}  // namespace dsw
