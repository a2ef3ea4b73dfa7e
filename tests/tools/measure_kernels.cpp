// SPDX-License-Identifier: GPL-3.0-or-later
// measure_kernels THREADS [SECONDS]: this machine's limits and the speed of the engine's kernels beside them, as JSON on stdout:
// {"peak_flops", "read_bytes_per_s", "cases": {NAME: {"flops_per_s", "bytes_per_s", "milliseconds"}}}. `./dev bench kernels` runs it.
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "engine/run/machine_rates.h"

int main(int argc, char** argv) {
  using namespace dsw;
  if (argc < 2) return 2;
  const auto rates = measure_machine(std::atoi(argv[1]), argc > 2 ? std::atof(argv[2]) : 1);
  if (!rates) return 1;
  Json report{{"peak_flops", rates->peak_flops}, {"read_bytes_per_s", rates->read_bytes_per_second}};
  for (const KernelRate& kernel : rates->kernels)
    report["cases"][kernel.name] = {
        {"flops_per_s", kernel.flops_per_second()}, {"bytes_per_s", kernel.bytes_per_second()}, {"milliseconds", 1e3 * kernel.seconds}};
  std::printf("%s\n", report.dump().c_str());
  return 0;
}
