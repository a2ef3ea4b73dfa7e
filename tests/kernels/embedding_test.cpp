// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

std::vector<std::int64_t> indices(std::int64_t n, std::int64_t V) {
  std::vector<std::int64_t> t;
  for (std::int64_t i = 0; i < n; ++i) t.push_back(i * i * 5 % V);
  return t;
}

TEST(Embedding, ForwardAndGradient) {
  struct Table {
    std::int64_t V, C;
    Lengths index;
  };
  for (const Table& t : {Table{1, 1, {1}}, Table{7, 5, {2, 3}}, Table{65, 128, {16, 64}}, Table{11, 33, {400}}, Table{3, 4, {0}}}) {
    std::int64_t n = 1;
    Lengths y = t.index;
    for (const std::int64_t length : t.index) n *= length;
    y.push_back(t.C);
    for (const Layout layout : {Layout::Dense, Layout::Padded, Layout::Transposed}) {
      KernelCase("lookup")
          .input({t.V, t.C}, layout)
          .integers(t.index, indices(n, t.V))
          .output(y)
          .run([](const DswKernels& k, DswStream* s, const auto& v) { return k.embedding_fwd(s, v[0], v[1], v[2]); });
      for (const std::int32_t accumulate : {0, 1}) {
        KernelCase("gradient")
            .integers(t.index, indices(n, t.V))
            .input(y, layout)
            .changed({t.V, t.C}, layout)
            .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.embedding_bwd(s, v[0], v[1], v[2], accumulate); });
      }
    }
  }
}

TEST(Embedding, AnIndexOutsideTheTableIsRefused) {
  for (const std::int64_t bad : {std::int64_t{-1}, std::int64_t{4}}) {
    KernelCase("forward").input({4, 3}).integers({2}, {0, bad}).output({2, 3}).run([](const DswKernels& k, DswStream* s, const auto& v) {
      const int status = k.embedding_fwd(s, v[0], v[1], v[2]);
      EXPECT_EQ(status, DSW_BAD_ARGUMENT);
      return status;
    });
    KernelCase("gradient").integers({2}, {0, bad}).input({2, 3}).output({4, 3}).run([](const DswKernels& k, DswStream* s, const auto& v) {
      const int status = k.embedding_bwd(s, v[0], v[1], v[2], 0);
      EXPECT_EQ(status, DSW_BAD_ARGUMENT);
      return status;
    });
  }
}

TEST(Rope, BothPairingsAndTheirInverse) {
  for (const Lengths& shape :
       {Lengths{1, 1, 1, 2}, Lengths{2, 3, 5, 8}, Lengths{1, 4, 70, 32}, Lengths{2, 2, 3, 34}, Lengths{0, 2, 3, 4}}) {
    std::vector<std::int64_t> position;
    for (std::int64_t t = 0; t < shape[2]; ++t) position.push_back(3 + 2 * t);
    for (const std::int32_t interleaved : {0, 1}) {
      for (const std::int32_t inverse : {0, 1}) {
        for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Padded}) {
          for (const double base : {10000.0, 500.0}) {
            KernelCase("rope")
                .input(shape, layout)
                .integers({shape[2]}, position)
                .output(shape, layout)
                .run([&](const DswKernels& k, DswStream* s, const auto& v) {
                  return k.rope(s, v[0], v[1], base, interleaved, inverse, v[2]);
                });
          }
        }
      }
    }
  }
}

TEST(SplitHeads, ForwardAndGradient) {
  struct Shape {
    std::int64_t batch, tokens, heads, kv_heads, width;
  };
  for (const Shape& z : {Shape{1, 1, 1, 1, 2}, Shape{2, 5, 4, 2, 8}, Shape{3, 70, 3, 3, 34}, Shape{2, 3, 2, 1, 16}, Shape{0, 3, 2, 1, 4}}) {
    const Lengths joined{z.batch, z.tokens, z.heads + 2 * z.kv_heads, z.width}, q{z.batch, z.heads, z.tokens, z.width},
        k{z.batch, z.kv_heads, z.tokens, z.width};
    std::vector<std::int64_t> position;
    for (std::int64_t t = 0; t < z.tokens; ++t) position.push_back(3 + 2 * t);
    for (const int turned : {0, 1, 2}) {  // not, halves, neighbours
      const auto with_position = [&](KernelCase& c) -> KernelCase& { return turned == 0 ? c.missing() : c.integers({z.tokens}, position); };
      for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Padded, Layout::Spread}) {
        KernelCase forward("split heads");
        with_position(forward.input(joined, layout))
            .output(q, layout)
            .output(k)
            .output(k, layout)
            .run([&](const DswKernels& t, DswStream* s, const auto& v) {
              return t.split_heads_fwd(s, v[0], v[1], 500, turned == 2, v[2], v[3], v[4]);
            });
        for (const int left_out : {-1, 0, 1, 2}) {
          KernelCase gradient("split heads gradient");
          for (const int part : {0, 1, 2}) part == left_out ? gradient.missing() : gradient.input(part == 0 ? q : k, layout);
          with_position(gradient).output(joined, layout).run([&](const DswKernels& t, DswStream* s, const auto& v) {
            return t.split_heads_bwd(s, v[0], v[1], v[2], v[3], 500, turned == 2, v[4]);
          });
        }
      }
    }
  }
}

TEST(Rope, OddWidthIsRefused) {
  KernelCase("odd")
      .input({1, 1, 2, 5})
      .integers({2}, {0, 1})
      .output({1, 1, 2, 5})
      .run([](const DswKernels& k, DswStream* s, const auto& v) { return k.rope(s, v[0], v[1], 10000, 0, 0, v[2]); });
}

}  // namespace
}  // namespace dsw::test
