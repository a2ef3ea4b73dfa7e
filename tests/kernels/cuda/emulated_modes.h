// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "tests/support/cuda_emulation/options.h"

namespace dsw::test {

/// In which a kernel's threads and copies may go; a right kernel gives the same bits in all.
struct Mode {
  cuda_emulation::Order order;
  cuda_emulation::AsyncCopies copies;
};
inline constexpr Mode kEager{cuda_emulation::Order::Forward, cuda_emulation::AsyncCopies::Eager},
    kDeferred{cuda_emulation::Order::Forward, cuda_emulation::AsyncCopies::Deferred};
inline constexpr Mode kModes[] = {kEager,
                                  kDeferred,
                                  {cuda_emulation::Order::Reverse, cuda_emulation::AsyncCopies::Eager},
                                  {cuda_emulation::Order::Reverse, cuda_emulation::AsyncCopies::Deferred},
                                  {cuda_emulation::Order::Shuffled, cuda_emulation::AsyncCopies::Eager},
                                  {cuda_emulation::Order::Shuffled, cuda_emulation::AsyncCopies::Deferred}};

}  // namespace dsw::test
