// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

#include "engine/nn/module.h"

namespace dsw {

/// A layer over pictures that can do with its first channels alone: [B, in, H, W] → [B, out, H', W'] by the first part of its weights.
/// Shapes and cost are then those of the narrower layer; parameters keep their names and shapes, and the rest of them gets no gradient.
class FirstChannels {
 public:
  virtual ~FirstChannels() = default;
  /// From now on. @param in, out  channels; 0: all
  virtual void set_channels(std::int64_t in, std::int64_t out) = 0;
  /// More channels start as copies: output j becomes a copy of outputs[j], input i reads with the weights of inputs[i] divided by how often
  /// that stands there, so that a layer whose inputs are copied too gives what it gave.
  /// @param inputs, outputs  a channel for each of the first channels
  /// Source: Chen, Goodfellow, Shlens 2016, "Net2Net", sec. 2.3 (Net2WiderNet).
  using Channels = std::vector<std::int64_t>;
  virtual void copy_channels(const Channels& inputs, const Channels& outputs) = 0;
};

/// The same for a layer or a chain of layers with as many outputs as inputs; layers that are no FirstChannels work on any number.
void set_first_channels(Module& module, std::int64_t channels);
/// Channels past the first `from` and below `to` start as copies of those, one after another.
void copy_first_channels(Module& module, std::int64_t from, std::int64_t to);

/// Row j and column i of the first outputs.size() × inputs.size() of [O, I, …] become those of outputs[j] and inputs[i], divided as above.
/// @param inputs  empty: the second axis stays as it is
void copy_parameter_channels(const Parameter& parameter, const FirstChannels::Channels& inputs, const FirstChannels::Channels& outputs);

/// While it lives a layer does with its first channels. 0: with all.
class FirstChannelsScope {
 public:
  FirstChannelsScope(Module& module, std::int64_t channels) : module_(channels > 0 ? &module : nullptr) {
    if (module_) set_first_channels(module, channels);
  }
  ~FirstChannelsScope() {
    if (module_) set_first_channels(*module_, 0);
  }
  FirstChannelsScope(const FirstChannelsScope&) = delete;
  FirstChannelsScope& operator=(const FirstChannelsScope&) = delete;

 private:
  Module* module_;
};

}  // namespace dsw
