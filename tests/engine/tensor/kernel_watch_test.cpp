// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/tensor/kernel_watch.h"

#include <gtest/gtest.h>

#include "engine/nn/ops/attention.h"
#include "engine/nn/ops/conv.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/fp8.h"
#include "engine/nn/ops/linear.h"

namespace dsw {
namespace {

const KernelShare* share_of(const std::vector<KernelShare>& shares, const std::string& kernel) {
  for (const KernelShare& share : shares)
    if (share.kernel == kernel) return &share;
  return nullptr;
}

TEST(KernelWatch, NamesEveryEntryInTheTablesOrder) {
  EXPECT_STREQ(kernel_names().front(), "fill");
  EXPECT_STREQ(kernel_names().back(), "append_paged");
  EXPECT_EQ(sizeof(DswKernels), offsetof(DswKernels, fill) + kernel_names().size() * sizeof(void*));
}

TEST(KernelWatch, CountsCallsWorkAndMemoryAndChangesNoResult) {
  WatchedDevice device(make_cpu_device(1));
  const auto plain = make_cpu_device(1);
  const auto products = [](Device& on) {
    const Tensor x = full({6, 8}, 2, DType::F32, on), w = full({5, 8}, 3, DType::F32, on);
    return relu(linear(x, w, {})).to_vector<float>();
  };
  const std::vector<float> unseen = products(device);
  KernelProfile profile;
  device.watch(&profile);
  EXPECT_EQ(products(device), unseen);
  device.watch(nullptr);
  EXPECT_EQ(products(*plain), products(device));

  const std::vector<KernelShare> shares = profile.shares();
  const KernelShare *product = share_of(shares, "matmul"), *relus = share_of(shares, "unary"), *fills = share_of(shares, "fill");
  ASSERT_TRUE(product && relus && fills);
  EXPECT_EQ(product->calls, 1);
  EXPECT_EQ(product->dtype, "float32");
  EXPECT_EQ(product->flops, 2.0 * 6 * 5 * 8);
  EXPECT_EQ(product->bytes, 4.0 * (6 * 8 + 5 * 8 + 6 * 5));
  EXPECT_GT(product->seconds, 0);
  EXPECT_EQ(relus->bytes, 4.0 * 2 * 6 * 5);
  EXPECT_EQ(relus->flops, 0);
  EXPECT_EQ(fills->calls, 2);
  profile.clear();
  EXPECT_TRUE(profile.shares().empty());
}

TEST(KernelWatch, CountsProductsOf8BitFloats) {
  WatchedDevice device(make_cpu_device(1));
  const Tensor x = full({6, 300}, 2, DType::F32, device), w = full({5, 300}, 3, DType::F32, device);
  KernelProfile profile;
  device.watch(&profile);
  linear_fp8(x, w);
  const std::vector<KernelShare> shares = profile.shares();
  const KernelShare *product = share_of(shares, "matmul_blocks"), *quantized = share_of(shares, "quantize_blocks");
  ASSERT_TRUE(product && quantized);
  EXPECT_EQ(product->dtype, "float8-e4m3");
  EXPECT_EQ(product->flops, 2.0 * 6 * 5 * 300);
  EXPECT_EQ(product->bytes, 6 * 300 + 5 * 300 + 4.0 * (6 * 3 + 3 + 6 * 5));
  EXPECT_EQ(quantized->calls, 2);
}

TEST(KernelWatch, CountsThePairsOfAttentionThatSeeEachOtherAndAConvolutionsProducts) {
  WatchedDevice device(make_cpu_device(1));
  const Tensor q = full({2, 4, 10, 8}, 1, DType::F32, device), k = full({2, 2, 10, 8}, 1, DType::F32, device);
  const Tensor image = full({2, 3, 5, 5}, 1, DType::F32, device), w = full({4, 3, 3, 3}, 1, DType::F32, device);
  KernelProfile profile;
  device.watch(&profile);
  attention(q, k, k, {.causal = true});
  EXPECT_EQ(share_of(profile.shares(), "attention_fwd")->flops, 4.0 * 2 * 4 * 55 * 8);
  profile.clear();
  attention(q, k, k, {});
  EXPECT_EQ(share_of(profile.shares(), "attention_fwd")->flops, 4.0 * 2 * 4 * 100 * 8);
  const Tensor long_q = full({1, 2, 128, 8}, 1, DType::F32, device);
  const BlockList one_block{from_host(std::vector<std::int32_t>{0, 1, 1}, {1, 1, 3}, device),
                            from_host(std::vector<std::int32_t>{0}, device)};  // for both heads
  attention_blocks(long_q, long_q, long_q, one_block);
  EXPECT_EQ(share_of(profile.shares(), "attention_blocks_fwd")->flops, 4.0 * 2 * 64 * 64 * 8);
  conv2d(image, w, {}, {});
  EXPECT_EQ(share_of(profile.shares(), "conv2d_fwd")->flops, 2.0 * 2 * 4 * 9 * 27);
}

}  // namespace
}  // namespace dsw
