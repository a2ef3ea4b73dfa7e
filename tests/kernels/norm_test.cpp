// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

struct Rows {
  Lengths x, statistics;
  std::int64_t C;
};
const Rows kRows[] = {{{1, 2}, {1}, 2},         {{5, 7}, {5}, 7}, {{3, 64}, {3}, 64},
                      {{2, 5, 33}, {2, 5}, 33}, {{0, 8}, {0}, 8}, {{700, 128}, {700}, 128}};
const Layout kLayouts[] = {Layout::Dense, Layout::Transposed, Layout::Padded, Layout::Spread};

TEST(Norm, LayerNorm) {
  for (const Rows& r : kRows) {
    for (const Layout layout : kLayouts) {
      // The gradients use the statistics that the same table made. x around 3: the mean must be taken off before squaring.
      KernelCase("layer norm")
          .cancels(r.C == 2 ? 1e-6 : 0)
          .input(r.x, layout, 2, 4)
          .input({r.C})
          .input({r.C})
          .output(r.x, layout)
          .output(r.statistics)
          .output(r.statistics)
          .input(r.x)
          .output(r.x, layout)
          .output({r.C})
          .output({r.C})
          .run([](const DswKernels& k, DswStream* s, const auto& v) {
            if (const int status = k.layer_norm_fwd(s, v[0], v[1], v[2], 1e-5, v[3], v[4], v[5]); status != DSW_OK) return status;
            return k.layer_norm_bwd(s, v[0], v[1], v[4], v[5], v[6], v[7], v[8], v[9]);
          });
    }
    KernelCase("without weight and bias")
        .cancels(r.C == 2 ? 1e-6 : 0)
        .input(r.x)
        .missing()
        .missing()
        .output(r.x)
        .output(r.statistics)
        .output(r.statistics)
        .input(r.x)
        .output(r.x)
        .run([](const DswKernels& k, DswStream* s, const auto& v) {
          if (const int status = k.layer_norm_fwd(s, v[0], v[1], v[2], 1e-5, v[3], v[4], v[5]); status != DSW_OK) return status;
          return k.layer_norm_bwd(s, v[0], v[1], v[4], v[5], v[6], v[7], v[1], v[2]);
        });
    KernelCase("gradient of the weight only")
        .input(r.x)
        .input({r.C})
        .input(r.statistics)
        .input(r.statistics, Layout::Dense, 0.5, 2)
        .input(r.x)
        .missing()
        .output({r.C})
        .missing()
        .run([](const DswKernels& k, DswStream* s, const auto& v) {
          return k.layer_norm_bwd(s, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
        });
  }
}

TEST(Norm, RmsNorm) {
  for (const Rows& r : kRows) {
    for (const Layout layout : kLayouts) {
      KernelCase("rms norm")
          .input(r.x, layout, -2, 3)
          .input({r.C}, Layout::Dense, 0.5, 1.5)
          .output(r.x)
          .output(r.statistics)
          .input(r.x, layout)
          .output(r.x, layout)
          .output({r.C})
          .run([](const DswKernels& k, DswStream* s, const auto& v) {
            if (const int status = k.rms_norm_fwd(s, v[0], v[1], 1e-6, v[2], v[3]); status != DSW_OK) return status;
            return k.rms_norm_bwd(s, v[0], v[1], v[3], v[4], v[5], v[6]);
          });
    }
  }
}

TEST(Norm, OfAResidualSum) {
  for (const Rows& r : kRows) {
    for (const Layout layout : kLayouts) {
      KernelCase("layer norm of a sum")
          .cancels(r.C == 2 ? 1e-5 : 0)  // two sums may lie near each other: a large 1/sd times a difference that is 0
          .input(r.x, layout, 2, 4)
          .input(r.x, Layout::Dense, -1, 2)
          .input({r.C})
          .input({r.C})
          .output(r.x, layout)
          .output(r.x)
          .output(r.statistics)
          .output(r.statistics)
          .input(r.x)
          .input(r.x, layout)
          .output(r.x, layout)
          .output({r.C})
          .output({r.C})
          .run([](const DswKernels& k, DswStream* s, const auto& v) {
            const int status = k.add_layer_norm_fwd(s, v[0], v[1], v[2], v[3], 1e-5, v[4], v[5], v[6], v[7]);
            if (status != DSW_OK) return status;
            return k.add_layer_norm_bwd(s, v[4], v[2], v[6], v[7], v[8], v[9], v[10], v[11], v[12]);
          });
      KernelCase("rms norm of a sum, the gradient in place")
          .input(r.x, layout, -2, 3)
          .input(r.x, layout)
          .input({r.C}, Layout::Dense, 0.5, 1.5)
          .output(r.x)
          .output(r.x, layout)
          .output(r.statistics)
          .input(r.x, layout)
          .changed(r.x, layout)
          .output({r.C})
          .run([](const DswKernels& k, DswStream* s, const auto& v) {
            if (const int status = k.add_rms_norm_fwd(s, v[0], v[1], v[2], 1e-6, v[3], v[4], v[5]); status != DSW_OK) return status;
            return k.add_rms_norm_bwd(s, v[3], v[2], v[5], v[6], v[7], v[7], v[8]);
          });
    }
  }
  KernelCase("without weight and bias, a broadcast gradient")
      .input({9, 40})
      .missing()
      .input({9}, Layout::Dense, -0.1, 0.1)
      .input({9}, Layout::Dense, 0.5, 2)
      .input({9, 40})
      .input({9, 40}, Layout::Expanded)
      .output({9, 40})
      .run([](const DswKernels& k, DswStream* s, const auto& v) {
        return k.add_layer_norm_bwd(s, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[1], v[1]);
      });
}

TEST(Norm, NaNStaysInItsRow) {
  KernelCase("NaN")
      .input({3, 20})
      .put(25, std::numeric_limits<double>::quiet_NaN())
      .missing()
      .missing()
      .output({3, 20})
      .output({3})
      .output({3})
      .run([](const DswKernels& k, DswStream* s, const auto& v) { return k.layer_norm_fwd(s, v[0], v[1], v[2], 1e-5, v[3], v[4], v[5]); });
}

TEST(Norm, BatchNorm) {
  for (const Lengths& x : {Lengths{4, 3}, Lengths{5, 16, 7, 7}, Lengths{2, 1, 3, 3}, Lengths{64, 16}, Lengths{3, 5, 9}, Lengths{1, 2, 1, 1},
                           Lengths{0, 3, 2, 2}, Lengths{16, 8, 20, 20}}) {
    const Lengths c{x[1]};
    for (const std::int32_t training : {0, 1}) {
      if (x == Lengths{1, 2, 1, 1} && training == 1) continue;  // one value: its gradient is 0 by cancellation
      for (const Layout layout : {Layout::Dense, Layout::Padded}) {
        KernelCase("batch norm")
            .input(x, layout, 1, 4)
            .input(c)
            .input(c)
            .changed(c)
            .changed(c, Layout::Dense, 0.5, 2)
            .output(x, layout)
            .output(c)
            .output(c)
            .input(x)
            .output(x, layout)
            .output(c)
            .output(c)
            .run([&](const DswKernels& k, DswStream* s, const auto& v) {
              const int status = k.batch_norm_fwd(s, v[0], v[1], v[2], v[3], v[4], 0.1, 1e-5, training, v[5], v[6], v[7]);
              if (status != DSW_OK) return status;
              return k.batch_norm_bwd(s, v[0], v[1], v[6], v[7], training, v[8], v[9], v[10], v[11]);
            });
      }
    }
  }
}

}  // namespace
}  // namespace dsw::test
