// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();
const std::vector<Lengths> kShapes = {{1}, {5}, {3, 1}, {4, 65}, {7, 10}, {2, 3, 33}, {0, 5}, {3, 0}, {300, 129}, {2, 9000}};
const Layout kLayouts[] = {Layout::Dense, Layout::Transposed, Layout::Padded, Layout::Spread};

TEST(Softmax, ForwardAndGradient) {
  for (const Lengths& shape : kShapes) {
    for (const Layout layout : kLayouts) {
      KernelCase("softmax").input(shape, layout, -20, 20).output(shape, layout).run([](const DswKernels& k, DswStream* s, const auto& v) {
        return k.softmax_fwd(s, v[0], v[1]);
      });
      KernelCase("log-softmax").input(shape, layout, -20, 20).output(shape).run([](const DswKernels& k, DswStream* s, const auto& v) {
        return k.log_softmax_fwd(s, v[0], v[1]);
      });
      KernelCase("softmax gradient")
          .input(shape, layout, 0, 0.3)
          .input(shape, Layout::Padded)
          .output(shape, layout)
          .run([](const DswKernels& k, DswStream* s, const auto& v) { return k.softmax_bwd(s, v[0], v[1], v[2]); });
      KernelCase("log-softmax gradient")
          .input(shape, layout, -5, -1)
          .input(shape)
          .output(shape, Layout::Transposed)
          .run([](const DswKernels& k, DswStream* s, const auto& v) { return k.log_softmax_bwd(s, v[0], v[1], v[2]); });
    }
  }
}

TEST(Softmax, LargeInfiniteAndNaNScores) {
  const std::vector<double> x = {1e30, -1e30, 1e30, 88, -kInf, 0, -kInf, 5, -kInf, -kInf, -kInf, -kInf, 1, kNaN, 2, 3, kInf, 0, 1, 2};
  KernelCase("softmax").values({5, 4}, x).output({5, 4}).run(
      [](const DswKernels& k, DswStream* s, const auto& v) { return k.softmax_fwd(s, v[0], v[1]); });
}

struct Classes {
  std::int64_t N, K;
};

std::vector<std::int64_t> targets(std::int64_t N, std::int64_t K, bool with_left_out) {
  std::vector<std::int64_t> t;
  for (std::int64_t n = 0; n < N; ++n) t.push_back(with_left_out && n % 3 == 1 ? -1 : n * 7 % K);
  return t;
}

TEST(CrossEntropy, ForwardAndGradient) {
  for (const Classes c : {Classes{1, 1}, Classes{5, 10}, Classes{64, 65}, Classes{700, 129}, Classes{0, 4}}) {
    for (const double smoothing : {0.0, 0.1}) {
      for (const bool left_out : {false, true}) {
        for (const Layout layout : kLayouts) {
          KernelCase("cross entropy")
              .cancels(c.K == 1 ? 1e-7 : 0)
              .input({c.N, c.K}, layout, -8, 8)
              .integers({c.N}, targets(c.N, c.K, left_out))
              .output({1})
              .output({c.N})
              .integer_output({1}, DSW_I64)
              .values({1}, {0.75})
              .output({c.N, c.K}, layout)
              .run([&](const DswKernels& k, DswStream* s, const auto& v) {
                if (const int status = k.cross_entropy_fwd(s, v[0], v[1], smoothing, v[2], v[3], v[4]); status != DSW_OK) return status;
                return k.cross_entropy_bwd(s, v[0], v[1], smoothing, v[3], v[4], v[5], v[6]);
              });
        }
      }
    }
  }
}

TEST(CrossEntropy, EdgesOfTargets) {
  const auto forward = [](const DswKernels& k, DswStream* s, const std::vector<DswView>& v) {
    return k.cross_entropy_fwd(s, v[0], v[1], 0, v[2], v[3], v[4]);
  };
  KernelCase("nothing counted")
      .input({3, 4})
      .integers({3}, {-1, -1, -100})
      .output({1})
      .output({3})
      .integer_output({1}, DSW_I64)
      .run(forward);
  KernelCase("target too large").input({3, 4}).integers({3}, {0, 4, 1}).output({1}).output({3}).integer_output({1}, DSW_I64).run(forward);
  KernelCase("NaN is seen")
      .input({3, 4})
      .put(5, kNaN)
      .integers({3}, {0, 3, 1})
      .output({1})
      .output({3})
      .integer_output({1}, DSW_I64)
      .run(forward);
}

}  // namespace
}  // namespace dsw::test
