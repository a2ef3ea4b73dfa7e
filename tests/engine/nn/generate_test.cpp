// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/nn/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/autograd/node.h"
#include "engine/nn/layers/linear.h"
#include "engine/nn/models/gpt.h"

namespace dsw {
namespace {

GptConfig small(bool rotary) {
  GptConfig config;
  config.layers = 2;
  config.context = 12;
  config.vocabulary = 19;
  config.block.width = 16;
  config.block.heads = 4;
  config.block.kv_heads = 2;
  config.block.hidden = 32;
  config.block.rotary = rotary;
  config.block.init_sd = 0.5;  // logits far apart, so that greedy texts wander
  config.block.residual_sd = 0.5;
  return config;
}

/// Greedy without anything kept: the whole window anew for each token.
std::vector<std::int32_t> plainly(Gpt& model, std::vector<std::int32_t> ids, std::int64_t count, Device& device) {
  const NoGradScope no_grad;
  Forward pass;
  std::vector<std::int32_t> made;
  for (std::int64_t n = 0; n < count; ++n) {
    const std::size_t first = ids.size() > 12 ? ids.size() - 12 : 0;
    const std::vector<std::int32_t> window(ids.begin() + static_cast<std::ptrdiff_t>(first), ids.end());
    const std::int64_t length = static_cast<std::int64_t>(window.size());
    const std::vector<float> logits =
        model.forward(from_host(window, {1, length}, device), pass).view_slice(1, length - 1, length).to_vector<float>();
    made.push_back(static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
    ids.push_back(made.back());
  }
  return made;
}

TEST(Generate, KeptKeysAndValuesChangeNothingWithinAndBeyondTheContext) {
  const auto device = make_cpu_device(1);
  for (const bool rotary : {false, true}) {
    Gpt model(small(rotary));
    model.materialize(*device, 3);
    Sampling greedy;
    greedy.temperature = 0;
    Rng rng(1);
    for (const std::vector<std::int32_t>& prompt :
         {std::vector<std::int32_t>{4}, {1, 2, 3, 4, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}}) {
      std::vector<std::int32_t> told;
      const auto made = generate(model, prompt, 20, greedy, rng, *device, {}, [&](std::int32_t id) { told.push_back(id); });
      EXPECT_EQ(made, plainly(model, prompt, 20, *device)) << (rotary ? "rotary" : "learned") << " after " << prompt.size();
      EXPECT_EQ(told, made);
      EXPECT_GT(std::set<std::int32_t>(made.begin(), made.end()).size(), 1u);
    }
  }
}

TEST(Generate, TextsSideBySideAreThoseOfOneAfterAnother) {
  const auto device = make_cpu_device(2);
  for (const bool rotary : {false, true}) {
    Gpt model(small(rotary));
    model.materialize(*device, 3);
    Sampling sampling;
    sampling.temperature = 3;
    sampling.repetition_penalty = 1.2;
    for (const std::vector<std::int32_t>& prompt :
         {std::vector<std::int32_t>{4}, {1, 2, 3, 4, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}}) {
      std::vector<Rng> rngs{Rng(1, "a"), Rng(1, "b"), Rng(1, "c")};
      std::vector<std::vector<std::int32_t>> told(3);
      const auto texts = generate_batch(model, prompt, 20, sampling, rngs, *device, {}, [&](std::span<const std::int32_t> ids) {
        for (std::size_t text = 0; text < ids.size(); ++text) told[text].push_back(ids[text]);
      });
      EXPECT_EQ(told, texts);
      for (std::size_t text = 0; text < 3; ++text) {
        Rng rng(1, std::string(1, static_cast<char>('a' + text)));
        EXPECT_EQ(generate(model, prompt, 20, sampling, rng, *device), texts[text]) << text << " after " << prompt.size();
      }
      EXPECT_NE(texts[0], texts[1]);
    }
  }
}

TEST(Generate, DrawsFollowTheLogits) {
  const std::vector<float> logits{0, 1, 2, -1};
  Rng rng(7);
  std::vector<int> counts(4), only_two(4);
  Sampling plain, two;
  plain.temperature = 0.5;
  two.top_k = 2;
  for (int i = 0; i < 20000; ++i) {
    ++counts[static_cast<std::size_t>(draw_token(logits, plain, rng))];
    ++only_two[static_cast<std::size_t>(draw_token(logits, two, rng))];
  }
  double total = 0;
  for (const float logit : logits) total += std::exp(logit / 0.5);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(counts[i] / 20000.0, std::exp(logits[i] / 0.5) / total, 0.012) << i;
  EXPECT_EQ(only_two[0] + only_two[3], 0);
  EXPECT_NEAR(only_two[2] / 20000.0, std::exp(2.0) / (std::exp(2.0) + std::exp(1.0)), 0.012);
  Sampling greedy;
  greedy.temperature = 0;
  EXPECT_EQ(draw_token({1, 3, 3, 2}, greedy, rng), 1) << "the first of equals";
  Sampling one;
  one.top_k = 1;
  EXPECT_EQ(draw_token({1, 3, 3, 2}, one, rng), 1);
}

TEST(Generate, TopPKeepsTheFewestThatReachIt) {
  // probabilities 0.1, 0.4, 0.3, 0.2
  const std::vector<float> logits = {std::log(0.1F), std::log(0.4F), std::log(0.3F), std::log(0.2F)};
  const auto reached = [&](double p, std::int64_t k) {
    Sampling sampling;
    sampling.top_p = p;
    sampling.top_k = k;
    Rng rng(5);
    std::array<int, 4> counts{};
    for (int i = 0; i < 4000; ++i) ++counts[static_cast<std::size_t>(draw_token(logits, sampling, rng))];
    return counts;
  };
  EXPECT_EQ(reached(0.01, 0)[1], 4000);
  const auto two = reached(0.69, 0);
  EXPECT_EQ(two[0] + two[3], 0);
  EXPECT_NEAR(two[1] / 4000.0, 4.0 / 7, 0.03);
  const auto three = reached(0.71, 0);
  EXPECT_EQ(three[0], 0);
  EXPECT_GT(three[3], 0);
  const auto of_two = reached(0.55, 2);  // among the two likeliest 4/7 and 3/7: the first alone is enough
  EXPECT_EQ(of_two[1], 4000);
}

TEST(Generate, RepetitionPenaltyTurnsAwayFromWhatWasSeen) {
  Sampling sampling;
  sampling.temperature = 0;
  sampling.repetition_penalty = 1.5;
  Rng rng(1);
  const std::vector<std::int32_t> seen = {2, 2, 2, 0};
  EXPECT_EQ(draw_token({-1, 1, 1.4F, 0.5F}, sampling, rng, seen), 1) << "1.4 / 1.5 is below 1";
  EXPECT_EQ(draw_token({-1, 1, 1.6F, 0.5F}, sampling, rng, seen), 2) << "once, not three times";
  EXPECT_EQ(draw_token({-1, -1.2F, -3, -4}, sampling, rng, seen), 1) << "a negative logit becomes lower";
  EXPECT_EQ(draw_token({-1, -1.2F, -3, -4}, sampling, rng), 0) << "nothing seen, nothing changed";
}

TEST(Generate, WrongPromptsAndModelsAreRefused) {
  const auto device = make_cpu_device(1);
  Gpt model(small(false));
  model.materialize(*device, 1);
  Rng rng(1);
  EXPECT_THROW(generate(model, {}, 1, {}, rng, *device), Error);
  EXPECT_THROW(generate(model, {19}, 1, {}, rng, *device), Error);
  EXPECT_THROW(generate(model, {-1}, 1, {}, rng, *device), Error);
  Linear linear(2, 2, false);
  EXPECT_THROW(generate(linear, {1}, 1, {}, rng, *device), Error);
  std::stop_source stop;
  stop.request_stop();
  try {
    generate(model, {1}, 5, {}, rng, *device, stop.get_token());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::Stopped);
  }
}

}  // namespace
}  // namespace dsw
