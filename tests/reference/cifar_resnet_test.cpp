// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: reference
// TIMEOUT: 300
// Published weights reproduce reference logits: ResNet-20 and ResNet-56 of akamaster/pytorch_resnet_cifar10 (BSD-2-Clause), commit
// d5489e8995e81e91ce6b1d69dcc98ad579b0b153, on the first 1,000 CIFAR-10 test images; logits by a float32 forward pass in numpy.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "engine/autograd/node.h"
#include "engine/core/catalog.h"
#include "engine/core/file_bytes.h"
#include "engine/formats/state_dict.h"
#include "engine/formats/torch_legacy.h"
#include "engine/nn/model_type.h"
#include "tests/support/shared_data.h"

namespace dsw {
namespace {

constexpr std::size_t kRecord = 1 + 3 * 32 * 32;

struct Pictures {
  std::vector<float> pixels;
  std::vector<int> labels;
};

Pictures read_pictures(const std::string& bytes) {
  const float mean[] = {0.485f, 0.456f, 0.406f}, sd[] = {0.229f, 0.224f, 0.225f};
  Pictures pictures;
  for (std::size_t at = 0; at + kRecord <= bytes.size(); at += kRecord) {
    pictures.labels.push_back(static_cast<unsigned char>(bytes[at]));
    for (std::size_t i = 0; i < kRecord - 1; ++i) {
      const float value = static_cast<float>(static_cast<unsigned char>(bytes[at + 1 + i])) / 255;
      pictures.pixels.push_back((value - mean[i / 1024]) / sd[i / 1024]);
    }
  }
  return pictures;
}

void check(const char* weights, const char* logits_file, int depth, std::int64_t count) {
  const auto weights_path = shared_data(weights), logits_path = shared_data(logits_file),
             images_path = shared_data("cifar10-lossless-5k/test_batch_first1000.bin.gz");
  if (!weights_path || !logits_path || !images_path) GTEST_SKIP() << kNoSharedData;
  const auto device = make_cpu_device(1);
  const auto file = read_torch_legacy(*weights_path);
  ASSERT_TRUE(file) << file.error().sentence();

  Catalog catalog;
  register_models(catalog);
  const auto* entry = catalog.models.find("resnet");
  const Json settings = with_defaults(entry->schema, Json{{"depth", depth}});
  InputSpec input;
  input.kind = InputSpec::Kind::Image;
  input.channels = 3;
  input.height = input.width = 32;
  input.classes = 10;
  const auto model = std::move(*(*entry->make(settings))->build(settings, input));
  const auto loaded = load_state(*model, *file, *device);
  ASSERT_TRUE(loaded) << loaded.error().sentence();

  const Pictures pictures = read_pictures(*gunzip(*read_file(*images_path), "test_batch"));
  ASSERT_EQ(pictures.labels.size(), 1000u);
  const std::string raw = *read_file(*logits_path);
  std::vector<float> wanted(raw.size() / sizeof(float));
  std::memcpy(wanted.data(), raw.data(), raw.size());
  ASSERT_EQ(wanted.size(), 10000u);

  NoGradScope no_grad;
  constexpr std::int64_t kBatch = 50;
  int right = 0;
  for (std::int64_t first = 0; first < count; first += kBatch) {
    const auto* begin = &pictures.pixels[static_cast<std::size_t>(first) * (kRecord - 1)];
    const Tensor x = from_host(std::span<const float>(begin, kBatch * (kRecord - 1)), {kBatch, 3, 32, 32}, *device);
    Forward pass;
    const std::vector<float> got = model->forward(x, pass).to_vector<float>();
    for (std::size_t i = 0; i < got.size(); ++i)
      ASSERT_NEAR(got[i], wanted[static_cast<std::size_t>(first) * 10 + i], 1e-3f)
          << "picture " << first + static_cast<std::int64_t>(i) / 10;
    for (std::size_t n = 0; n < kBatch; ++n) {
      const auto* row = &got[n * 10];
      right += std::max_element(row, row + 10) - row == pictures.labels[static_cast<std::size_t>(first) + n] ? 1 : 0;
    }
  }
  EXPECT_GE(right, count * 9 / 10);
}

TEST(CifarResNet, Depth20ReproducesTheReferenceLogits) {
  check("resnet-cifar10/resnet20-12fca82f.th", "cifar10-lossless-5k/logits_resnet20_test1000.f32", 20, 1000);
}
TEST(CifarResNet, Depth56ReproducesTheReferenceLogits) {
  check("resnet-cifar10/resnet56-4bfd9763.th", "cifar10-lossless-5k/logits_resnet56_test1000.f32", 56, 1000);
}

}  // namespace
}  // namespace dsw
