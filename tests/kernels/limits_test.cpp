// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Figures belong to ./dev bench; here only that the loops do what they count.
#include "kernels/cpu/limits.h"

#include <gtest/gtest.h>

#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

TEST(Limits, ArePlausibleOnAnyMachine) {
  const Stream stream(2);
  const double flops = kernels::peak_flops(stream.get(), 0.02), bytes = kernels::read_bandwidth(stream.get(), 0.02, 16 << 20);
  EXPECT_GT(flops, 1e8);
  EXPECT_LT(flops, 1e13) << "the loop was optimised away";
  EXPECT_GT(bytes, 1e8);
  EXPECT_LT(bytes, 1e13) << "the memory was not read";
}

}  // namespace
}  // namespace dsw::test
