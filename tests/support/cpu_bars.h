// SPDX-License-Identifier: GPL-3.0-or-later
// Bars of speed inside tests are of processor time, which a busy machine does not change much.
#pragma once
#include <ctime>

namespace dsw {

/// The bars are those of the optimised build. A build under sanitizers (checks at every load, no optimisation to speak of) may take this
/// many times as long; a bar that is passed even then is a real fault, such as work that grew with the square of the size.
#ifdef DSW_SANITIZED
constexpr double kCpuBarFactor = 20;
#else
constexpr double kCpuBarFactor = 1;
#endif

/// Milliseconds that the clock CLOCK_THREAD_CPUTIME_ID or CLOCK_PROCESS_CPUTIME_ID shows.
inline double cpu_ms(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

}  // namespace dsw
