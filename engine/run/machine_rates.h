// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/result.h"

namespace dsw {

/// The best of a kernel's tries.
struct KernelRate {
  std::string name;  ///< "gemm-1024-f32": what, its size, its dtype
  double seconds = 0;
  double flops = 0;  ///< a multiply and an add are two
  double bytes = 0;  ///< read and written, each tensor once
  double flops_per_second() const { return seconds > 0 ? flops / seconds : 0; }
  double bytes_per_second() const { return seconds > 0 ? bytes / seconds : 0; }
};

/// What this machine's processor gives at most, and what the engine's kernels get of it.
struct MachineRates {
  std::string processor;
  int threads = 0;
  double measured_at = 0;            ///< seconds since 1970
  double peak_flops = 0;             ///< float32 multiply-adds in registers, a second
  double read_bytes_per_second = 0;  ///< from memory that no cache holds
  std::vector<KernelRate> kernels;
  /// The least time of a float32 kernel on this machine: by arithmetic or by memory, whichever takes longer.
  /// Source: Williams, Waterman, Patterson 2009, "Roofline", figure 1.
  double bound_seconds(const KernelRate& kernel) const;
};

Json machine_rates_json(const MachineRates& rates);
Result<MachineRates> machine_rates_from_json(const Json& json);

/// Measures about `seconds` for each limit and kernel, with `threads` (0: all but one of more than two). Error{Stopped} between kernels.
/// Other programs, and runs that go on, make all of it slower.
Result<MachineRates> measure_machine(int threads, double seconds, std::stop_token stop = {},
                                     const std::function<void(std::int64_t done, std::int64_t total)>& progress = {});

}  // namespace dsw
