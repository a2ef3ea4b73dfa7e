// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: reference
// Rotary positions, RMSNorm, SwiGLU and grouped queries by a published model: karpathy/tinyllamas stories260K (MIT), 5 layers, 8 heads
// on 4 key heads, in llama2.c's legacy format. Its greedy texts are those that llama2.c prints (test_all.py and a README).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>

#include "engine/core/file_bytes.h"
#include "engine/nn/generate.h"
#include "engine/nn/models/gpt.h"
#include "tests/support/shared_data.h"

namespace dsw {
namespace {

/// Takes numbers and floats off the front of a file.
struct Cursor {
  const std::string& bytes;
  std::size_t at = 0;
  std::int32_t integer() {
    std::int32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    at += sizeof value;
    return value;
  }
  std::vector<float> floats(std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    std::memcpy(values.data(), bytes.data() + at, values.size() * sizeof(float));
    at += values.size() * sizeof(float);
    return values;
  }
};

class Stories : public testing::Test {
 protected:
  void SetUp() override {
    const auto weights = shared_data("llama2c-stories260K/stories260K.bin"), tokens = shared_data("llama2c-stories260K/tok512.bin");
    if (!weights || !tokens) GTEST_SKIP() << kNoSharedData;
    read_model(*read_file(*weights));
    read_tokens(*read_file(*tokens));
  }

  void read_model(const std::string& bytes) {
    Cursor file{bytes};
    GptConfig config;
    const std::int64_t width = config.block.width = file.integer(), hidden = config.block.hidden = file.integer();
    const std::int64_t layers = config.layers = file.integer();
    config.block.heads = file.integer();
    config.block.kv_heads = file.integer();
    const std::int64_t vocabulary = config.vocabulary = file.integer(), kv_width = width / config.block.heads * config.block.kv_heads;
    config.context = file.integer();
    config.block.rotary = config.block.rms_norm = config.block.swiglu = true;
    config.block.bias = false;
    model_ = std::make_unique<Gpt>(config);
    model_->materialize(*device_, 1);
    std::map<std::string, Parameter*> parameters;
    for (const Module::Named& named : model_->parameters()) parameters[named.name] = named.parameter;
    const auto put = [&](const std::string& name, const std::vector<float>& values, std::int64_t first_row = 0) {
      Parameter& parameter = *parameters.at(name);
      const std::int64_t row = parameter.shape.rank() == 2 ? parameter.shape[1] : 1;
      std::memcpy(parameter.value.data<float>() + first_row * row, values.data(), values.size() * sizeof(float));
      filled_ += static_cast<std::int64_t>(values.size());
    };
    const auto each = [&](const char* name, std::int64_t elements, std::int64_t first_row = 0) {
      for (std::int64_t layer = 0; layer < layers; ++layer)
        put(fmt::format("transformer.h.{}.{}", layer, name), file.floats(elements), first_row);
    };
    put("transformer.wte.weight", file.floats(vocabulary * width));
    each("ln_1.weight", width);
    each("attn.c_attn.weight", width * width);
    each("attn.c_attn.weight", kv_width * width, width);
    each("attn.c_attn.weight", kv_width * width, width + kv_width);
    each("attn.c_proj.weight", width * width);
    each("ln_2.weight", width);
    each("mlp.c_gate.weight", hidden * width);
    each("mlp.c_proj.weight", width * hidden);
    each("mlp.c_fc.weight", hidden * width);
    put("transformer.ln_f.weight", file.floats(width));
    ASSERT_EQ(filled_, model_->trainable_elements()) << "every weight is set";
  }

  void read_tokens(const std::string& bytes) {
    Cursor file{bytes};
    file.integer();  // length of the longest
    while (file.at < bytes.size()) {
      scores_.push_back(file.floats(1)[0]);
      const auto length = static_cast<std::size_t>(file.integer());
      pieces_.push_back(bytes.substr(file.at, length));
      file.at += length;
    }
  }

  /// As llama2.c: single characters, then the neighbours whose joint piece has the best score are joined, again and again.
  std::vector<std::int32_t> encode(const std::string& text) const {
    const auto id = [&](const std::string& piece) {
      return static_cast<std::int32_t>(std::find(pieces_.begin(), pieces_.end(), piece) - pieces_.begin());
    };
    std::vector<std::int32_t> ids;
    for (const char letter : text) ids.push_back(id(std::string(1, letter)));
    for (;;) {
      float best = -1e10f;
      std::size_t place = 0;
      std::int32_t joint = -1;
      for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
        const std::int32_t candidate = id(pieces_[static_cast<std::size_t>(ids[i])] + pieces_[static_cast<std::size_t>(ids[i + 1])]);
        if (static_cast<std::size_t>(candidate) == pieces_.size() || scores_[static_cast<std::size_t>(candidate)] <= best) continue;
        best = scores_[static_cast<std::size_t>(candidate)];
        place = i;
        joint = candidate;
      }
      if (joint < 0) return ids;
      ids[place] = joint;
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(place) + 1);
    }
  }

  std::string greedy(const std::vector<std::int32_t>& prompt, std::int64_t count) {
    Rng rng(1);
    std::string text;
    std::int32_t before = prompt.front();
    const auto tell = [&](std::int32_t id) {
      std::string piece = pieces_[static_cast<std::size_t>(id)];
      unsigned value = 0;
      if (piece.size() == 6 && std::sscanf(piece.c_str(), "<0x%02X>", &value) == 1) piece = static_cast<char>(value);
      if (before == 1 && piece[0] == ' ') piece.erase(0, 1);
      text += piece;
      before = id;
    };
    for (std::size_t i = 1; i < prompt.size(); ++i) tell(prompt[i]);
    Sampling sampling;
    sampling.temperature = 0;
    generate(*model_, prompt, count, sampling, rng, *device_, {}, tell);
    return text;
  }

  static std::string expected(const char* name) {
    std::string text = *read_file(*shared_data(name));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

  std::unique_ptr<Device> device_ = make_cpu_device(1);
  std::unique_ptr<Gpt> model_;
  std::vector<std::string> pieces_;
  std::vector<float> scores_;
  std::int64_t filled_ = 0;
};

TEST_F(Stories, GreedyTextFromNothingIsThePublishedOne) {
  EXPECT_EQ(greedy({1}, 200), expected("llama2c-stories260K/expected_greedy_200.txt"));
}

TEST_F(Stories, GreedyTextFromAPromptIsThePublishedOne) {
  std::vector<std::int32_t> prompt = encode(" Zoo");
  prompt.insert(prompt.begin(), 1);
  EXPECT_EQ(greedy(prompt, 61 - static_cast<std::int64_t>(prompt.size())), expected("llama2c-stories260K/expected_greedy_Zoo_60.txt"));
}

}  // namespace
}  // namespace dsw
