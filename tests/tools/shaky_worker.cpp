// SPDX-License-Identifier: GPL-3.0-or-later
// What `deepshock worker` does, with the device "shaky" (support/shaky_device.h), whose faults the file $DSW_SHAKY_FAULTS names.
#include <cstdlib>
#include <string_view>

#include "engine/core/catalog.h"
#include "engine/run/worker.h"
#include "engine/workspace.h"
#include "tests/support/shaky_device.h"

int main(int argc, char** argv) {
  using namespace dsw;
  Catalog catalog;
  register_builtins(catalog);
  register_shaky_device(catalog, std::getenv("DSW_SHAKY_FAULTS"));
  catalog.freeze();
  WorkerRequest request;
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--spec") request.spec = argv[i + 1];
    if (name == "--out") request.out = argv[i + 1];
    if (name == "--device") request.device = argv[i + 1];
    if (name == "--threads") request.threads = std::atoi(argv[i + 1]);
    if (name == "--resume-from") request.resume_from = argv[i + 1];
    if (name == "--first-seq") request.first_seq = std::atoll(argv[i + 1]);
  }
  const auto result = run_worker(catalog, request, {});
  return result ? 0 : exit_code(result.error().code);
}
