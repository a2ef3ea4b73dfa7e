// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 120
// Every kernel family with data in bfloat16 and float16 beside float32 statistics and gradients of weights (attention: attention_test).
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/cpu/cpu_kernels.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

using Views = std::vector<DswView>;

constexpr Layout kLayouts[] = {Layout::Dense, Layout::Transposed, Layout::Spread, Layout::Padded};

class NarrowKernels : public testing::TestWithParam<DswDType> {
 protected:
  KernelCase narrow(const char* name) {
    KernelCase made(name);
    made.narrow(GetParam());
    return made;
  }
};

TEST_P(NarrowKernels, Elementwise) {
  for (const Lengths& shape : {Lengths{1}, Lengths{5, 33}, Lengths{3, 70, 17}, Lengths{0, 4}}) {
    for (const Layout layout : kLayouts) {
      for (const DswUnary op : {DSW_RELU, DSW_GELU_TANH, DSW_SILU, DSW_TANH, DSW_AFFINE}) {
        narrow("unary").input(shape, layout).output(shape).run([op](const DswKernels& k, DswStream* s, const Views& v) {
          return k.unary(s, op, 0.5, 0.25, v[0], v[1]);
        });
        narrow("gradient")
            .input(shape, layout)
            .input(shape, layout)
            .input(shape)
            .output(shape, layout)
            .run([op](const DswKernels& k, DswStream* s, const Views& v) { return k.unary_bwd(s, op, 0.5, 0.25, v[0], v[1], v[2], v[3]); });
      }
      narrow("sum").input(shape, layout).input(shape).output(shape, layout).run([](const DswKernels& k, DswStream* s, const Views& v) {
        return k.binary(s, DSW_ADD, v[0], v[1], v[2]);
      });
      narrow("in place").input(shape, layout).changed(shape, layout).run([](const DswKernels& k, DswStream* s, const Views& v) {
        return k.binary(s, DSW_ADD, v[0], v[1], v[1]);
      });
      narrow("swiglu")
          .input(shape, layout)
          .input(shape)
          .input(shape)
          .output(shape)
          .output(shape, layout)
          .output(shape)
          .run([](const DswKernels& k, DswStream* s, const Views& v) {
            const int status = k.swiglu_fwd(s, v[0], v[1], v[3]);
            return status != DSW_OK ? status : k.swiglu_bwd(s, v[0], v[1], v[2], v[4], v[5]);
          });
    }
    narrow("dropout").input(shape).output(shape).run(
        [](const DswKernels& k, DswStream* s, const Views& v) { return k.dropout(s, v[0], v[1], 0.3, 7); });
    narrow("fill").output(shape).run([](const DswKernels& k, DswStream* s, const Views& v) { return k.fill(s, v[0], 0.3); });
  }
}

TEST_P(NarrowKernels, CopiesConvertBothWays) {
  for (const Layout layout : kLayouts) {
    const auto copy = [](const DswKernels& k, DswStream* s, const Views& v) { return k.copy(s, v[0], v[1]); };
    const Lengths shape{7, 600};
    KernelCase("to narrow").input(shape, layout, -300, 300).narrow(GetParam()).output(shape).tolerance(0).run(copy);
    narrow("to float32").input(shape, layout, -300, 300).wide().output(shape).tolerance(0).run(copy);
    narrow("same").input(shape, layout, -300, 300).output(shape, layout).tolerance(0).run(copy);
  }
  constexpr double kInf = std::numeric_limits<double>::infinity();
  // Halves of the last place round to even, the largest float32 leaves the range, NaN stays.
  std::vector<double> values = {1 + 1.0 / 256, 1 + 3.0 / 256, 1 + 1.0 / 2048, 3.4e38, -3.4e38, kInf, -kInf, std::nan(""), 0,
                                -0.0,          1e-40,         1e-45,          65520};
  while (values.size() < 67) values.push_back(values[values.size() - 13] * (values.size() % 2 == 0 ? -1 : 1));
  KernelCase("special numbers")
      .values({67}, values)
      .narrow(GetParam())
      .output({67})
      .tolerance(0)
      .run([](const DswKernels& k, DswStream* s, const Views& v) { return k.copy(s, v[0], v[1]); });
}

TEST_P(NarrowKernels, Reductions) {
  for (const Layout layout : kLayouts) {
    for (const DswReduce op : {DSW_SUM, DSW_MEAN, DSW_MAX}) {
      const auto reduce = [op](const DswKernels& k, DswStream* s, const Views& v) { return k.reduce(s, op, v[0], v[1]); };
      for (const Lengths& kept : {Lengths{1, 130, 1}, Lengths{40, 1, 9}, Lengths{1, 1, 1}, Lengths{40, 130, 9}}) {
        narrow("to narrow").input({40, 130, 9}, layout, -0.5, 1).output(kept).run(reduce);
        narrow("to float32").input({40, 130, 9}, layout, -0.5, 1).wide().output(kept).run(reduce);
      }
      narrow("rows").input({300, 70}, layout, -0.5, 1).wide().output({1, 70}).run(reduce);
    }
  }
}

TEST_P(NarrowKernels, Products) {
  for (const auto& [M, K, N] :
       {std::array<std::int64_t, 3>{1, 1, 1}, {5, 7, 3}, {130, 70, 65}, {300, 128, 200}, {70, 500, 90}, {3, 0, 4}}) {
    const auto product = [](const DswKernels& k, DswStream* s, const Views& v) { return k.matmul(s, v[0], v[1], v[2], v[3], 1, 0); };
    for (const Layout a : {Layout::Dense, Layout::Transposed, Layout::Spread, Layout::Padded}) {
      for (const Layout b : {Layout::Dense, Layout::Transposed, Layout::Padded}) {
        narrow("narrow").input({M, K}, a).input({K, N}, b).missing().output({M, N}).run(product);
        narrow("to float32").input({M, K}, a).input({K, N}, b).missing().wide().output({M, N}).run(product);
        narrow("bias").input({M, K}, a).input({K, N}, b).wide().input({N}).narrow(GetParam()).output({M, N}, Layout::Padded).run(product);
        narrow("float32 weight").input({M, K}, a).wide().input({K, N}, b).missing().narrow(GetParam()).output({M, N}).run(product);
      }
    }
    narrow("batches").input({3, M, K}).input({3, K, N}, Layout::Transposed).missing().output({3, M, N}).run(product);
  }
}

TEST_P(NarrowKernels, SoftmaxAndLoss) {
  for (const Layout layout : kLayouts) {
    for (const Lengths& shape : {Lengths{3, 7}, Lengths{70, 65}, Lengths{2, 1}}) {
      narrow("softmax").input(shape, layout, -4, 4).output(shape, layout).run([](const DswKernels& k, DswStream* s, const Views& v) {
        return k.softmax_fwd(s, v[0], v[1]);
      });
      narrow("gradient")
          .cancels(1e-4)
          .input(shape, layout, 0, 0.3)
          .input(shape)
          .output(shape)
          .run([](const DswKernels& k, DswStream* s, const Views& v) { return k.softmax_bwd(s, v[0], v[1], v[2]); });
      std::vector<std::int64_t> target;
      for (std::int64_t i = 0; i < shape[0]; ++i) target.push_back(i % 5 == 3 ? -1 : i % shape[1]);
      narrow("cross entropy")
          .cancels(1e-6)
          .input(shape, layout, -4, 4)
          .integers({shape[0]}, target)
          .wide()
          .output({1})
          .output({shape[0]})
          .integer_output({1}, DSW_I64)
          .input({1})
          .narrow(GetParam())
          .output(shape, layout)
          .run([](const DswKernels& k, DswStream* s, const Views& v) {
            const int status = k.cross_entropy_fwd(s, v[0], v[1], 0.1, v[2], v[3], v[4]);
            return status != DSW_OK ? status : k.cross_entropy_bwd(s, v[0], v[1], 0.1, v[3], v[4], v[5], v[6]);
          });
    }
  }
}

TEST_P(NarrowKernels, Fused) {
  for (const Layout layout : kLayouts) {
    for (const Lengths& shape : {Lengths{3, 7}, Lengths{130, 65}, Lengths{4, 5, 128}}) {
      const std::int64_t C = shape.back();
      const Lengths rows(shape.begin(), shape.end() - 1);
      narrow("layer norm of a sum")
          .input(shape, layout, 2, 4)
          .input(shape, layout)
          .wide()
          .input({C})
          .input({C})
          .output(rows)
          .output(rows)
          .output({C})
          .output({C})
          .narrow(GetParam())
          .output(shape, layout)
          .output(shape, layout)
          .input(shape)
          .input(shape, layout)
          .output(shape)
          .run([](const DswKernels& k, DswStream* s, const Views& v) {
            const int status = k.add_layer_norm_fwd(s, v[0], v[1], v[2], v[3], 1e-5, v[8], v[9], v[4], v[5]);
            if (status != DSW_OK) return status;
            return k.add_layer_norm_bwd(s, v[8], v[2], v[4], v[5], v[10], v[11], v[12], v[6], v[7]);
          });
      narrow("rms norm of a sum")
          .input(shape, layout, 2, 4)
          .input(shape)
          .wide()
          .input({C})
          .output(rows)
          .output({C})
          .narrow(GetParam())
          .output(shape)
          .output(shape)
          .input(shape)
          .changed(shape, layout)
          .run([](const DswKernels& k, DswStream* s, const Views& v) {
            const int status = k.add_rms_norm_fwd(s, v[0], v[1], v[2], 1e-5, v[5], v[6], v[3]);
            return status != DSW_OK ? status : k.add_rms_norm_bwd(s, v[5], v[2], v[3], v[7], v[8], v[8], v[4]);
          });
      narrow("gradient and the sum of its rows")
          .input(shape, layout)
          .missing()
          .input(shape, Layout::Dense, -0.5, 1)
          .output(shape, layout)
          .wide()
          .output({C})
          .run([](const DswKernels& k, DswStream* s, const Views& v) {
            return k.unary_bias_bwd(s, DSW_GELU_TANH, 0, 0, v[0], v[1], v[2], v[3], v[4]);
          });
    }
    narrow("heads")
        .input({2, 5, 6, 8}, layout)
        .integers({5}, {0, 1, 2, 3, 9})
        .output({2, 2, 5, 8})
        .output({2, 2, 5, 8}, layout)
        .output({2, 2, 5, 8})
        .output({2, 5, 6, 8}, layout)
        .run([](const DswKernels& k, DswStream* s, const Views& v) {
          const int status = k.split_heads_fwd(s, v[0], v[1], 10000, 1, v[2], v[3], v[4]);
          return status != DSW_OK ? status : k.split_heads_bwd(s, v[2], v[3], v[4], v[1], 10000, 1, v[5]);
        });
  }
}

TEST_P(NarrowKernels, Norms) {
  for (const Layout layout : kLayouts) {
    for (const Lengths& shape : {Lengths{3, 7}, Lengths{130, 65}, Lengths{4, 5, 128}}) {
      const std::int64_t C = shape.back();
      const Lengths rows(shape.begin(), shape.end() - 1);
      narrow("layer norm")
          .input(shape, layout, 2, 4)
          .wide()
          .input({C})
          .input({C})
          .output(rows)
          .output(rows)
          .output({C})
          .output({C})
          .narrow(GetParam())
          .output(shape, layout)
          .input(shape)
          .output(shape)
          .run([](const DswKernels& k, DswStream* s, const Views& v) {
            const int status = k.layer_norm_fwd(s, v[0], v[1], v[2], 1e-5, v[7], v[3], v[4]);
            return status != DSW_OK ? status : k.layer_norm_bwd(s, v[0], v[1], v[3], v[4], v[8], v[9], v[5], v[6]);
          });
      narrow("rms norm")
          .input(shape, layout, 2, 4)
          .wide()
          .input({C})
          .output(rows)
          .output({C})
          .narrow(GetParam())
          .output(shape)
          .input(shape)
          .output(shape, layout)
          .run([](const DswKernels& k, DswStream* s, const Views& v) {
            const int status = k.rms_norm_fwd(s, v[0], v[1], 1e-5, v[4], v[2]);
            return status != DSW_OK ? status : k.rms_norm_bwd(s, v[0], v[1], v[2], v[5], v[6], v[3]);
          });
    }
  }
  for (const std::int32_t training : {0, 1}) {
    const Lengths shape{6, 5, 7, 9}, channels{5};
    narrow("batch norm")
        .input(shape, Layout::Dense, 1, 3)
        .wide()
        .input(channels)
        .input(channels)
        .changed(channels)
        .changed(channels, Layout::Dense, 0.5, 2)
        .output(channels)
        .output(channels)
        .output(channels)
        .output(channels)
        .narrow(GetParam())
        .output(shape)
        .input(shape)
        .output(shape)
        .run([training](const DswKernels& k, DswStream* s, const Views& v) {
          const int status = k.batch_norm_fwd(s, v[0], v[1], v[2], v[3], v[4], 0.1, 1e-5, training, v[9], v[5], v[6]);
          return status != DSW_OK ? status : k.batch_norm_bwd(s, v[0], v[1], v[5], v[6], training, v[10], v[11], v[7], v[8]);
        });
  }
}

TEST_P(NarrowKernels, RopePoolingAndConvolution) {
  for (const Layout layout : kLayouts) {
    narrow("rope")
        .input({2, 3, 5, 8}, layout)
        .integers({5}, {0, 3, 1, 900, 4})
        .output({2, 3, 5, 8}, layout)
        .run([](const DswKernels& k, DswStream* s, const Views& v) { return k.rope(s, v[0], v[1], 10000, 0, 0, v[2]); });
  }
  for (const DswPool& pool : {DswPool{2, 2, 2, 2, 0, 0, 0}, DswPool{3, 3, 2, 2, 1, 1, 0}, DswPool{3, 2, 1, 2, 1, 0, 1}}) {
    const Lengths x{3, 4, 13, 20},
        y{3, 4, (13 + 2 * pool.pad_h - pool.kernel_h) / pool.stride_h + 1, (20 + 2 * pool.pad_w - pool.kernel_w) / pool.stride_w + 1};
    KernelCase made = narrow("pool").input(x).output(y);
    if (pool.average)
      made.missing();
    else
      made.integer_output(y);
    made.input(y).output(x).run([&](const DswKernels& k, DswStream* s, const Views& v) {
      const int status = k.pool2d_fwd(s, &pool, v[0], v[1], v[2]);
      return status != DSW_OK ? status : k.pool2d_bwd(s, &pool, v[3], v[2], v[4]);
    });
  }
  for (const DswConv& p : {DswConv{1, 1, 1, 1, 1, 1, 1}, DswConv{2, 2, 0, 1, 1, 1, 2}}) {
    const Lengths x{5, 4, 9, 11}, w{6, 4 / p.groups, 3, 3},
        y{5, 6, (9 + 2 * p.pad_h - 3) / p.stride_h + 1, (11 + 2 * p.pad_w - 3) / p.stride_w + 1};
    for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Padded}) {
      narrow("convolution")
          .input(x, layout)
          .input(w)
          .output(y, layout)
          .input(y)
          .output(x)
          .wide()
          .input({6})
          .output(w)
          .output({6})
          .run([&](const DswKernels& k, DswStream* s, const Views& v) {
            if (const int status = k.conv2d_fwd(s, &p, v[0], v[1], v[5], v[2]); status != DSW_OK) return status;
            if (const int status = k.conv2d_bwd_data(s, &p, v[1], v[3], v[4]); status != DSW_OK) return status;
            return k.conv2d_bwd_weights(s, &p, v[0], v[3], v[6], v[7]);
          });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dtypes, NarrowKernels, testing::Values(DSW_BF16, DSW_F16),
                         [](const auto& test) { return std::string(test.param == DSW_BF16 ? "bfloat16" : "float16"); });

}  // namespace
}  // namespace dsw::test
