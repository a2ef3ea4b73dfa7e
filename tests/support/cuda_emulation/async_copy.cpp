// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cuda_emulation/async_copy.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include "tests/support/cuda_emulation/block.h"
#include "tests/support/cuda_emulation/device_memory.h"
#include "tests/support/cuda_emulation/options.h"
#include "tests/support/cuda_emulation/quiet.h"

namespace dsw::cuda_emulation {
namespace {

constexpr std::size_t kBytes = 16;

void carry_out(const AsyncCopy& copy) {
  if (copy.from != nullptr)
    std::memcpy(copy.to, copy.from, kBytes);
  else
    std::memset(copy.to, 0, kBytes);
}

}  // namespace

void begin_copy(void* shared, const void* global, bool present, std::source_location where) {
  AsyncCopy copy{shared, nullptr};
  {
    Quiet quiet;
    Block& block = Block::current();
    if (reinterpret_cast<std::uintptr_t>(shared) % kBytes != 0) block.fail("cp.async: the shared address is not a multiple of 16", where);
    if (present) copy.from = read_address(global, kBytes, kBytes, where);
    const AsyncCopies mode = options().copies;
    if (mode == AsyncCopies::Deferred || (mode == AsyncCopies::Random && block.coin())) {
      block.thread().copies.open.push_back(copy);
      return;
    }
  }
  carry_out(copy);
}

void close_group() {
  Quiet quiet;
  PendingCopies& copies = Block::current().thread().copies;
  copies.groups.push_back(std::exchange(copies.open, {}));
}

void wait_for_groups(int newest) {
  for (;;) {
    std::vector<AsyncCopy> group;
    {
      Quiet quiet;
      PendingCopies& copies = Block::current().thread().copies;
      if (copies.groups.size() <= static_cast<std::size_t>(newest)) return;
      group = std::move(copies.groups.front());
      copies.groups.erase(copies.groups.begin());
    }
    for (const AsyncCopy& copy : group) carry_out(copy);
  }
}

}  // namespace dsw::cuda_emulation
