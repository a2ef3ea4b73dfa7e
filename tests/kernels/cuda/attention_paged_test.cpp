// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Attention over pages of kept keys, of kernels/cuda on the emulated device, against the double reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

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

/// Pages in no order; what lies behind a text's last page is never looked at and holds no page at all.
std::vector<std::int64_t> shuffled_table(const Texts& z) {
  std::vector<std::int64_t> pages(static_cast<std::size_t>(z.pages())), table;
  std::iota(pages.begin(), pages.end(), 0);
  std::shuffle(pages.begin(), pages.end(), std::mt19937(3));
  for (std::int64_t b = 0; b < z.B(); ++b)
    for (std::int64_t i = 0; i < z.row(); ++i)
      table.push_back(i * DSW_BLOCK < z.lengths[static_cast<std::size_t>(b)] ? pages[static_cast<std::size_t>(b * z.row() + i)] : -5);
  return table;
}

void check(const Texts& z, std::int32_t window, double soft_cap, DswDType dtype, Layout layout = Layout::Dense,
           std::vector<std::int64_t> table = {}, std::vector<std::int64_t> lengths = {}) {
  const DswAttention p{(soft_cap > 0 ? 4 : 1) / std::sqrt(static_cast<double>(z.D)), 1, window, soft_cap, 0, 0};
  KernelCase attention("paged, D = " + std::to_string(z.D));
  if (dtype != DSW_F32) attention.narrow(dtype).tolerance(z.D * z.B() < 100 ? 4e-5 : 1e-5);
  attention.input(z.q(), layout, -2, 2).input(z.kept(), layout, -2, 2).input(z.kept());
  attention.integers({z.B(), z.row()}, table.empty() ? shuffled_table(z) : table).integers({z.B()}, lengths.empty() ? z.lengths : lengths);
  attention.output(z.q(), layout).wide().output({z.B(), z.Hq, z.T});
  attention.run_on_cuda([&](const DswKernels& k, DswStream* s, const auto& v) {
    return k.attention_paged_fwd(s, &p, v[0], v[1], v[2], v[3], v[4], v[5], v[6]);
  });
}

TEST(CudaAttentionPaged, IsWhatTheReferenceMakesOfThePages) {
  for (const Texts& z : {Texts{2, 2, 1, 16, {200}},
                         {8, 2, 1, 64, {1, 64, 65, 600}},
                         {3, 1, 3, 40, {70, 3, 128}},
                         {1, 1, 1, 256, {700}},
                         {4, 4, 2, 128, {0, 1, 90}},
                         {2, 1, 20, 32, {70, 150, 64}}}) {
    for (const DswDType dtype : {DSW_BF16, DSW_F16, DSW_F32}) {
      check(z, 0, 0, dtype);
      check(z, 80, 3.0, dtype);
    }
    check(z, 7, 0, DSW_BF16);
  }
}

/// Texts of one and two pages that are written whole, so that every number of the pages is known.
TEST(CudaAppendPaged, PutsEachTokenWhereTheReferenceDoes) {
  for (const DswDType dtype : {DSW_BF16, DSW_F16, DSW_F32}) {
    for (const Layout layout : {Layout::Dense, Layout::Transposed}) {
      for (const std::int64_t pages : {1, 2}) {
        const std::int64_t T = pages * DSW_BLOCK;
        KernelCase append("append");
        if (dtype != DSW_F32) append.narrow(dtype);
        append.input({2, 3, T, 5}, layout, -2, 2)
            .integers({2, 2}, pages == 1 ? std::vector<std::int64_t>{1, -5, 0, -5} : std::vector<std::int64_t>{3, 0, 1, 2});
        append.integers({2}, {T, T}).output({2 * pages, 3, DSW_BLOCK, 5});
        append.run_on_cuda([](const DswKernels& k, DswStream* s, const auto& v) { return k.append_paged(s, v[0], v[3], v[1], v[2]); });
      }
    }
  }
}

TEST(CudaAttentionPaged, RowsThatCannotBeCopiedTakeThePlainKernel) {
  for (const Texts& z : {Texts{2, 2, 1, 5, {63, 64}}, {2, 1, 2, 16, {70}}}) {
    for (const DswDType dtype : {DSW_BF16, DSW_F32}) check(z, 0, 0, dtype, Layout::Transposed);
  }
}

TEST(CudaAttentionPaged, WrongTablesAreRefused) {
  const Texts z{1, 1, 1, 8, {64}};  // two places in the table, five pages
  for (const DswDType dtype : {DSW_BF16, DSW_F32}) {
    check(z, 0, 0, dtype, Layout::Dense, {1, 9});  // a page that no token needs
    check(z, 0, 0, dtype, Layout::Dense, {1, 0}, {129});
    check(z, 0, 0, dtype, Layout::Dense, {1, 0}, {-1});
    check(z, 0, 0, dtype, Layout::Dense, {1, 5}, {65});
    check(z, 0, 0, dtype, Layout::Dense, {-1, 0}, {65});
  }
}

}  // namespace
}  // namespace dsw::test
