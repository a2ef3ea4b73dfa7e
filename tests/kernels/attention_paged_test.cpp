// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/reference/reference_kernels.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

struct Texts {
  std::int64_t Hq, Hkv, T, D;
  std::vector<std::int64_t> lengths;
  std::int64_t B() const { return static_cast<std::int64_t>(lengths.size()); }
  std::int64_t row() const { return (*std::max_element(lengths.begin(), lengths.end()) + DSW_BLOCK - 1) / DSW_BLOCK + 1; }
  std::int64_t pages() const { return B() * row() + 3; }
  Lengths q() const { return {B(), Hq, T, D}; }
  Lengths kept() const { return {pages(), Hkv, DSW_BLOCK, D}; }
};
const Texts kTexts[] = {{2, 2, 1, 16, {200}},  {4, 2, 1, 64, {1, 64, 65, 300}}, {3, 1, 3, 40, {70, 3, 128}},   {2, 2, 5, 8, {5, 130}},
                        {1, 1, 1, 256, {700}}, {4, 4, 2, 128, {0, 1, 90}},      {2, 1, 70, 32, {70, 150, 64}}, {2, 2, 1, 5, {63, 64}}};

/// Pages in no order; what lies behind a text's last page is never looked at and holds no page at all.
std::vector<std::int64_t> shuffled_table(const Texts& z, unsigned seed) {
  std::vector<std::int64_t> pages(static_cast<std::size_t>(z.pages())), table;
  std::iota(pages.begin(), pages.end(), 0);
  std::shuffle(pages.begin(), pages.end(), std::mt19937(seed));
  for (std::int64_t b = 0; b < z.B(); ++b)
    for (std::int64_t i = 0; i < z.row(); ++i)
      table.push_back(i * DSW_BLOCK < z.lengths[static_cast<std::size_t>(b)] ? pages[static_cast<std::size_t>(b * z.row() + i)] : -5);
  return table;
}
DswAttention options(const Texts& z, std::int32_t window, double soft_cap) {
  return {(soft_cap > 0 ? 4 : 1) / std::sqrt(static_cast<double>(z.D)), 1, window, soft_cap, 0, 0};
}

void check(const char* name, const Texts& z, const DswAttention& p, DswDType dtype = DSW_F32, Layout layout = Layout::Dense) {
  KernelCase attention(name);
  if (dtype != DSW_F32) attention.narrow(dtype).tolerance(z.D * z.B() < 100 ? 4e-5 : 1e-5);
  attention.input(z.q(), layout, -2, 2).input(z.kept(), Layout::Padded, -2, 2).input(z.kept(), Layout::Padded);
  attention.integers({z.B(), z.row()}, shuffled_table(z, 3)).integers({z.B()}, z.lengths);
  attention.output(z.q(), layout).wide().output({z.B(), z.Hq, z.T});
  attention.run([&](const DswKernels& k, DswStream* s, const auto& v) {
    return k.attention_paged_fwd(s, &p, v[0], v[1], v[2], v[3], v[4], v[5], v[6]);
  });
}

TEST(AttentionPaged, IsWhatTheReferenceMakesOfThePages) {
  for (const Texts& z : kTexts) {
    check("plain", z, options(z, 0, 0));
    check("transposed", z, options(z, 0, 0), DSW_F32, Layout::Transposed);
    check("window", z, options(z, 7, 0));
    check("long window", z, options(z, 100, 0));
    check("cap", z, options(z, 0, 3.0));
    check("window and cap", z, options(z, 80, 3.0));
    for (const DswDType dtype : {DSW_BF16, DSW_F16}) check("narrow", z, options(z, 0, 0), dtype);
  }
}

/// Pages laid in a row are a contiguous cache: the dense kernel says the same.
TEST(AttentionPaged, PagesInARowAreTheDenseKernelsKeys) {
  const std::int64_t H = 2, S = 150, D = 24, T = 2, pages = 3;
  std::mt19937 random(5);
  const auto draw = [&](std::int64_t n) {
    std::vector<float> x(static_cast<std::size_t>(n));
    for (float& value : x) value = static_cast<float>(random() % 2001) / 1000 - 1;
    return x;
  };
  std::vector<float> q = draw(H * T * D), k = draw(H * S * D), v = draw(H * S * D), o(q.size()), paged(q.size());
  std::vector<float> lse(static_cast<std::size_t>(H * T)), paged_lse(lse), k_pages(static_cast<std::size_t>(pages * H * DSW_BLOCK * D)),
      v_pages(k_pages);
  for (std::int64_t h = 0; h < H; ++h)
    for (std::int64_t s = 0; s < S; ++s)
      for (std::int64_t d = 0; d < D; ++d) {
        const auto to = static_cast<std::size_t>(((s / DSW_BLOCK * H + h) * DSW_BLOCK + s % DSW_BLOCK) * D + d);
        k_pages[to] = k[static_cast<std::size_t>((h * S + s) * D + d)];
        v_pages[to] = v[static_cast<std::size_t>((h * S + s) * D + d)];
      }
  std::vector<std::int32_t> table{0, 1, 2}, lengths{static_cast<std::int32_t>(S)};
  const DswAttention p{0.3, 1, 0, 0, 0, 0};
  const auto view = [](std::vector<float>& x, const Lengths& shape) { return dense_view(x.data(), shape, DSW_F32); };
  for (const int threads : {1, 2}) {
    const Stream stream(threads);
    ASSERT_EQ(dsw_cpu_kernels()->attention_fwd(stream.get(), &p, view(q, {1, H, T, D}), view(k, {1, H, S, D}), view(v, {1, H, S, D}),
                                               DswView{}, view(o, {1, H, T, D}), view(lse, {1, H, T}), DswView{}),
              DSW_OK);
    std::vector<float> first;
    for (int again = 0; again < 3; ++again) {
      ASSERT_EQ(dsw_cpu_kernels()->attention_paged_fwd(stream.get(), &p, view(q, {1, H, T, D}), view(k_pages, {pages, H, DSW_BLOCK, D}),
                                                       view(v_pages, {pages, H, DSW_BLOCK, D}), dense_view(table.data(), {1, 3}, DSW_I32),
                                                       dense_view(lengths.data(), {1}, DSW_I32), view(paged, {1, H, T, D}),
                                                       view(paged_lse, {1, H, T})),
                DSW_OK);
      if (again == 0) first = paged;
      EXPECT_EQ(paged, first) << "repeats to the bit";
    }
    for (std::size_t i = 0; i < o.size(); ++i) EXPECT_NEAR(paged[i], o[i], 2e-6);
    for (std::size_t i = 0; i < lse.size(); ++i) EXPECT_NEAR(paged_lse[i], lse[i], 2e-6);
  }
}

TEST(AttentionPaged, WrongTablesAreRefused) {
  std::vector<float> q(8), kept(2 * 64 * 8), o(8), lse(1);
  const DswAttention p{1, 1, 0, 0, 0, 0};
  const Stream stream(1);
  const auto status = [&](const DswKernels* kernels, std::vector<std::int32_t> table, std::vector<std::int32_t> length) {
    const DswView pages = dense_view(kept.data(), {2, 1, 64, 8}, DSW_F32);
    return kernels->attention_paged_fwd(stream.get(), &p, dense_view(q.data(), {1, 1, 1, 8}, DSW_F32), pages, pages,
                                        dense_view(table.data(), {1, 2}, DSW_I32), dense_view(length.data(), {1}, DSW_I32),
                                        dense_view(o.data(), {1, 1, 1, 8}, DSW_F32), dense_view(lse.data(), {1, 1, 1}, DSW_F32));
  };
  for (const DswKernels* kernels : {dsw_cpu_kernels(), dsw_reference_kernels()}) {
    EXPECT_EQ(status(kernels, {1, 0}, {128}), DSW_OK);
    EXPECT_EQ(status(kernels, {1, 9}, {64}), DSW_OK) << "a page that no token needs";
    EXPECT_EQ(status(kernels, {1, 0}, {129}), DSW_BAD_ARGUMENT);
    EXPECT_EQ(status(kernels, {1, 0}, {-1}), DSW_BAD_ARGUMENT);
    EXPECT_EQ(status(kernels, {1, 2}, {65}), DSW_BAD_ARGUMENT);
    EXPECT_EQ(status(kernels, {-1, 0}, {65}), DSW_BAD_ARGUMENT);
  }
}

/// Each new token lands where attention looks for it, and nothing else of the pages changes.
TEST(AppendPaged, PutsTokensBehindWhatIsKept) {
  for (const Texts& z : kTexts) {
    for (const DswDType dtype : {DSW_F32, DSW_F64, DSW_BF16}) {
      if (*std::min_element(z.lengths.begin(), z.lengths.end()) < z.T) continue;
      const auto size = static_cast<std::int64_t>(dtype == DSW_F64 ? 8 : dtype == DSW_F32 ? 4 : 2);
      const std::int64_t row = z.D * size, numbers = z.B() * z.Hkv * z.T;
      std::vector<unsigned char> x(static_cast<std::size_t>(numbers * row)),
          before(static_cast<std::size_t>(z.pages() * z.Hkv * DSW_BLOCK * row)), pages;
      std::mt19937 random(7);
      for (unsigned char& byte : x) byte = static_cast<unsigned char>(random());
      for (unsigned char& byte : before) byte = static_cast<unsigned char>(random());
      const std::vector<std::int64_t> wide = shuffled_table(z, 3);
      std::vector<std::int32_t> table(wide.begin(), wide.end()), lengths(z.lengths.begin(), z.lengths.end());
      std::vector<unsigned char> expected = before;
      for (std::int64_t b = 0; b < z.B(); ++b)
        for (std::int64_t h = 0; h < z.Hkv; ++h)
          for (std::int64_t t = 0; t < z.T; ++t) {
            const std::int64_t s = z.lengths[static_cast<std::size_t>(b)] - z.T + t,
                               page = wide[static_cast<std::size_t>(b * z.row() + s / DSW_BLOCK)];
            std::copy_n(x.begin() + ((b * z.T + t) * z.Hkv + h) * row, row,
                        expected.begin() + ((page * z.Hkv + h) * DSW_BLOCK + s % DSW_BLOCK) * row);
          }
      DswView tokens = dense_view(x.data(), {z.B(), z.T, z.Hkv, z.D}, dtype);  // as a product makes them: heads behind tokens
      std::swap(tokens.shape[1], tokens.shape[2]);
      std::swap(tokens.stride[1], tokens.stride[2]);
      const Stream stream(2);
      for (const DswKernels* kernels : {dsw_cpu_kernels(), dsw_reference_kernels()}) {
        pages = before;
        ASSERT_EQ(kernels->append_paged(stream.get(), tokens, dense_view(pages.data(), {z.pages(), z.Hkv, DSW_BLOCK, z.D}, dtype),
                                        dense_view(table.data(), {z.B(), z.row()}, DSW_I32), dense_view(lengths.data(), {z.B()}, DSW_I32)),
                  DSW_OK);
        EXPECT_EQ(pages, expected);
      }
      lengths[0] = static_cast<std::int32_t>(z.T) - 1;
      EXPECT_EQ(dsw_cpu_kernels()->append_paged(stream.get(), tokens, dense_view(pages.data(), {z.pages(), z.Hkv, DSW_BLOCK, z.D}, dtype),
                                                dense_view(table.data(), {z.B(), z.row()}, DSW_I32),
                                                dense_view(lengths.data(), {z.B()}, DSW_I32)),
                DSW_BAD_ARGUMENT);
      EXPECT_EQ(pages, expected) << "a text that is too short is said before anything is written";
    }
  }
}

}  // namespace
}  // namespace dsw::test
