// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// TIMEOUT: 300
// Attention of kernels/cuda on the emulated device against the double reference: the tiled kernels (16-bit numbers whose rows can be copied
// 16 bytes at a time) and the plain ones (everything else).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

struct Sizes {
  std::int64_t B, Hq, Hkv, T, S, D;
  Lengths q() const { return {B, Hq, T, D}; }
  Lengths k() const { return {B, Hkv, S, D}; }
  Lengths lse() const { return {B, Hq, T}; }
  std::int64_t query_blocks() const { return (T + DSW_BLOCK - 1) / DSW_BLOCK; }
  std::int64_t key_blocks() const { return (S + DSW_BLOCK - 1) / DSW_BLOCK; }
};
struct List {
  std::vector<std::int64_t> begin{}, block{};
};
/// Every second block, and a row of blocks in four empty.
List random_list(const Sizes& z, unsigned seed) {
  std::mt19937 random(seed);
  List list;
  for (std::int64_t head = 0; head < z.B * z.Hq; ++head) {
    list.begin.push_back(static_cast<std::int64_t>(list.block.size()));
    for (std::int64_t i = 0; i < z.query_blocks(); ++i) {
      const bool empty = random() % 4 == 0;
      for (std::int64_t j = 0; j < z.key_blocks(); ++j)
        if (!empty && random() % 2 == 0) list.block.push_back(j);
      list.begin.push_back(static_cast<std::int64_t>(list.block.size()));
    }
  }
  return list;
}
DswAttention options(const Sizes& z, bool causal, std::int32_t window = 0, double soft_cap = 0, double dropout = 0) {
  return {(soft_cap > 0 ? 4 : 1) / std::sqrt(static_cast<double>(z.D)), causal ? 1 : 0, window, soft_cap, dropout, 17};
}

struct Form {
  DswDType dtype = DSW_BF16;
  Layout layout = Layout::Dense;
  bool mask = false;
  const List* list = nullptr;
};
/// Forward, then the gradients from the device's own output.
void check(const char* name, const Sizes& z, const DswAttention& p, const Form& form = {}) {
  KernelCase attention(name);
  attention.cancels(form.dtype == DSW_F32 ? 1e-6 : 1e-3);  // a query that sees one key has no gradient
  if (form.dtype != DSW_F32) attention.narrow(form.dtype);
  if (z.T * z.D < 500 && form.dtype != DSW_F32) attention.tolerance(4e-5);  // the two roundings of few numbers do not average out
  attention.input(z.q(), form.layout, -2, 2).input(z.k(), form.layout, -2, 2).input(z.k(), form.layout);
  std::vector<std::int64_t> seen;
  for (std::int64_t i = 0; i < z.B * z.S; ++i) seen.push_back(i % 3 != 0 && i % z.S < z.S - 9);
  if (form.mask)
    attention.integers({z.B, z.S}, seen, DSW_BOOL);
  else
    attention.missing();
  if (form.list) {
    attention.integers({z.B, z.Hq, z.query_blocks() + 1}, form.list->begin);
    attention.integers({static_cast<std::int64_t>(form.list->block.size())}, form.list->block);
  } else {
    attention.missing().missing();
  }
  attention.output(z.q(), form.layout).wide().output(z.lse());
  if (form.dtype != DSW_F32) attention.narrow(form.dtype);
  attention.input(z.q(), form.layout).output(z.q(), form.layout).output(z.k(), form.layout).output(z.k());
  attention.run_on_cuda([&](const DswKernels& k, DswStream* s, const auto& v) {
    if (form.list) {
      const int status = k.attention_blocks_fwd(s, &p, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
      if (status != DSW_OK) return status;
      return k.attention_blocks_bwd(s, &p, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11]);
    }
    if (const int status = k.attention_fwd(s, &p, v[0], v[1], v[2], v[3], v[6], v[7], DswView{}); status != DSW_OK) return status;
    return k.attention_bwd(s, &p, v[0], v[1], v[2], v[3], v[6], v[7], v[8], v[9], v[10], v[11]);
  });
}

/// The plain kernels of float32 take their time in emulation: they see smaller tensors, by this factor.
class CudaAttention : public testing::TestWithParam<DswDType> {
 protected:
  static std::int64_t smaller() { return GetParam() == DSW_F32 ? 4 : 1; }
};

TEST_P(CudaAttention, LengthsAroundTheBlocks) {
  for (const std::int64_t length : {1, 63, 64, 65, 250}) {
    const Sizes z{1, 2, 1, length, length, 64 / smaller()};
    check("full", z, options(z, false), {GetParam()});
    check("causal", z, options(z, true), {GetParam()});
  }
}

TEST_P(CudaAttention, LongTexts) {
  if (GetParam() != DSW_BF16) GTEST_SKIP() << "the other formats take the same way through the blocks";
  check("causal", {1, 2, 1, 1024, 1024, 64}, options({1, 2, 1, 1024, 1024, 64}, true), {GetParam()});
  check("full", {1, 1, 1, 1024, 1024, 64}, options({1, 1, 1, 1024, 1024, 64}, false), {GetParam()});
}

TEST_P(CudaAttention, GroupedQueriesAndOptions) {
  const Sizes z{GetParam() == DSW_BF16 ? 2 : 1, 4, 2, 130 / smaller(), 200 / smaller(), 32};
  check("grouped", z, options(z, true), {GetParam()});
  check("window", z, options(z, true, 45), {GetParam()});
  check("last keys", z, options(z, false, 45), {GetParam()});
  check("cap", z, options(z, true, 0, 3.0), {GetParam()});
  check("mask", z, options(z, false), {GetParam(), Layout::Dense, true});
  check("dropout", z, options(z, true, 0, 0, 0.3), {GetParam()});
  check("everything", z, options(z, true, 45, 3.0, 0.2), {GetParam(), Layout::Dense, true});
  const Sizes more_queries{1, 2, 2, 200 / smaller(), 70 / smaller(), 32};
  check("queries that see nothing", more_queries, options(more_queries, true), {GetParam()});
}

TEST_P(CudaAttention, Widths) {
  for (const std::int64_t width : {8, 40, 96, 128, 200, 256}) {
    if (GetParam() != DSW_BF16 && width % 64 != 0) continue;
    const Sizes z{1, 2, 1, 70 / smaller(), 130 / smaller(), width};
    check("causal", z, options(z, true), {GetParam()});
  }
}

TEST_P(CudaAttention, RandomLists) {
  unsigned seed = 0;
  for (const Sizes& z :
       {Sizes{2, 2, 1, 200, 330, 32}, {1, 2, 1, 150, 300, 128}, {1, 1, 1, 130, 200, 256}, {1, 2, 2, 0, 64, 8}, {1, 4, 2, 150, 260, 8}}) {
    if (GetParam() != DSW_BF16 && z.D > 8) continue;
    const List list = random_list(z, ++seed), other = random_list(z, ++seed);
    check("full", z, options(z, false), {GetParam(), Layout::Dense, false, &list});
    check("causal, window, cap", z, options(z, true, 100, 3.0), {GetParam(), Layout::Dense, false, &other});
    check("mask, dropout", z, options(z, true, 0, 0, 0.2), {GetParam(), Layout::Dense, true, &list});
  }
}

TEST_P(CudaAttention, RowsThatCannotBeCopiedTakeThePlainKernels) {
  for (const Sizes& z : {Sizes{1, 4, 2, 17, 17, 33}, {1, 1, 1, 20, 70, 20}, {2, 2, 1, 1, 1, 1}, {1, 1, 1, 5, 9, 300}}) {
    check("odd width", z, options(z, true), {GetParam()});
    check("transposed", z, options(z, false, 7, 3.0), {GetParam(), Layout::Transposed, true});
    check("padded", z, options(z, true, 0, 0, 0.3), {GetParam(), Layout::Padded});
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, CudaAttention, testing::Values(DSW_BF16, DSW_F16, DSW_F32), [](const auto& dtype) {
  return dtype.param == DSW_BF16 ? "bfloat16" : dtype.param == DSW_F16 ? "float16" : "float32";
});

TEST(CudaAttentionForms, EmptyTensors) {
  for (const Sizes& z : {Sizes{0, 2, 2, 3, 3, 8}, {1, 2, 2, 0, 3, 8}, {1, 2, 2, 3, 0, 8}}) {
    for (const DswDType dtype : {DSW_BF16, DSW_F32}) check("empty", z, options(z, true), {dtype});
  }
}

TEST(CudaAttentionForms, ProbabilitiesForInspection) {
  const Sizes z{1, 2, 1, 6, 70, 8};
  const DswAttention p = options(z, true);
  for (const DswDType dtype : {DSW_F32, DSW_BF16}) {
    KernelCase attention("probabilities");
    if (dtype == DSW_BF16) attention.narrow(dtype);
    attention.input(z.q()).input(z.k()).input(z.k()).output(z.q()).wide().output(z.lse());
    if (dtype == DSW_BF16) attention.narrow(dtype);
    attention.output({1, 2, 6, 70}, Layout::Padded).run_on_cuda([&](const DswKernels& k, DswStream* s, const auto& v) {
      return k.attention_fwd(s, &p, v[0], v[1], v[2], DswView{}, v[3], v[4], v[5]);
    });
  }
}

TEST(CudaAttentionForms, NaNIsSeen) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Sizes z{1, 1, 1, 20, 20, 8};
  const DswAttention p = options(z, false);
  for (const DswDType dtype : {DSW_F32, DSW_BF16}) {
    for (const int argument : {0, 1}) {
      KernelCase attention("NaN");
      if (dtype == DSW_BF16) attention.narrow(dtype).tolerance(4e-5);
      attention.input(z.q());
      if (argument == 0) attention.put(43, nan);
      attention.input(z.k());
      if (argument == 1) attention.put(43, nan);
      attention.input(z.k()).output(z.q()).wide().output(z.lse());
      attention.run_on_cuda([&](const DswKernels& k, DswStream* s, const auto& v) {
        return k.attention_fwd(s, &p, v[0], v[1], v[2], DswView{}, v[3], v[4], DswView{});
      });
    }
  }
}

TEST(CudaAttentionForms, WrongListsAreRefused) {
  const Sizes z{1, 1, 1, 100, 200, 8};  // two query blocks, four key blocks
  const auto look = [&](std::vector<std::int64_t> begin, std::vector<std::int64_t> block) {
    const List list{std::move(begin), std::move(block)};
    for (const DswDType dtype : {DSW_BF16, DSW_F32}) check("list", z, options(z, false), {dtype, Layout::Dense, false, &list});
  };
  look({0, 2, 4}, {0, 3, 1, 2});
  look({0, 2, 5}, {0, 3, 1, 2});  // beyond the list
  look({0, 3, 2}, {0, 1, 2, 3});  // descending rows
  look({-1, 2, 4}, {0, 3, 1, 2});
  look({0, 2, 4}, {0, 4, 1, 2});  // no such block
  look({0, 2, 4}, {0, 3, 1, 1});  // twice
  look({0, 2, 4}, {3, 0, 1, 2});  // descending blocks
  look({0, 2, 4}, {-1, 3, 1, 2});
}

}  // namespace
}  // namespace dsw::test
