// SPDX-License-Identifier: GPL-3.0-or-later
// Bars of speed inside tests are of processor time, which a busy machine does not change much.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <map>
#include <string>

namespace dsw {

/// Milliseconds that the clock CLOCK_THREAD_CPUTIME_ID or CLOCK_PROCESS_CPUTIME_ID shows.
inline double cpu_ms(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

/// How many times longer than on the machine of the measurements in docs (2 cores of Zen 4) a fixed piece of work takes here: strings,
/// a tree, sines. The best of nine tries; at least 1, at most 3.
inline double machine_slowness() {
  constexpr double kReferenceMs = 5.5;
  double best = 1e9;
  for (int attempt = 0; attempt < 9; ++attempt) {
    const double begin = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
    std::map<std::string, double> tree;
    std::uint64_t state = 1;
    for (int i = 0; i < 20'000; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      tree["key/" + std::to_string(state >> 40)] += std::sin(static_cast<double>(i));
    }
    volatile double kept = 0;
    for (const auto& [key, value] : tree) kept = kept + value;
    best = std::min(best, cpu_ms(CLOCK_THREAD_CPUTIME_ID) - begin);
  }
  return std::clamp(best / kReferenceMs, 1.0, 3.0);
}

/// A build under sanitizers (checks at every load, no optimisation to speak of) may take so many times as long: a bar that is passed even
/// then is a real fault, such as work that grew with the square of the size. Other builds are held to the bars as they stand.
#ifdef DSW_SANITIZED
inline constexpr double kSanitizerFactor = 20;
#else
inline constexpr double kSanitizerFactor = 1;
#endif

/// For the bars that leave a slower machine no room: it gets as much more as it needs for other work.
inline double cpu_bar_factor() {
  static const double factor = kSanitizerFactor > 1 ? kSanitizerFactor : machine_slowness();
  return factor;
}

}  // namespace dsw
