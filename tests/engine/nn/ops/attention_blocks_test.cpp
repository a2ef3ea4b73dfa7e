// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit gradient
#include <gtest/gtest.h>

#include <random>

#include "engine/autograd/node.h"
#include "engine/nn/ops/attention.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/reduce.h"
#include "tests/support/grad_check.h"

namespace dsw {
namespace {

template <class T>
Tensor random(const Shape& shape, unsigned seed, Device& device) {
  std::mt19937 generator(seed);
  std::vector<T> values(static_cast<std::size_t>(shape.elements()));
  for (T& value : values) value = static_cast<T>(generator() % 2001) / 1000 - 1;
  return from_host(values, shape, device);
}

TEST(AttentionBlocksOp, GradientsAreFiniteDifferences) {
  const auto device = make_reference_device();
  // Two query blocks and three key blocks; the second head's first row is empty.
  const BlockList list{from_host(std::vector<std::int32_t>{0, 2, 3, 3, 3, 5}, {1, 2, 3}, *device),
                       from_host(std::vector<std::int32_t>{0, 2, 1, 0, 2}, *device)};
  std::vector<Tensor> inputs{random<double>({1, 2, 66, 2}, 1, *device), random<double>({1, 1, 131, 2}, 2, *device),
                             random<double>({1, 1, 131, 2}, 3, *device)};
  for (Tensor& input : inputs) input.set_requires_grad(true);
  const Tensor seed = random<double>({1, 2, 66, 2}, 4, *device);
  for (const AttentionOptions& options : {AttentionOptions{}, AttentionOptions{.causal = true, .soft_cap = 2, .dropout = 0.2}}) {
    const auto f = [&](const std::vector<Tensor>& x) { return attention_blocks(x[0], x[1], x[2], list, options); };
    const test::GradCheck result = test::grad_check(f, inputs, seed);
    EXPECT_LE(result.worst, 1e-6) << result.where;
  }
}

TEST(AttentionBlocksOp, EveryBlockIsDenseAttention) {
  const auto device = make_cpu_device(2);
  const std::int64_t T = 130, S = 200;
  for (const AttentionOptions& options :
       {AttentionOptions{}, AttentionOptions{.causal = true}, AttentionOptions{.causal = true, .window = 70, .soft_cap = 3}}) {
    std::vector<std::vector<float>> all;
    for (const bool listed : {false, true}) {
      std::vector<Tensor> x{random<float>({2, 4, T, 24}, 1, *device), random<float>({2, 2, S, 24}, 2, *device),
                            random<float>({2, 2, S, 24}, 3, *device)};
      for (Tensor& input : x) input.set_requires_grad(true);
      const Tensor o =
          listed ? attention_blocks(x[0], x[1], x[2], every_block(T, S, options, *device), options) : attention(x[0], x[1], x[2], options);
      const Gradients gradients = backward(o, random<float>(o.shape(), 4, *device));
      for (const Tensor& result : {o, gradients.of(x[0]), gradients.of(x[1]), gradients.of(x[2])})
        all.push_back(result.contiguous_copy().to_vector<float>());
    }
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(all[i], all[i + 4]) << i;
  }
}

TEST(AttentionBlocksOp, TheFullListLeavesOutWhatNoQuerySees) {
  const auto device = make_cpu_device(1);
  const auto texts = [&](const BlockList& list) { return std::pair(list.begin.to_vector<int>(), list.block.to_vector<int>()); };
  using Ints = std::vector<int>;
  EXPECT_EQ(texts(every_block(130, 100, {}, *device)), std::pair(Ints{0, 2, 4, 6}, Ints{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(texts(every_block(128, 128, {.causal = true}, *device)), std::pair(Ints{0, 1, 3}, Ints{0, 0, 1}));
  EXPECT_EQ(texts(every_block(64, 256, {.causal = true, .window = 64}, *device)), std::pair(Ints{0, 2}, Ints{2, 3}));
  EXPECT_EQ(texts(every_block(100, 20, {.causal = true}, *device)), std::pair(Ints{0, 0, 1}, Ints{0}));
}

TEST(AttentionBlocksOp, WrongListsAreRefusedWithASentence) {
  const auto device = make_cpu_device(1);
  const Tensor q = zeros({2, 2, 70, 8}, DType::F32, *device);
  const Tensor block = from_host(std::vector<std::int32_t>{0, 1}, *device);
  const auto code = [&](const std::vector<std::int32_t>& begin, const Shape& shape) {
    try {
      attention_blocks(q, q, q, BlockList{from_host(begin, shape, *device), block});
    } catch (const Error& error) {
      return error.code;
    }
    return ErrorCode::Internal;
  };
  EXPECT_EQ(code({0, 1}, {1, 1, 2}), ErrorCode::ShapeMismatch);
  EXPECT_EQ(code({0, 1, 2, 0, 1, 2, 0, 1, 2}, {3, 1, 3}), ErrorCode::ShapeMismatch);
  EXPECT_EQ(code({0, 1, 3}, {1, 1, 3}), ErrorCode::InvalidArgument);
  EXPECT_THROW(attention_paged(q, q, q, block, block), Error);
}

}  // namespace
}  // namespace dsw
