// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/formats/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "engine/autograd/node.h"
#include "engine/formats/json_tensors.h"
#include "engine/formats/safetensors.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

using testing::HasSubstr;

class ModelFiles : public testing::Test {
 protected:
  ModelFiles() {
    register_models(catalog_);
    input_.kind = InputSpec::Kind::Tokens;
    input_.context = 8;
    input_.vocabulary = input_.classes = 11;
  }
  std::unique_ptr<Module> build(const std::string& section, const InputSpec& input) {
    Json settings = Json::parse(section);
    const auto* entry = catalog_.models.find(settings["type"].get<std::string>());
    settings.erase("type");
    settings = with_defaults(entry->schema, settings);
    auto model = std::move(*(*entry->make(settings))->build(settings, input));
    model->materialize(*device_, 4);
    return model;
  }
  Json description(const std::string& section) {
    return {{"name", "small"},
            {"model", Json::parse(section)},
            {"input", input_spec_to_json(input_)},
            {"tokenizer", {{"kind", "char"}}},
            {"classes", Json::array()}};
  }
  std::vector<float> logits(Module& model) {
    const NoGradScope no_grad;
    Forward pass;
    return model.forward(from_host(std::vector<std::int32_t>{1, 2, 3, 10}, {1, 4}, *device_), pass).to_vector<float>();
  }
  NamedTensors state(Module& model) {
    NamedTensors tensors;
    for (const Module::Named& named : model.parameters()) tensors.emplace_back(named.name, named.parameter->value.detach());
    return tensors;
  }

  const std::string section_ = R"({"type":"gpt","layers":2,"heads":2,"width":16})";
  Catalog catalog_;
  InputSpec input_;
  std::unique_ptr<Device> device_ = make_reference_device();
  TempFolder folder_;
};

TEST_F(ModelFiles, AWrittenModelComesBackWithEqualLogits) {
  const auto model = build(section_, input_);
  ASSERT_TRUE(write_model_file(folder_ / "m.safetensors", *model, description(section_)));
  const auto file = read_model_file(folder_ / "m.safetensors");
  ASSERT_TRUE(file) << file.error().sentence();
  EXPECT_EQ(file->input.vocabulary, 11);
  EXPECT_EQ(Json::parse(file->description)["format"], kModelFormat);
  EXPECT_EQ(Json::parse(file->description)["tokenizer"]["kind"], "char");
  EXPECT_NE(file->weights.find("transformer.h.1.attn.c_attn.weight"), nullptr);
  const auto again = build_model(catalog_, *file, *device_);
  ASSERT_TRUE(again) << again.error().sentence();
  EXPECT_EQ(logits(**again), logits(*model));
}

TEST_F(ModelFiles, ACheckpointIsReadAndExportedWithoutWhatTheTrainingNeeds) {
  const auto model = build(section_, input_);
  NamedTensors tensors;
  for (const auto& [name, tensor] : state(*model)) {
    tensors.emplace_back("model." + name, tensor);
    tensors.emplace_back("optimizer.m." + name, tensor);
  }
  Json meta = description(section_);
  meta["step"] = 7;
  ASSERT_TRUE(write_safetensors(folder_ / "step-7.safetensors", tensors, {{kModelMetaKey, meta.dump()}}));
  const auto file = read_model_file(folder_ / "step-7.safetensors");
  ASSERT_TRUE(file) << file.error().sentence();
  ASSERT_TRUE(write_model_file(folder_ / "out.safetensors", *file, *device_));
  const auto exported = read_model_file(folder_ / "out.safetensors");
  ASSERT_TRUE(exported) << exported.error().sentence();
  EXPECT_EQ(exported->weights.tensors.size(), state(*model).size());
  EXPECT_FALSE(Json::parse(exported->description).contains("step"));
  EXPECT_EQ(logits(**build_model(catalog_, *exported, *device_)), logits(*model));
}

TEST_F(ModelFiles, DescriptionsThatLieAreRefused) {
  const auto model = build(section_, input_);
  const auto refusal = [&](const Json& meta) {
    EXPECT_TRUE(
        write_safetensors(folder_ / "m", state(*model), {{kModelMetaKey, meta.is_string() ? meta.get<std::string>() : meta.dump()}}));
    const auto file = read_model_file(folder_ / "m");
    if (!file) return file.error().sentence();
    const auto built = build_model(catalog_, *file, *device_);
    return built ? std::string() : built.error().sentence();
  };
  Json meta = description(section_);
  EXPECT_EQ(refusal(meta), "");
  EXPECT_THAT(refusal("not json"), HasSubstr("does not describe its model"));
  meta["format"] = 2;
  EXPECT_THAT(refusal(meta), HasSubstr("model format 2; this program knows up to 1"));
  meta = description(section_);
  meta["model"]["type"] = "gtp";
  EXPECT_THAT(refusal(meta), HasSubstr("Nearest name: gpt"));
  meta["model"] = {{"type", "gpt"}, {"heads", 3}, {"width", 16}};
  EXPECT_THAT(refusal(meta), HasSubstr("/model/heads"));
  meta["model"] = {{"type", "gpt"}, {"layers", 3}, {"heads", 2}, {"width", 16}};
  EXPECT_THAT(refusal(meta), HasSubstr("`transformer.h.2.ln_1.weight`, 16, is not in the file"));
  meta["model"] = {{"type", "gpt"}, {"layers", 2}, {"heads", 2}, {"width", 32}};
  EXPECT_THAT(refusal(meta), HasSubstr("`transformer.wte.weight` is 11 × 16; the model needs 11 × 32"));
  meta = description(section_);
  meta["input"]["vocabulary"] = -1;
  EXPECT_THAT(refusal(meta), HasSubstr("\"vocabulary\""));
  meta["input"] = 3;
  EXPECT_THAT(refusal(meta), HasSubstr("not whole"));
  ASSERT_TRUE(write_safetensors(folder_ / "plain", state(*model), {}));
  EXPECT_THAT(read_model_file(folder_ / "plain").error().sentence(), HasSubstr("model import"));
}

TEST_F(ModelFiles, Gpt2OfHuggingFaceIsTurnedAndItsMasksAreLeftOut) {
  const auto model = build(section_, input_);
  NamedTensors tensors;
  for (const auto& [name, tensor] : state(*model)) {
    const std::string short_name = name.substr(std::string("transformer.").size());
    const bool conv1d = short_name.find("c_") != std::string::npos && tensor.rank() == 2;
    tensors.emplace_back(short_name, conv1d ? tensor.view_permute({1, 0}) : tensor);
  }
  tensors.emplace_back("h.0.attn.bias", full({1, 1, 8, 8}, 1, DType::F32, *device_));
  tensors.emplace_back("lm_head.weight", tensors.front().second);
  ASSERT_TRUE(write_safetensors(folder_ / "gpt2", tensors, {{"config.n_head", "2"}}));
  const auto weights = read_weights(folder_ / "gpt2");
  ASSERT_TRUE(weights) << weights.error().sentence();
  const auto guess = guess_model(*weights);
  ASSERT_TRUE(guess);
  EXPECT_EQ(Json::parse(guess->section)["heads"], 2);
  EXPECT_EQ(Json::parse(guess->section)["layers"], 2);
  EXPECT_EQ(Json::parse(guess->section)["tied"], true);
  EXPECT_EQ(guess->input.context, 8);
  const StateMatch match = match_state(*model, *weights);
  EXPECT_TRUE(match.fits());
  std::map<std::string, StateRow::Result> results;
  for (const StateRow& row : match.rows) results[row.file_name] = row.result;
  EXPECT_EQ(results["h.0.attn.c_attn.weight"], StateRow::Result::Transposed);
  EXPECT_EQ(results["h.0.attn.c_proj.weight"], StateRow::Result::Transposed) << "square, so only the others tell";
  EXPECT_EQ(results["h.0.attn.bias"], StateRow::Result::LeftOut);
  EXPECT_EQ(results["lm_head.weight"], StateRow::Result::LeftOut);
  EXPECT_EQ(results["wte.weight"], StateRow::Result::Maps);
  ASSERT_TRUE(
      import_weights(catalog_, *weights, Json::parse(guess->section), guess->input, "gpt2", Json(), *device_, folder_ / "in.safetensors"));
  EXPECT_EQ(logits(**build_model(catalog_, *read_model_file(folder_ / "in.safetensors"), *device_)), logits(*model));
}

TEST_F(ModelFiles, WeightsThatDoNotFitAreNamedAndNothingIsWritten) {
  const auto model = build(section_, input_);
  NamedTensors tensors = state(*model);
  tensors.emplace_back("transformer.extra", tensors.front().second);
  ASSERT_TRUE(write_safetensors(folder_ / "w", tensors, {}));
  const auto result =
      import_weights(catalog_, *read_weights(folder_ / "w"), Json::parse(section_), input_, "x", Json(), *device_, folder_ / "never");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().sentence(), HasSubstr("`transformer.extra` belongs to no part of the model"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "never"));
}

TEST_F(ModelFiles, TheCifarResNetIsRecognised) {
  const auto path = shared_data("resnet-cifar10/resnet20-12fca82f.th");
  if (!path) GTEST_SKIP() << kNoSharedData;
  const auto weights = read_weights(*path);
  ASSERT_TRUE(weights) << weights.error().sentence();
  const auto guess = guess_model(*weights);
  ASSERT_TRUE(guess);
  EXPECT_EQ(Json::parse(guess->section), Json::parse(R"({"type":"resnet","depth":20,"width":16,"shortcut":"A"})"));
  EXPECT_EQ(guess->input.classes, 10);
  ASSERT_TRUE(import_weights(catalog_, *weights, Json::parse(guess->section), guess->input, "resnet20", Json(), *device_,
                             folder_ / "r.safetensors"));
  EXPECT_TRUE(build_model(catalog_, *read_model_file(folder_ / "r.safetensors"), *device_));
}

TEST_F(ModelFiles, JsonTensorsAreReadAndTheirLiesRefused) {
  const auto refusal = [](const std::string& text) {
    const auto file = parse_json_tensors(text, "x.json");
    return file ? std::string() : file.error().sentence();
  };
  const auto file = parse_json_tensors(R"({"config":{"n":3},"w":{"shape":[2],"dtype":"torch.float32","data":"AACAPwAAAEA="}})", "x.json");
  ASSERT_TRUE(file) << file.error().sentence();
  EXPECT_EQ(to_tensor(*file->find("w"), *device_).to_vector<float>(), (std::vector<float>{1, 2}));
  EXPECT_EQ(*file->meta("config.n"), "3");
  EXPECT_THAT(refusal(R"({"w":{"shape":[3],"data":"AACAPwAAAEA="}})"), HasSubstr("takes 12 bytes, but 8 are there"));
  EXPECT_THAT(refusal(R"({"w":{"shape":[4611686018427387904],"data":"AACAPwAAAEA="}})"), HasSubstr("no tensor has"));
  EXPECT_THAT(refusal(R"({"w":{"shape":[2],"data":"AACAPwAAAE?="}})"), HasSubstr("not base64"));
  EXPECT_THAT(refusal(R"({"w":{"shape":[2],"data":"AACAP"}})"), HasSubstr("not base64"));
  EXPECT_THAT(refusal("{}"), HasSubstr("no tensors"));
  EXPECT_THAT(refusal("[1]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal("{"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal(std::string(50'000, '[')), HasSubstr("nested deeper"));
}

}  // namespace
}  // namespace dsw
