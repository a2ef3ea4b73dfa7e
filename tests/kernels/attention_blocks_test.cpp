// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/reference/reference_kernels.h"
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
const Sizes kSizes[] = {{2, 4, 2, 70, 130, 8},   {1, 2, 2, 200, 200, 40}, {1, 2, 1, 64, 700, 64}, {1, 2, 2, 65, 150, 128},
                        {1, 1, 1, 100, 90, 256}, {1, 1, 1, 3, 70, 16},    {1, 2, 2, 0, 64, 8}};

struct List {
  std::vector<std::int64_t> begin{}, block{};
};
/// Every block with this chance; a row of blocks in four stays empty where the chance is below 1.
List random_list(const Sizes& z, double chance, unsigned seed) {
  std::mt19937 random(seed);
  List list;
  for (std::int64_t head = 0; head < z.B * z.Hq; ++head) {
    list.begin.push_back(static_cast<std::int64_t>(list.block.size()));
    for (std::int64_t i = 0; i < z.query_blocks(); ++i) {
      const bool empty = chance < 1 && random() % 4 == 0;
      for (std::int64_t j = 0; j < z.key_blocks(); ++j)
        if (!empty && static_cast<double>(random() % 1000) < 1000 * chance) list.block.push_back(j);
      list.begin.push_back(static_cast<std::int64_t>(list.block.size()));
    }
  }
  return list;
}

DswAttention options(const Sizes& z, bool causal, std::int32_t window, double soft_cap, double dropout = 0) {
  return {(soft_cap > 0 ? 4 : 1) / std::sqrt(static_cast<double>(z.D)), causal ? 1 : 0, window, soft_cap, dropout, 17};
}

/// Forward, then the gradients from the table's own output.
void check(const char* name, const Sizes& z, const DswAttention& p, const List& list, bool mask = false, DswDType dtype = DSW_F32) {
  KernelCase attention(name);
  attention.cancels(dtype == DSW_F32 ? 1e-6 : 1e-3);
  if (dtype != DSW_F32) attention.narrow(dtype).tolerance(2e-5);
  attention.input(z.q(), Layout::Dense, -2, 2).input(z.k(), Layout::Padded, -2, 2).input(z.k());
  std::vector<std::int64_t> seen;
  for (std::int64_t i = 0; i < z.B * z.S; ++i) seen.push_back(i % 3 != 0 && i % z.S < z.S - 9);
  if (mask)
    attention.integers({z.B, z.S}, seen, DSW_BOOL);
  else
    attention.missing();
  attention.integers({z.B, z.Hq, z.query_blocks() + 1}, list.begin);
  attention.integers({static_cast<std::int64_t>(list.block.size())}, list.block);
  attention.output(z.q()).wide().output(z.lse());
  if (dtype != DSW_F32) attention.narrow(dtype);
  attention.input(z.q()).output(z.q()).output(z.k()).output(z.k());
  attention.run([&](const DswKernels& k, DswStream* s, const auto& v) {
    if (const int status = k.attention_blocks_fwd(s, &p, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]); status != DSW_OK) return status;
    return k.attention_blocks_bwd(s, &p, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11]);
  });
}

TEST(AttentionBlocks, RandomListsAreWhatTheReferenceMakesOfThem) {
  unsigned seed = 0;
  for (const Sizes& z : kSizes) {
    check("full", z, options(z, false, 0, 0), random_list(z, 0.5, ++seed));
    check("one block in five", z, options(z, false, 0, 0), random_list(z, 0.2, ++seed));
    check("causal", z, options(z, true, 0, 0), random_list(z, 0.5, ++seed));
    check("window", z, options(z, true, 100, 0), random_list(z, 0.7, ++seed));
    check("cap", z, options(z, true, 0, 3.0), random_list(z, 0.5, ++seed));
    check("padded", z, options(z, false, 0, 0), random_list(z, 0.5, ++seed), true);
    check("causal, padded, capped", z, options(z, true, 0, 3.0), random_list(z, 0.5, ++seed), true);
    check("dropout", z, options(z, true, 0, 0, 0.3), random_list(z, 0.5, ++seed));
    check("no blocks at all", z, options(z, false, 0, 0), random_list(z, 0, ++seed));
  }
}

TEST(AttentionBlocks, NarrowFloats) {
  for (const DswDType dtype : {DSW_BF16, DSW_F16}) {
    for (const Sizes& z : kSizes) {
      if (z.T < 64) continue;
      check("full", z, options(z, false, 0, 0), random_list(z, 0.5, 3), false, dtype);
      check("causal dropout", z, options(z, true, 0, 0, 0.2), random_list(z, 0.5, 4), false, dtype);
    }
  }
}

/// One call's results and gradients; the list of a dense call is not given.
struct Results {
  std::vector<float> o, lse, dq, dk, dv;
  bool operator==(const Results& other) const {
    const auto same = [](const std::vector<float>& a, const std::vector<float>& b) {
      return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                        [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); });
    };
    return same(o, other.o) && same(lse, other.lse) && same(dq, other.dq) && same(dk, other.dk) && same(dv, other.dv);
  }
};
std::vector<float> numbers(const Lengths& shape, unsigned seed) {
  std::int64_t n = 1;
  for (const std::int64_t length : shape) n *= length;
  std::mt19937 random(seed);
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& value : values) value = static_cast<float>(random() % 4001) / 1000 - 2;
  return values;
}
Results results_of(const DswKernels& table, const Sizes& z, const DswAttention& p, std::vector<std::uint8_t> mask, const List* list,
                   bool shared = false) {
  std::vector<float> q = numbers(z.q(), 1), k = numbers(z.k(), 2), v = numbers(z.k(), 3), d_o = numbers(z.q(), 4);
  Results r{std::vector<float>(q.size()), std::vector<float>(static_cast<std::size_t>(z.B * z.Hq * z.T)), q, k, v};
  const auto view = [](std::vector<float>& x, const Lengths& shape) { return dense_view(x.data(), shape, DSW_F32); };
  const DswView Q = view(q, z.q()), K = view(k, z.k()), V = view(v, z.k()), O = view(r.o, z.q()), L = view(r.lse, z.lse()),
                dO = view(d_o, z.q()), dQ = view(r.dq, z.q()), dK = view(r.dk, z.k()), dV = view(r.dv, z.k());
  const DswView M = mask.empty() ? DswView{} : dense_view(mask.data(), {z.B, z.S}, DSW_BOOL);
  const Stream stream(2);
  if (!list) {
    EXPECT_EQ(table.attention_fwd(stream.get(), &p, Q, K, V, M, O, L, DswView{}), DSW_OK);
    EXPECT_EQ(table.attention_bwd(stream.get(), &p, Q, K, V, M, O, L, dO, dQ, dK, dV), DSW_OK);
    return r;
  }
  std::vector<std::int32_t> begin(list->begin.begin(), list->begin.end()), block(list->block.begin(), list->block.end());
  DswView rows = dense_view(begin.data(), {z.B, z.Hq, z.query_blocks() + 1}, DSW_I32);
  if (shared) rows.stride[0] = rows.stride[1] = 0;
  const DswView blocks = dense_view(block.data(), {static_cast<std::int64_t>(block.size())}, DSW_I32);
  EXPECT_EQ(table.attention_blocks_fwd(stream.get(), &p, Q, K, V, M, rows, blocks, O, L), DSW_OK);
  EXPECT_EQ(table.attention_blocks_bwd(stream.get(), &p, Q, K, V, M, rows, blocks, O, L, dO, dQ, dK, dV), DSW_OK);
  return r;
}

TEST(AttentionBlocks, EveryBlockListedIsDenseAttentionToTheBit) {
  for (const auto& [name, table] : cpu_tables()) {
    for (const Sizes& z : kSizes) {
      if (z.T <= 4) continue;  // few queries: dense attention then adds in another order
      const List every = random_list(z, 1, 1);
      std::vector<std::uint8_t> padded(static_cast<std::size_t>(z.B * z.S));
      for (std::size_t i = 0; i < padded.size(); ++i) padded[i] = static_cast<std::int64_t>(i) % z.S < z.S - 7;
      for (const DswAttention& p : {options(z, false, 0, 0), options(z, true, 0, 0), options(z, true, 90, 0), options(z, true, 600, 2.0),
                                    options(z, false, 0, 0, 0.2), options(z, true, 0, 0, 0.2)}) {
        for (const bool shared : {false, true})
          EXPECT_TRUE(results_of(*table, z, p, {}, &every, shared) == results_of(*table, z, p, {}, nullptr)) << name << ", D = " << z.D;
        EXPECT_TRUE(results_of(*table, z, p, padded, &every) == results_of(*table, z, p, padded, nullptr)) << name << ", D = " << z.D;
      }
    }
  }
}

/// One text and head, every query block with the same blocks: then a key mask says the same.
TEST(AttentionBlocks, AListIsAMask) {
  const Sizes z{1, 2, 1, 150, 300, 40};
  List list;
  const std::vector<std::int64_t> listed{0, 2, 4};
  for (std::int64_t row = 0; row < z.Hq; ++row) {
    for (std::int64_t i = 0; i <= z.query_blocks(); ++i) {
      list.begin.push_back(static_cast<std::int64_t>(list.block.size()));
      if (i < z.query_blocks()) list.block.insert(list.block.end(), listed.begin(), listed.end());
    }
  }
  std::vector<std::uint8_t> mask;
  for (std::int64_t s = 0; s < z.S; ++s) mask.push_back(s / DSW_BLOCK % 2 == 0);
  for (const bool causal : {false, true}) {
    const DswAttention p = options(z, causal, 0, 0);
    const Results sparse = results_of(*dsw_cpu_kernels(), z, p, {}, &list), masked = results_of(*dsw_cpu_kernels(), z, p, mask, nullptr);
    const auto near = [](const std::vector<float>& a, const std::vector<float>& b) {
      double error = 0, square = 0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
        error += (x - y) * (x - y);
        square += y * y;
      }
      return error <= 1e-12 * square;
    };
    EXPECT_TRUE(near(sparse.o, masked.o));
    EXPECT_TRUE(near(sparse.lse, masked.lse));
    EXPECT_TRUE(near(sparse.dq, masked.dq));
    EXPECT_TRUE(near(sparse.dk, masked.dk));
    EXPECT_TRUE(near(sparse.dv, masked.dv));
  }
}

TEST(AttentionBlocks, WrongListsAreRefused) {
  const Sizes z{1, 1, 1, 100, 200, 8};  // two query blocks, four key blocks
  const DswAttention p = options(z, false, 0, 0);
  std::vector<float> q = numbers(z.q(), 1), k = numbers(z.k(), 2), o(q.size()), lse(100);
  const Stream stream(1);
  const auto status = [&](const DswKernels* table, std::vector<std::int32_t> begin, std::vector<std::int32_t> block) {
    const DswView keys = dense_view(k.data(), z.k(), DSW_F32);
    return table->attention_blocks_fwd(stream.get(), &p, dense_view(q.data(), z.q(), DSW_F32), keys, keys, DswView{},
                                       dense_view(begin.data(), {1, 1, 3}, DSW_I32),
                                       dense_view(block.data(), {static_cast<std::int64_t>(block.size())}, DSW_I32),
                                       dense_view(o.data(), z.q(), DSW_F32), dense_view(lse.data(), z.lse(), DSW_F32));
  };
  for (const DswKernels* table : {dsw_cpu_kernels(), dsw_reference_kernels()}) {
    EXPECT_EQ(status(table, {0, 2, 4}, {0, 3, 1, 2}), DSW_OK);
    EXPECT_EQ(status(table, {0, 0, 0}, {}), DSW_OK);
    EXPECT_EQ(status(table, {0, 2, 5}, {0, 3, 1, 2}), DSW_BAD_ARGUMENT) << "beyond the list";
    EXPECT_EQ(status(table, {0, 3, 2}, {0, 1, 2, 3}), DSW_BAD_ARGUMENT) << "descending rows";
    EXPECT_EQ(status(table, {-1, 2, 4}, {0, 3, 1, 2}), DSW_BAD_ARGUMENT);
    EXPECT_EQ(status(table, {0, 2, 4}, {0, 4, 1, 2}), DSW_BAD_ARGUMENT) << "no such block";
    EXPECT_EQ(status(table, {0, 2, 4}, {0, 3, 1, 1}), DSW_BAD_ARGUMENT) << "twice";
    EXPECT_EQ(status(table, {0, 2, 4}, {3, 0, 1, 2}), DSW_BAD_ARGUMENT) << "descending blocks";
    EXPECT_EQ(status(table, {0, 2, 4}, {-1, 3, 1, 2}), DSW_BAD_ARGUMENT);
  }
}

}  // namespace
}  // namespace dsw::test
