// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/cpu/cpu_kernels.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

struct Sizes {
  std::int64_t B, Hq, Hkv, Tq, S, D;
  Lengths q() const { return {B, Hq, Tq, D}; }
  Lengths k() const { return {B, Hkv, S, D}; }
  Lengths lse() const { return {B, Hq, Tq}; }
  double scale() const { return 1 / std::sqrt(static_cast<double>(D)); }
};
const Sizes kSizes[] = {{1, 1, 1, 1, 1, 1},    {2, 2, 2, 5, 5, 8},   {1, 4, 2, 17, 17, 33},  {2, 2, 1, 70, 70, 32},
                        {1, 2, 2, 1, 150, 16}, {2, 4, 2, 3, 90, 70}, {1, 1, 1, 64, 128, 64}, {1, 2, 2, 130, 300, 20},
                        {1, 1, 1, 9, 4, 8},    {0, 2, 2, 3, 3, 4},   {1, 2, 2, 0, 3, 4}};

DswAttention options(double scale, bool causal, std::int32_t window, double soft_cap, double dropout = 0, std::uint64_t key = 0) {
  return {scale, causal ? 1 : 0, window, soft_cap, dropout, key};
}

/// Forward, then the gradients from the table's own output.
void check(const char* name, const Sizes& z, const DswAttention& p, Layout layout, const std::vector<std::int64_t>& mask,
           double tolerance = 1e-10, DswDType dtype = DSW_F32) {
  KernelCase attention(name);
  attention.tolerance(tolerance).cancels(dtype == DSW_F32 ? 1e-6 : 1e-3);  // a query that sees one key has no gradient
  if (dtype != DSW_F32) attention.narrow(dtype);
  attention.input(z.q(), layout, -2, 2).input(z.k(), layout, -2, 2).input(z.k(), layout);
  if (mask.empty())
    attention.missing();
  else
    attention.integers({z.B, z.S}, mask, DSW_BOOL);
  attention.output(z.q(), layout).wide().output(z.lse());
  if (dtype != DSW_F32) attention.narrow(dtype);
  attention.input(z.q(), layout).output(z.q(), layout).output(z.k(), layout).output(z.k());
  attention.run([&](const DswKernels& k, DswStream* s, const auto& v) {
    if (const int status = k.attention_fwd(s, &p, v[0], v[1], v[2], v[3], v[4], v[5], DswView{}); status != DSW_OK) return status;
    return k.attention_bwd(s, &p, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]);
  });
}

/// On the baseline set the products run over pairs of bfloat16, as where the processor has an instruction for them.
TEST(Attention, NarrowFloats) {
  for (const DswDType dtype : {DSW_BF16, DSW_F16}) {
    for (const Sizes& z : kSizes) {
      const double tolerance = z.Tq * z.D < 500 ? 4e-5 : 1e-5;  // the two roundings of few numbers do not average out
      for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Padded}) {
        check("full", z, options(z.scale(), 0, 0, 0), layout, {}, tolerance, dtype);
        check("causal", z, options(z.scale(), 1, 0, 0), layout, {}, tolerance, dtype);
      }
      check("window", z, options(z.scale(), 1, 7, 0), Layout::Dense, {}, tolerance, dtype);
      check("soft cap", z, options(z.scale() * 4, 1, 20, 3.0), Layout::Dense, {}, tolerance, dtype);
      check("dropout", z, options(z.scale(), 1, 0, 0, 0.3, 99), Layout::Dense, {}, tolerance, dtype);
    }
  }
}

TEST(Attention, FullCausalWindowAndCap) {
  for (const Sizes& z : kSizes) {
    for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Padded}) {
      check("full", z, options(z.scale(), 0, 0, 0), layout, {});
      check("causal", z, options(z.scale(), 1, 0, 0), layout, {});
    }
    check("window", z, options(z.scale(), 1, 7, 0), Layout::Dense, {});
    check("window of one", z, options(z.scale(), 1, 1, 0), Layout::Dense, {});
    check("long window", z, options(z.scale(), 1, 100, 0), Layout::Dense, {});
    check("full, last keys", z, options(z.scale(), 0, 3, 0), Layout::Dense, {});
    check("soft cap", z, options(z.scale() * 4, 1, 0, 3.0), Layout::Dense, {});
    check("cap and window", z, options(z.scale() * 4, 1, 20, 5.0), Layout::Dense, {});
  }
}

TEST(Attention, Dropout) {
  for (const Sizes& z : kSizes) {
    check("dropout", z, options(z.scale(), 0, 0, 0, 0.3, 7), Layout::Dense, {});
    check("causal dropout", z, options(z.scale(), 1, 0, 0, 0.5, 0xFFFF'FFFF'FFFF'FFFF), Layout::Transposed, {});
    check("window, cap and dropout", z, options(z.scale() * 4, 1, 20, 5.0, 0.1, 8), Layout::Dense, {});
  }
}

/// With v the unit matrix o is the row of probabilities as they met v.
TEST(Attention, DropoutKeepsItsShareAndTheMean) {
  const Sizes z{1, 1, 1, 200, 64, 64};
  std::vector<float> q(200 * 64), v(64 * 64), o(q.size()), lse(200);  // q = 0: each probability is 1 / 64
  for (std::size_t i = 0; i < 64; ++i) v[i * 64 + i] = 1;
  const DswAttention p = options(1, 0, 0, 0, 0.25, 11);
  const Stream stream(2);
  const DswView query = dense_view(q.data(), z.q(), DSW_F32), value = dense_view(v.data(), z.k(), DSW_F32);
  ASSERT_EQ(dsw_cpu_kernels()->attention_fwd(stream.get(), &p, query, value, value, DswView{}, dense_view(o.data(), z.q(), DSW_F32),
                                             dense_view(lse.data(), z.lse(), DSW_F32), DswView{}),
            DSW_OK);
  std::size_t dropped = 0;
  for (const float x : o) {
    if (x == 0)
      ++dropped;
    else
      EXPECT_NEAR(x, 1 / 64.0 / 0.75, 1e-6);
  }
  EXPECT_NEAR(static_cast<double>(dropped) / static_cast<double>(o.size()), 0.25, 4 * std::sqrt(0.25 * 0.75 / 12800));
}

TEST(Attention, KeyMask) {
  for (const Sizes& z : kSizes) {
    if (z.B == 0 || z.S == 0) continue;
    std::vector<std::int64_t> some, none(static_cast<std::size_t>(z.B * z.S), 0), tail;
    for (std::int64_t i = 0; i < z.B * z.S; ++i) {
      some.push_back(i % 3 != 0);
      tail.push_back(i % z.S < (z.S + 1) / 2);
    }
    check("every third away", z, options(z.scale(), 0, 0, 0), Layout::Dense, some);
    check("causal, every third away", z, options(z.scale(), 1, 0, 0), Layout::Dense, some);
    check("padded tail", z, options(z.scale(), 0, 0, 2.0), Layout::Dense, tail);
    check("nothing to see", z, options(z.scale(), 1, 0, 0), Layout::Dense, none);
  }
}

TEST(Attention, NaNIsSeen) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Sizes z{1, 1, 1, 20, 20, 8};
  const DswAttention p = options(z.scale(), 0, 0, 0);
  for (const int argument : {0, 1}) {
    KernelCase attention("NaN");
    attention.input(z.q());
    if (argument == 0) attention.put(43, nan);
    attention.input(z.k());
    if (argument == 1) attention.put(43, nan);
    attention.input(z.k()).output(z.q()).output(z.lse());
    attention.run([&](const DswKernels& k, DswStream* s, const auto& v) {
      return k.attention_fwd(s, &p, v[0], v[1], v[2], DswView{}, v[3], v[4], DswView{});
    });
  }
}

TEST(Attention, LargeScoresDoNotOverflow) {
  const Sizes z{1, 2, 1, 90, 200, 16};
  check("large", z, options(60.0, 1, 0, 0), Layout::Dense, {}, 1e-8);  // scores of some hundreds: their own rounding is 1e-5
}

TEST(Attention, ProbabilitiesForInspection) {
  const Sizes z{1, 2, 1, 6, 9, 8};
  const DswAttention p = options(z.scale(), 1, 0, 0);
  KernelCase("probabilities")
      .input(z.q())
      .input(z.k())
      .input(z.k())
      .output(z.q())
      .output(z.lse())
      .output({1, 2, 6, 9})
      .run([&](const DswKernels& k, DswStream* s, const auto& v) {
        return k.attention_fwd(s, &p, v[0], v[1], v[2], DswView{}, v[3], v[4], v[5]);
      });
}

TEST(Attention, RepeatsToTheBit) {
  const Stream stream(3);
  const Sizes z{2, 4, 2, 100, 100, 24};
  const DswAttention p = options(z.scale(), 1, 0, 0);
  std::vector<float> q(2 * 4 * 100 * 24), k(2 * 2 * 100 * 24), o(q.size()), lse(2 * 4 * 100), first;
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<float>(i * 7 % 101) / 50 - 1;
  for (std::size_t i = 0; i < k.size(); ++i) k[i] = static_cast<float>(i * 3 % 97) / 50 - 1;
  for (int i = 0; i < 3; ++i) {
    const DswView kv = dense_view(k.data(), z.k(), DSW_F32);
    ASSERT_EQ(dsw_cpu_kernels()->attention_fwd(stream.get(), &p, dense_view(q.data(), z.q(), DSW_F32), kv, kv, DswView{},
                                               dense_view(o.data(), z.q(), DSW_F32), dense_view(lse.data(), z.lse(), DSW_F32), DswView{}),
              DSW_OK);
    if (i == 0) first = o;
    ASSERT_EQ(o, first);
  }
}

}  // namespace
}  // namespace dsw::test
