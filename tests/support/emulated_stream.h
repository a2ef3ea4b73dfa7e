// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "kernels/device_module.h"

namespace dsw::test {

/// A stream of the emulated CUDA device, or of the real one under test, with the memory that was copied in through it; both end with it.
/// After a fault of a kernel the device is as new when it ends. One at a time.
class EmulatedStream {
 public:
  EmulatedStream();
  ~EmulatedStream();
  EmulatedStream(const EmulatedStream&) = delete;
  EmulatedStream& operator=(const EmulatedStream&) = delete;

  const DswKernels* kernels() const;
  DswStream* get() const { return stream_; }
  /// Memory of exactly `bytes` bytes with a copy of what lies at `host`.
  void* copy_in(const void* host, std::size_t bytes) const;
  void copy_out(const void* device, void* host, std::size_t bytes) const;
  int synchronize() const;
  /// What the device and the module said last.
  std::string report() const;

 private:
  DswStream* stream_ = nullptr;
  mutable std::vector<void*> memory_;
};

}  // namespace dsw::test
