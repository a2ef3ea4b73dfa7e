// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cuda_emulation/faults.h"

#include <utility>
#include <vector>

namespace dsw::cuda_emulation {
namespace {

/// Guarded by the device's lock (runtime.cpp), as launches are.
std::vector<Injection>& injections() {
  static std::vector<Injection> instance;
  return instance;
}
bool spoils = false;

}  // namespace

void inject(const Injection& injection) { injections().push_back(injection); }
void clear_injections() {
  injections().clear();
  spoils = false;
}

bool struck(Fault fault, const std::string& kernel) {
  for (Injection& injection : injections()) {
    if (injection.fault != fault || injection.times == 0 || (!injection.kernel.empty() && injection.kernel != kernel)) continue;
    if (injection.spared > 0) {
      --injection.spared;
      continue;
    }
    --injection.times;
    return true;
  }
  return false;
}

bool spoils_a_store() { return spoils && std::exchange(spoils, false); }
void spoil_next_store(bool on) { spoils = on; }

}  // namespace dsw::cuda_emulation
