// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/nvml.h"

#include <atomic>
#include <type_traits>

#ifdef __CUDACC__
#include <dlfcn.h>
#endif

namespace dsw::cuda::nvml {
namespace {

const Functions* system_functions() {
#ifdef __CUDACC__
  static Functions found;
  static const bool complete = [] {
    void* library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return false;
    bool all = true;
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      all = all && function != nullptr;
    };
    find(found.init, "nvmlInit_v2");
    find(found.handle, "nvmlDeviceGetHandleByPciBusId_v2");
    find(found.memory, "nvmlDeviceGetMemoryInfo");
    find(found.utilization, "nvmlDeviceGetUtilizationRates");
    return all && found.init() == 0;
  }();
  return complete ? &found : nullptr;
#else
  return nullptr;  // the emulated device is on no bus
#endif
}

std::atomic<const Functions*>& chosen() {
  static std::atomic<const Functions*> functions{system_functions()};
  return functions;
}

}  // namespace

void use(const Functions* others) { chosen() = others; }

State state_of(const char* pci_bus_id) {
  State state;
  const Functions* functions = chosen();
  void* device = nullptr;
  if (functions == nullptr || functions->handle(pci_bus_id, &device) != 0) return state;
  Memory memory{};
  state.memory_known = functions->memory(device, &memory) == 0;
  state.total_bytes = memory.total;
  state.free_bytes = memory.free;
  Utilization utilization{};
  if (functions->utilization(device, &utilization) == 0) state.busy_percent = static_cast<int>(utilization.gpu);
  return state;
}

}  // namespace dsw::cuda::nvml
