// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: reference
// Every intermediate tensor of a published forward pass: minGPT "gpt-nano" trained to sort letters, exported with all partial
// results by bbycroft/llm-viz (MIT), commit 9da93742382f1bf36c020c38a1ace454e82c4490, public/gpt-nano-sort-*.json.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/autograd/node.h"
#include "engine/core/catalog.h"
#include "engine/formats/json_tensors.h"
#include "engine/formats/state_dict.h"
#include "engine/nn/generate.h"
#include "engine/nn/model_type.h"
#include "engine/nn/ops/softmax.h"
#include "tests/support/shared_data.h"

namespace dsw {
namespace {

constexpr float kTolerance = 1e-4f;

class GptNanoSort : public testing::Test {
 protected:
  void SetUp() override {
    const auto weights = shared_data("gpt-nano-sort/gpt-nano-sort-model.json"),
               partials = shared_data("gpt-nano-sort/gpt-nano-sort-t0-partials.json");
    if (!weights || !partials) GTEST_SKIP() << kNoSharedData;
    auto model_file = read_json_tensors(*weights);
    ASSERT_TRUE(model_file) << model_file.error().sentence();
    auto partial_file = read_json_tensors(*partials);
    ASSERT_TRUE(partial_file) << partial_file.error().sentence();
    expected_ = std::move(*partial_file);
    EXPECT_EQ(*model_file->meta("config.n_layer"), "3");

    Catalog catalog;
    register_models(catalog);
    const auto* entry = catalog.models.find("gpt");
    const Json settings = with_defaults(entry->schema, Json::parse(R"({"layers":3,"heads":3,"width":48,"tied":false})"));
    InputSpec input;
    input.kind = InputSpec::Kind::Tokens;
    input.context = 11;
    input.vocabulary = input.classes = 3;
    model_ = std::move(*(*entry->make(settings))->build(settings, input));
    const auto loaded = load_state(*model_, *model_file, *device_);
    ASSERT_TRUE(loaded) << loaded.error().sentence();
  }

  Tensor tokens() {
    const StoredTensor& stored = *expected_.find("idx");
    const std::vector<float> ids = to_tensor(stored, *device_).to_vector<float>();
    return from_host(std::vector<std::int32_t>(ids.begin(), ids.end()), stored.shape, *device_);
  }

  void expect_equal(const std::string& name, const Tensor& seen) {
    const StoredTensor* stored = expected_.find(name);
    ASSERT_NE(stored, nullptr) << name;
    const std::vector<float> wanted = to_tensor(*stored, *device_).to_vector<float>(), got = seen.to_vector<float>();
    ASSERT_EQ(wanted.size(), got.size()) << name;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (std::isinf(wanted[i])) {
        ASSERT_EQ(wanted[i], got[i]) << name << " at " << i;
      } else {
        ASSERT_NEAR(wanted[i], got[i], kTolerance) << name << " at " << i;
      }
    }
    ++compared_;
  }

  TensorFile expected_;
  std::unique_ptr<Device> device_ = make_cpu_device(1);
  std::unique_ptr<Module> model_;
  int compared_ = 0;
};

TEST_F(GptNanoSort, EveryIntermediateOfTheForwardPassIsReproduced) {
  std::map<std::string, Tensor> seen;
  NoGradScope no_grad;
  Forward pass;
  pass.observe = [&](const std::string& name, const Tensor& value) { seen[name] = value; };
  const Tensor logits = model_->forward(tokens(), pass);
  const std::vector<std::pair<std::string, std::string>> names{{"tok_emb", "transformer.wte"},
                                                               {"pos_emb", "transformer.wpe"},
                                                               {"x", "transformer.embedded"},
                                                               {"ln1", "transformer.h.0.ln_1"},
                                                               {"q", "transformer.h.0.attn.q"},
                                                               {"k", "transformer.h.0.attn.k"},
                                                               {"v", "transformer.h.0.attn.v"},
                                                               {"qkv", "transformer.h.0.attn.c_attn"},
                                                               {"att", "transformer.h.0.attn.scores"},
                                                               {"attSm", "transformer.h.0.attn.probabilities"},
                                                               {"y", "transformer.h.0.attn.heads"},
                                                               {"yProj", "transformer.h.0.attn"},
                                                               {"attnResid", "transformer.h.0.after_attention"},
                                                               {"ln2", "transformer.h.0.ln_2"},
                                                               {"fc", "transformer.h.0.mlp.c_fc"},
                                                               {"gelu", "transformer.h.0.mlp.activation"},
                                                               {"mlp", "transformer.h.0.mlp"},
                                                               {"mlpResid", "transformer.h.0"},
                                                               {"block0", "transformer.h.0"},
                                                               {"block1", "transformer.h.1"},
                                                               {"block2", "transformer.h.2"},
                                                               {"ln_f", "transformer.ln_f"},
                                                               {"lm_head", "logits"}};
  for (const auto& [wanted, name] : names) {
    ASSERT_TRUE(seen.count(name)) << name;
    expect_equal(wanted, seen[name]);
  }
  expect_equal("probs", softmax(logits));
  EXPECT_EQ(compared_, static_cast<int>(expected_.tensors.size()) - 1) << "idx is the input; all others are compared";
}

TEST_F(GptNanoSort, SortsLetters) {
  Rng rng(1);
  Sampling greedy;
  greedy.temperature = 0;
  int right = 0;
  for (int puzzle = 0; puzzle < 50; ++puzzle) {
    std::vector<std::int32_t> letters(6);
    for (std::int32_t& letter : letters) letter = static_cast<std::int32_t>(rng.below(3));
    const std::vector<std::int32_t> answer = generate(*model_, letters, 6, greedy, rng, *device_);
    std::sort(letters.begin(), letters.end());
    right += answer == letters ? 1 : 0;
  }
  EXPECT_GE(right, 48);
}

TEST_F(GptNanoSort, LookingAtItChangesNothing) {
  NoGradScope no_grad;
  Forward plain, observed;
  observed.observe = [](const std::string&, const Tensor&) {};
  const std::vector<float> a = model_->forward(tokens(), plain).to_vector<float>(),
                           b = model_->forward(tokens(), observed).to_vector<float>();
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-5f);
}

}  // namespace
}  // namespace dsw
