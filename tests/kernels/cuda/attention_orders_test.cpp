// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Attention within listed blocks of keys and over pages of kept keys: every order of threads and blocks, and copies as early and as late as
// they may come, give the same bits.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "kernels/narrow_float.h"
#include "tests/kernels/cuda/emulated_modes.h"
#include "tests/support/emulated_stream.h"
#include "tests/support/kernel_case.h"

namespace dsw::test {
namespace {

class CudaAttentionOrders : public testing::Test {
 protected:
  ~CudaAttentionOrders() override { cuda_emulation::options() = {}; }

  DswView numbers(const Lengths& shape, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::uint16_t> values(count(shape), 0xFFFF);
    for (std::uint16_t& value : values) value = kernels::to_bf16(static_cast<float>(random() % 4001) / 1000 - 2).bits;
    return dense_view(stream_.copy_in(values.data(), 2 * values.size()), shape, DSW_BF16);
  }
  DswView integers(const Lengths& shape, const std::vector<std::int32_t>& values) {
    return dense_view(stream_.copy_in(values.data(), 4 * values.size()), shape, DSW_I32);
  }
  /// Starts as NaN, and is compared.
  DswView output(const Lengths& shape, DswDType dtype = DSW_BF16) {
    const std::vector<unsigned char> start(count(shape) * (dtype == DSW_F32 ? 4 : 2), 0xFF);
    outputs_.push_back({stream_.copy_in(start.data(), start.size()), start.size()});
    return dense_view(outputs_.back().device, shape, dtype);
  }
  void expect_the_same_bits(const std::function<int(const DswKernels&, DswStream*)>& call) {
    std::vector<unsigned char> first;
    for (const Mode& mode : kModes) {
      cuda_emulation::options().order = mode.order;
      cuda_emulation::options().copies = mode.copies;
      ASSERT_EQ(call(*stream_.kernels(), stream_.get()), DSW_OK) << stream_.report();
      ASSERT_EQ(stream_.synchronize(), DSW_OK) << stream_.report();
      std::vector<unsigned char> now;
      for (const Output& one : outputs_) {
        std::vector<unsigned char> host(one.bytes);
        stream_.copy_out(one.device, host.data(), host.size());
        EXPECT_NE(host, std::vector<unsigned char>(one.bytes, 0xFF));
        now.insert(now.end(), host.begin(), host.end());
      }
      if (first.empty()) first = now;
      EXPECT_EQ(now, first) << "order " << static_cast<int>(mode.order) << ", copies " << static_cast<int>(mode.copies);
    }
  }

 private:
  struct Output {
    void* device;
    std::size_t bytes;
  };
  static std::size_t count(const Lengths& shape) {
    std::int64_t n = 1;
    for (const std::int64_t length : shape) n *= length;
    return static_cast<std::size_t>(n);
  }
  EmulatedStream stream_;
  std::vector<Output> outputs_;
};

TEST_F(CudaAttentionOrders, ListedBlocks) {
  constexpr std::int64_t T = 150, S = 260;
  for (const std::int64_t D : {32, 128}) {
    const DswAttention p{1 / std::sqrt(static_cast<double>(D)), 1, 0, 0, 0.2, 17};
    const DswView q = numbers({1, 2, T, D}, 1), k = numbers({1, 1, S, D}, 2), v = numbers({1, 1, S, D}, 3), d_o = numbers({1, 2, T, D}, 4);
    const DswView begin = integers({1, 2, 4}, {0, 2, 4, 7, 7, 8, 10, 13}), block = integers({13}, {0, 2, 1, 3, 0, 2, 4, 1, 0, 3, 1, 2, 4});
    const DswView o = output({1, 2, T, D}), lse = output({1, 2, T}, DSW_F32), dq = output({1, 2, T, D}), dk = output({1, 1, S, D}),
                  dv = output({1, 1, S, D});
    expect_the_same_bits([&](const DswKernels& kernels, DswStream* s) {
      const int status = kernels.attention_blocks_fwd(s, &p, q, k, v, {}, begin, block, o, lse);
      return status != DSW_OK ? status : kernels.attention_blocks_bwd(s, &p, q, k, v, {}, begin, block, o, lse, d_o, dq, dk, dv);
    });
  }
}

TEST_F(CudaAttentionOrders, Pages) {
  for (const std::int64_t T : {1, 3}) {
    const DswAttention p{0.125, 1, 0, 0, 0, 0};
    const DswView q = numbers({2, 4, T, 64}, 1), k = numbers({9, 2, 64, 64}, 2), v = numbers({9, 2, 64, 64}, 3);
    const DswView table = integers({2, 8}, {8, 1, 7, 2, 6, 3, 5, 0, 4, 0, 0, 0, 0, 0, 0, 0}), lengths = integers({2}, {500, 33});
    const DswView o = output({2, 4, T, 64}), lse = output({2, 4, T}, DSW_F32);
    expect_the_same_bits(
        [&](const DswKernels& kernels, DswStream* s) { return kernels.attention_paged_fwd(s, &p, q, k, v, table, lengths, o, lse); });
  }
}

}  // namespace
}  // namespace dsw::test
