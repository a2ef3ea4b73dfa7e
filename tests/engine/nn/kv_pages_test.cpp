// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/nn/kv_pages.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/autograd/node.h"
#include "engine/nn/models/gpt.h"
#include "engine/tensor/kernel_watch.h"

namespace dsw {
namespace {

using Ids = std::vector<std::int32_t>;

class KvPagesTest : public testing::TestWithParam<bool> {
 protected:
  KvPagesTest() : device_(make_cpu_device(2)), model_(config(GetParam())) { model_.materialize(*device_, 3); }
  static GptConfig config(bool rotary) {
    GptConfig config;
    config.layers = 2;
    config.context = 300;
    config.vocabulary = 19;
    config.block.width = 16;
    config.block.heads = 4;
    config.block.kv_heads = 2;
    config.block.hidden = 32;
    config.block.rotary = rotary;
    config.block.init_sd = config.block.residual_sd = 0.5;
    return config;
  }
  static Ids ids(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    Ids made(count);
    for (std::int32_t& id : made) id = static_cast<std::int32_t>(random() % 19);
    return made;
  }
  Tensor tensor(const Ids& tokens, std::int64_t texts) {
    return from_host(tokens, {texts, static_cast<std::int64_t>(tokens.size()) / texts}, *device_);
  }
  /// Logits of the last token by the whole text at once.
  std::vector<float> whole(const Ids& text) {
    const auto length = static_cast<std::int64_t>(text.size());
    return model_.forward(tensor(text, 1), pass_).view_slice(1, length - 1, length).to_vector<float>();
  }
  static void expect_near(std::span<const float> got, const std::vector<float>& want) {
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 2e-4 * (1 + std::abs(want[i]))) << i;
  }

  std::unique_ptr<Device> device_;
  Gpt model_;
  Forward pass_;
  NoGradScope no_grad_;
};
INSTANTIATE_TEST_SUITE_P(Positions, KvPagesTest, testing::Bool(),
                         [](const auto& positions) { return positions.param ? "rotary" : "learned"; });

TEST_P(KvPagesTest, StepsOfAnyLengthAreTheWholeText) {
  const Ids text = ids(200, 1);
  KvPages pages;
  std::vector<KvText> kept(1, KvText(pages));
  std::size_t known = 0;
  for (const std::size_t tokens : {60, 3, 1, 1, 70, 1, 64}) {
    const Ids next(text.begin() + static_cast<std::ptrdiff_t>(known), text.begin() + static_cast<std::ptrdiff_t>(known + tokens));
    known += tokens;
    const std::vector<float> logits = model_.step(tensor(next, 1), pages, kept, pass_).to_vector<float>();
    expect_near(std::span(logits).last(19), whole({text.begin(), text.begin() + static_cast<std::ptrdiff_t>(known)}));
    EXPECT_EQ(kept.front().length(), static_cast<std::int64_t>(known));
  }
}

/// Recorded once and made again, also when the pages move and when a text goes on in a page of its own.
TEST_P(KvPagesTest, RepeatedStepsHaveTheBitsOfComputedOnes) {
  WatchedDevice device(make_cpu_device(2));
  Gpt model(config(GetParam()));
  model.materialize(device, 3);
  const auto input = [&](const Ids& tokens) { return from_host(tokens, {2, static_cast<std::int64_t>(tokens.size()) / 2}, device); };
  struct Side {
    KvPages pages;
    std::vector<KvText> kept;
  } computed, repeated;
  StepPlans plans(device, 2);
  for (Side* side : {&computed, &repeated}) side->kept.assign(2, KvText(side->pages));
  int repetitions = 0;
  std::vector<Tensor> in_the_way;  // so that what changes from step to step never lies where it lay before
  for (int n = 0; n < 150; ++n) {
    const Ids next = ids(n == 0 ? 40 : 2, static_cast<unsigned>(n));
    const std::vector<float> want = model.step(input(next), computed.pages, computed.kept, pass_).to_vector<float>();
    const std::vector<float> got = model.step(input(next), repeated.pages, repeated.kept, pass_, &plans).to_vector<float>();
    ASSERT_EQ(got, want) << n;
    in_the_way.push_back(full({2}, n, DType::I32, device));
    repetitions += n > 0 && plans.repeated() ? 1 : 0;
  }
  EXPECT_EQ(plans.refusal(), "");
  EXPECT_GT(repetitions, 140);
}

TEST_P(KvPagesTest, TextsOfDifferentLengthsGoOnTogether) {
  const std::vector<Ids> starts{ids(5, 2), ids(64, 3), ids(150, 4)};
  KvPages pages;
  std::vector<KvText> kept(3, KvText(pages));
  for (std::size_t text = 0; text < 3; ++text) model_.step(tensor(starts[text], 1), pages, {&kept[text], 1}, pass_);
  std::vector<Ids> all = starts;
  for (const std::size_t tokens : {1, 2, 1}) {
    Ids next;
    for (std::size_t text = 0; text < 3; ++text) {
      const Ids more = ids(tokens, static_cast<unsigned>(10 + text + 7 * tokens));
      next.insert(next.end(), more.begin(), more.end());
      all[text].insert(all[text].end(), more.begin(), more.end());
    }
    const std::vector<float> logits = model_.step(tensor(next, 3), pages, kept, pass_).to_vector<float>();
    for (std::size_t text = 0; text < 3; ++text)
      expect_near(std::span(logits).subspan(((text + 1) * tokens - 1) * 19, 19), whole(all[text]));
  }
}

TEST_P(KvPagesTest, CopiesShareFullPagesAndWriteIntoTheirOwn) {
  const Ids prompt = ids(150, 5);
  KvPages pages;
  std::vector<KvText> kept(1, KvText(pages));
  model_.step(tensor(prompt, 1), pages, kept, pass_);
  EXPECT_EQ(pages.held_pages(), 3);
  kept.resize(4, KvText(kept.front()));
  EXPECT_EQ(pages.held_pages(), 3) << "nothing was written yet";
  std::vector<Ids> all(4, prompt);
  for (int n = 0; n < 3; ++n) {
    Ids next;
    for (std::size_t text = 0; text < 4; ++text) {
      next.push_back(static_cast<std::int32_t>((5 * text + static_cast<std::size_t>(n)) % 19));
      all[text].push_back(next.back());
    }
    const std::vector<float> logits = model_.step(tensor(next, 4), pages, kept, pass_).to_vector<float>();
    for (std::size_t text = 0; text < 4; ++text) expect_near(std::span(logits).subspan(text * 19, 19), whole(all[text]));
    EXPECT_EQ(pages.held_pages(), 2 + 4) << "two full pages for all, a last one for each";
  }
  kept.pop_back();
  EXPECT_EQ(pages.held_pages(), 2 + 3);
  kept.clear();
  EXPECT_EQ(pages.held_pages(), 0);
}

TEST_P(KvPagesTest, MemoryGrowsByPages) {
  KvPages pages;
  std::vector<KvText> kept(1, KvText(pages));
  const Ids text = ids(200, 6);
  for (const std::int32_t id : text) {
    model_.step(tensor({id}, 1), pages, kept, pass_);
    EXPECT_EQ(pages.held_pages(), (kept.front().length() + 63) / 64);
    EXPECT_LE(pages.pages(), pages.held_pages() + 1);
  }
  EXPECT_THROW(model_.step(tensor(ids(101, 7), 1), pages, kept, pass_), Error) << "beyond the context";
  const std::int64_t most = pages.pages();
  kept.clear();
  kept.emplace_back(pages);
  model_.step(tensor(text, 1), pages, kept, pass_);
  EXPECT_EQ(pages.pages(), most) << "freed pages are taken again";
}

}  // namespace
}  // namespace dsw
