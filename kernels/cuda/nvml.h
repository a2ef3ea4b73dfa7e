// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

/// What NVIDIA's management library tells of a device without taking memory of it. The library comes with the driver; the part of its
/// interface that is needed is declared here. Source: NVML API reference.
namespace dsw::cuda::nvml {

struct Memory {
  unsigned long long total, free, used;  // bytes
};
struct Utilization {
  unsigned gpu, memory;  // per cent of the last sample period, 1/6 s to 1 s, in which it computed; in which its memory was read or written
};
/// nvmlInit_v2, nvmlDeviceGetHandleByPciBusId_v2, nvmlDeviceGetMemoryInfo, nvmlDeviceGetUtilizationRates; 0 is success.
struct Functions {
  int (*init)();
  int (*handle)(const char* pci_bus_id, void** device);
  int (*memory)(void* device, Memory*);
  int (*utilization)(void* device, Utilization*);
};
/// Instead of the system's, from now on; null: none. For tests.
void use(const Functions* others);

struct State {
  bool memory_known = false;
  std::uint64_t total_bytes = 0, free_bytes = 0;
  int busy_percent = -1;  // -1: not known, as of a part of a card
};
/// Of the device at "0000:01:00.0". Nothing is known without the library.
State state_of(const char* pci_bus_id);

}  // namespace dsw::cuda::nvml
