// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <source_location>

namespace dsw::cuda_emulation {

/// Memory of the emulated device. Its addresses carry a bit that no address of a program has, so that neither the host nor a kernel can
/// touch it by a plain pointer: the program ends, as a host that looks into a GPU's memory does. Kernels read and write through load,
/// store, cp_async16 and atomicAdd, which check each address against what is allocated (an element past the end is found in every build)
/// and count the bytes exactly.
inline constexpr std::uintptr_t kDeviceBit = std::uintptr_t{1} << 55;

/// Bytes that kernels moved since reset_counters().
struct Counters {
  std::uint64_t bytes_read = 0, bytes_written = 0;  ///< global memory; cp.async reads 16 bytes a copy, zeros none
  std::uint64_t shared_requests = 0;                ///< accesses of a warp (or part of one) to shared memory that were looked at
  std::uint64_t bank_conflicts = 0;                 ///< passes beyond the least that these accesses needed
  std::uint64_t launches = 0;
};
Counters& counters();
inline void reset_counters() { counters() = Counters{}; }

/// Exactly `bytes` long, filled with NaN; null: the device is full. 0 bytes: null.
void* allocate_device_memory(std::size_t bytes);
/// Memory of the host for cudaHostAlloc, which the device reaches at device_address of it; it does not count as the device's.
void* allocate_pinned_memory(std::size_t bytes);
bool is_pinned(const void* host);
/// false: not an address that allocate_device_memory gave.
bool free_device_memory(void* device);
/// Gives everything back.
void forget_device_memory();
/// How much the device has; what is allocated may already be more.
void set_device_capacity(std::size_t bytes);
std::size_t device_capacity();
std::size_t device_bytes_in_use();

/// For copies by the host: where the bytes lie, null where they are not all within one allocation.
void* host_address(const void* device, std::size_t bytes);
inline void* device_address(void* host) { return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(host) | kDeviceBit); }

// Of kernels: counted; an address outside or not aligned ends the block.
const void* read_address(const void* device, std::size_t bytes, std::size_t alignment, std::source_location where);
void* write_address(void* device, std::size_t bytes, std::size_t alignment, std::source_location where);
inline bool is_device_address(const void* address) { return (reinterpret_cast<std::uintptr_t>(address) & kDeviceBit) != 0; }

}  // namespace dsw::cuda_emulation
