// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/kept_memory.h"

namespace dsw {
namespace {

struct Traits {
  bool keeps_input = false, keeps_output = false, gives_view = false;
};

Traits traits_of(const Module& module) {
  const auto* own = dynamic_cast<const KeptMemory*>(&module);
  return own ? Traits{own->keeps_input(), own->keeps_output(), own->gives_view()} : Traits{};
}

}  // namespace

bool keeps_input(const Module& module) { return traits_of(module).keeps_input; }

std::vector<double> kept_outputs(const std::vector<Joined>& network, std::size_t last) {
  std::vector<Traits> traits;
  for (const Joined& joined : network) traits.push_back(traits_of(*joined.module));
  std::vector<std::size_t> owner(network.size());  // whose memory an output is
  std::vector<bool> needed(network.size(), false);
  const auto owner_of = [&](std::size_t i) { return i == kNetworkInput ? kNetworkInput : owner[i]; };
  for (std::size_t i = 0; i < network.size(); ++i) {
    const Joined& joined = network[i];
    owner[i] = traits[i].gives_view ? owner_of(joined.inputs.front()) : i;
    if (owner[i] != kNetworkInput && (traits[i].keeps_output || i == last)) needed[owner[i]] = true;
    if (!traits[i].keeps_input) continue;
    for (const std::size_t from : joined.inputs) {
      if (owner_of(from) != kNetworkInput) needed[owner_of(from)] = true;
    }
  }
  std::vector<double> bytes(network.size(), 0);
  for (std::size_t i = 0; i < network.size(); ++i) {
    if (needed[i]) bytes[i] = kept(network[i].output).activation_bytes;
  }
  return bytes;
}

}  // namespace dsw
