// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();

struct Reduction {
  Lengths x;
  std::vector<bool> reduced;
  Lengths y() const {
    Lengths shape = x;
    for (std::size_t a = 0; a < shape.size(); ++a) {
      if (reduced[a]) shape[a] = 1;
    }
    return shape;
  }
};
const Reduction kReductions[] = {{{1}, {true}},
                                 {{7}, {true}},
                                 {{5, 33}, {false, true}},
                                 {{5, 33}, {true, false}},
                                 {{5, 33}, {true, true}},
                                 {{3, 4, 5}, {true, false, true}},
                                 {{3, 4, 5}, {false, true, false}},
                                 {{2, 3, 4, 5}, {true, false, true, false}},
                                 {{2, 3, 4, 5}, {false, true, false, true}},
                                 {{2, 3, 4, 5}, {true, false, true, true}},
                                 {{1500, 130}, {true, false}},
                                 {{200000}, {true}},
                                 {{3, 70000}, {false, true}},
                                 {{2, 900, 65}, {false, true, false}},
                                 {{4, 1, 9}, {false, true, false}},
                                 {{6, 7}, {false, false}},
                                 {{0, 4}, {true, false}},
                                 {{4, 0}, {true, false}}};

TEST(Reduce, SumMeanMax) {
  for (const DswReduce op : {DSW_SUM, DSW_MEAN, DSW_MAX}) {
    for (const Reduction& r : kReductions) {
      for (const Layout layout : {Layout::Dense, Layout::Transposed, Layout::Padded, Layout::Expanded}) {
        // Low is not -high: a sum near 0 has no relative error worth asking for.
        KernelCase("reduce").input(r.x, layout, -1, 1.5).output(r.y()).run([&](const DswKernels& k, DswStream* s, const auto& v) {
          return k.reduce(s, op, v[0], v[1]);
        });
      }
    }
  }
}

TEST(Reduce, NaNAndInfinity) {
  for (const DswReduce op : {DSW_SUM, DSW_MEAN, DSW_MAX}) {
    KernelCase("rows")
        .values({3, 4}, {1, kNaN, 3, 2, -kInf, -kInf, -kInf, -kInf, kInf, 1, 2, 3})
        .output({3, 1})
        .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.reduce(s, op, v[0], v[1]); });
    KernelCase("columns")
        .values({3, 4}, {1, kNaN, 3, 2, -kInf, -kInf, -kInf, -kInf, kInf, 1, 2, kNaN})
        .output({1, 4})
        .run([&](const DswKernels& k, DswStream* s, const auto& v) { return k.reduce(s, op, v[0], v[1]); });
  }
  KernelCase("late NaN").input({100000}).put(99999, kNaN).output({1}).run([](const DswKernels& k, DswStream* s, const auto& v) {
    return k.reduce(s, DSW_MAX, v[0], v[1]);
  });
}

TEST(Reduce, Argmax) {
  KernelCase("random").input({30, 17}, Layout::Padded).integer_output({30}).run([](const DswKernels& k, DswStream* s, const auto& v) {
    return k.argmax(s, v[0], v[1]);
  });
  KernelCase("ties")
      .values({4, 3}, {1, 1, 1, 0, 2, 2, kNaN, 5, kNaN, 3, kNaN, 9})
      .integer_output({4})
      .run([](const DswKernels& k, DswStream* s, const auto& v) {
        EXPECT_EQ(k.argmax(s, v[0], v[1]), DSW_OK);
        const std::int32_t* index = static_cast<const std::int32_t*>(v[1].data);
        EXPECT_EQ(std::vector<std::int32_t>(index, index + 4), (std::vector<std::int32_t>{0, 1, 0, 1}));
        return static_cast<int>(DSW_OK);
      });
}

TEST(Reduce, SquareSumAndNotFiniteAddUp) {
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{1}, std::int64_t{37}, std::int64_t{300000}}) {
    KernelCase("square sum").input({n}, Layout::Dense).double_output({1}).run([](const DswKernels& k, DswStream* s, const auto& v) {
      return k.square_sum(s, v[0], v[1]);
    });
  }
  KernelCase("spread").input({9, 11}, Layout::Spread).double_output({1}).run([](const DswKernels& k, DswStream* s, const auto& v) {
    return k.square_sum(s, v[0], v[1]);
  });
  KernelCase("not finite")
      .values({6}, {1, kNaN, kInf, 2, -kInf, 3e38})
      .integers({1}, {5}, DSW_I64)
      .run([](const DswKernels& k, DswStream* s, const auto& v) {
        const int status = k.count_not_finite(s, v[0], v[1]);
        EXPECT_EQ(*static_cast<std::int64_t*>(v[1].data), 8);
        *static_cast<std::int64_t*>(v[1].data) = 5;  // the case compares inputs with what they were
        return status;
      });
}

}  // namespace
}  // namespace dsw::test
