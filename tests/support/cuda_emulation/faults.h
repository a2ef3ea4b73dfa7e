// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>

namespace dsw::cuda_emulation {

enum class Fault {
  FailedLaunch,    ///< the kernel does not start: cudaErrorLaunchOutOfResources, and the device goes on
  WrongResult,     ///< the first number that a kernel writes is another one
  StickyError,     ///< after the kernel every call fails with cudaErrorIllegalAddress, until reset_device()
  VanishedDevice,  ///< instead of the kernel, and from then on: cudaErrorDevicesUnavailable, until reset_device()
  OutOfMemory,     ///< an allocation finds no memory
};
/// Strikes `times` launches (allocations) of `kernel`, the name given to launch(), after having spared `spared` of them. Empty: of any.
struct Injection {
  Fault fault = Fault::FailedLaunch;
  std::string kernel;
  std::int64_t spared = 0, times = 1;
};
void inject(const Injection& injection);
void clear_injections();

/// Asked by the runtime at each event; true: it is struck.
bool struck(Fault fault, const std::string& kernel);

/// WrongResult: whether the number now being written is to be another one.
bool spoils_a_store();
void spoil_next_store(bool on);

}  // namespace dsw::cuda_emulation
