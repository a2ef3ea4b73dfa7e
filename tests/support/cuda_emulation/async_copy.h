// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <source_location>
#include <vector>

namespace dsw::cuda_emulation {

/// 16 bytes on their way from global to shared memory; from null: zeros.
struct AsyncCopy {
  void* to;
  const void* from;
};

/// The copies that one CUDA thread has begun and that no wait has ended yet: those of the open group and, oldest first, of closed groups.
struct PendingCopies {
  std::vector<AsyncCopy> open;
  std::vector<std::vector<AsyncCopy>> groups;
  void clear() {
    open.clear();
    groups.clear();
  }
};

/// cp.async.cg.shared.global of 16 bytes; present false writes zeros and reads nothing.
void begin_copy(void* shared, const void* global, bool present, std::source_location where);
/// cp.async.commit_group
void close_group();
/// cp.async.wait_group: all but the `newest` last groups have arrived, for the calling thread alone.
void wait_for_groups(int newest);

}  // namespace dsw::cuda_emulation
