// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// The tiled attention kernels themselves: every order of threads and of copies gives the same bits, each planted bug is caught by the mode
// that is named beside it, and the global traffic is what the design promises.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace {
std::string planted;  // the name of the bug that the kernels below have
}
#define DSW_PLANTED(name) (planted == #name ? 1 : 0)
#define cuda cuda_planted  // a namespace of their own: the linker keeps one of two templates of the same name
#include "kernels/cuda/attention_backward.h"
#include "kernels/cuda/attention_paged.h"
#undef cuda
#include "tests/kernels/cuda/emulated_modes.h"

namespace dsw::test {
namespace {

using cuda_planted::AttentionRun;
using cuda_planted::HeadRows;
using T = kernels::Bf16;
constexpr int kWidth = 64;

std::string seen_report;  // of the kernel that failed

/// One head, T queries and S keys of width 64, in the emulated device's memory.
class Call {
 public:
  Call(int queries, int keys, bool causal) {
    run_.B = run_.Hq = run_.Hkv = 1;
    run_.T = queries;
    run_.S = keys;
    run_.D = kWidth;
    run_.causal = causal;
    run_.scale = 0.125f;
    run_.kept = 1;
    run_.q = rows(queries, 1);
    run_.k = rows(keys, 2);
    run_.v = rows(keys, 3);
    run_.d_o = rows(queries, 4);
    for (HeadRows* x : {&run_.o, &run_.dq}) *x = rows(queries, 0);
    for (HeadRows* x : {&run_.dk, &run_.dv}) *x = rows(keys, 0);
    run_.lse = numbers(queries);
    run_.delta = numbers(queries);
  }
  ~Call() { cuda_emulation::reset_device(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool forward() {
    using Tiles = cuda_planted::ForwardTiles<kWidth>;
    return launch<Tiles>(run_.T, cuda_planted::attention_forward<T, kWidth>);
  }
  bool backward() {
    return launch<cuda_planted::DqTiles<kWidth>>(run_.T, cuda_planted::attention_dq<T, kWidth>) &&
           launch<cuda_planted::DkvTiles<kWidth>>(run_.S, cuda_planted::attention_dkv<T, kWidth>);
  }
  std::vector<std::uint16_t> outputs() const {
    std::vector<std::uint16_t> all;
    for (const auto& [x, length] : {std::pair{run_.o, run_.T}, {run_.dq, run_.T}, {run_.dk, run_.S}, {run_.dv, run_.S}}) {
      const std::size_t count = static_cast<std::size_t>(length) * kWidth;
      const auto* host = static_cast<const std::uint16_t*>(cuda_emulation::host_address(x.data, 2 * count));
      all.insert(all.end(), host, host + count);
    }
    return all;
  }

 private:
  template <class Tiles, class Kernel>
  bool launch(int rows, Kernel kernel) {
    const auto* address = reinterpret_cast<const void*>(kernel);
    EXPECT_EQ(cudaFuncSetAttribute(address, cudaFuncAttributeMaxDynamicSharedMemorySize, Tiles::kBytes), cudaSuccess);
    const dim3 grid(static_cast<unsigned>((rows + Tiles::kRows - 1) / Tiles::kRows));
    cuda_emulation::launch("attention", address, grid, Tiles::kThreads, Tiles::kBytes, [this, kernel] { kernel(run_); });
    seen_report = cuda_emulation::fault_report();
    return cudaGetLastError() == cudaSuccess;
  }
  static HeadRows rows(int length, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::uint16_t> values(static_cast<std::size_t>(length) * kWidth, 0xFFFF);
    for (std::uint16_t& value : values)
      if (seed != 0) value = kernels::to_bf16(static_cast<float>(random() % 4001) / 1000 - 2).bits;
    void* device = cuda_emulation::allocate_device_memory(2 * values.size());
    std::memcpy(cuda_emulation::host_address(device, 2 * values.size()), values.data(), 2 * values.size());
    return {static_cast<std::uint16_t*>(device), 0, 0, kWidth};
  }
  static cuda_planted::RowNumbers numbers(int length) {
    return {static_cast<float*>(cuda_emulation::allocate_device_memory(4 * static_cast<std::size_t>(length))), 0, 0, 1};
  }

  AttentionRun run_{};
};

/// What a call leaves; empty: the device stopped it.
using Outputs = std::vector<std::uint16_t>;
Outputs outputs_of(const std::string& bug, const Mode& mode, bool with_backward, int queries = 150, int keys = 200, bool causal = true) {
  planted = "";
  cuda_emulation::options() = {mode.order, mode.copies, 5};
  Call call(queries, keys, causal);
  if (!with_backward) planted = bug;
  bool done = call.forward();
  planted = bug;
  done = done && (!with_backward || call.backward());
  planted = "";
  cuda_emulation::options() = {};
  return done ? call.outputs() : Outputs{};
}

TEST(CudaAttentionModes, TheBitsDoNotDependOnAnyOrder) {
  const Outputs first = outputs_of("", kEager, true);
  ASSERT_FALSE(first.empty()) << seen_report;
  for (const Mode& mode : kModes) EXPECT_TRUE(outputs_of("", mode, true) == first);
}

TEST(CudaAttentionModes, AMissingWaitIsCaughtByDeferredCopies) {
  for (const bool backward : {false, true}) {
    const Outputs right = outputs_of("", kDeferred, backward);
    EXPECT_TRUE(outputs_of("missing_wait", kDeferred, backward) != right);
    EXPECT_TRUE(outputs_of("missing_wait", kEager, backward) == right) << "copies that are done at once need no wait";
  }
}

TEST(CudaAttentionModes, AMissingBarrierIsCaughtByEveryOrder) {
  for (const bool backward : {false, true}) {
    const Outputs right = outputs_of("", kDeferred, backward);
    for (const Mode& mode : kModes) EXPECT_TRUE(outputs_of("missing_barrier", mode, backward) != right);
  }
}

TEST(CudaAttentionModes, ARowTooFarIsReportedWithItsLine) {
  for (const bool backward : {false, true}) {
    for (const Mode& mode : {kEager, kDeferred}) {
      EXPECT_TRUE(outputs_of("row_too_far", mode, backward).empty());
      EXPECT_NE(seen_report.find("read of 16 bytes: out of bounds, mma_tiles.h:"), std::string::npos) << seen_report;
    }
  }
}

/// Least traffic of attention that writes its scores, reads them, writes the probabilities and reads them, causal ones in half.
double unfused_bytes(int length, bool causal) {
  const double pairs = causal ? length * (length + 1.0) / 2 : 1.0 * length * length;
  return 2 * (4.0 * length * kWidth + 4 * pairs);
}
std::uint64_t forward_bytes(int length, bool causal) {
  Call call(length, length, causal);
  cuda_emulation::reset_counters();
  EXPECT_TRUE(call.forward()) << seen_report;
  return cuda_emulation::counters().bytes_read + cuda_emulation::counters().bytes_written;
}
TEST(CudaAttentionTraffic, IsTwoThirdsLessThanWithoutFusing) {
  constexpr int kLength = 1024;
  for (const bool causal : {false, true}) {
    const std::uint64_t bytes = forward_bytes(kLength, causal);
    // Queries and outputs once, lse, and keys and values once for each 128 queries that see them.
    const std::uint64_t key_blocks = causal ? 2 + 4 + 6 + 8 + 10 + 12 + 14 + 16 : 8 * 16;
    EXPECT_EQ(bytes, 2u * kWidth * (2 * kLength + 2 * 64 * key_blocks) + 4 * kLength);
    EXPECT_LE(static_cast<double>(bytes), 0.35 * unfused_bytes(kLength, causal));
  }
}

/// ldmatrix meets no bank twice in one of its passes.
TEST(CudaAttentionTraffic, RowsOfTilesLieInDifferentBanks) {
  Call call(128, 128, false);
  cuda_emulation::reset_counters();
  ASSERT_TRUE(call.forward() && call.backward()) << seen_report;
  EXPECT_GT(cuda_emulation::counters().shared_requests, 1000u);
  EXPECT_EQ(cuda_emulation::counters().bank_conflicts, 0u);
}

}  // namespace
}  // namespace dsw::test
