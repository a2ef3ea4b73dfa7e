// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/model_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/formats/model_file.h"
#include "engine/formats/safetensors.h"
#include "engine/model_library.h"
#include "engine/tensor/device.h"
#include "engine/train/text_sample.h"
#include "engine/workspace.h"
#include "tests/support/project_fixture.h"
#include "tests/support/tiny_gpt2.h"

namespace dsw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ModelImports : public testing::Test {
 protected:
  ModelImports() {
    register_builtins(catalog_);
    catalog_.freeze();
  }
  ModelImportPlan plan(const ModelImport& request) { return value_of(inspect_model(catalog_, request)); }
  Catalog catalog_;
  TempFolder folder_;
};

TEST_F(ModelImports, WhatLiesBesideTheWeightsIsUsedAndTheModelWrites) {
  write_tiny_gpt2(folder_ / "model.safetensors", 4);
  write_tiny_bpe(folder_.path());
  const ModelImport request{folder_ / "model.safetensors", "", "", "", ""};
  const ModelImportPlan seen = plan(request);
  ASSERT_FALSE(seen.refused) << seen.refused->sentence();
  EXPECT_EQ(seen.name, folder_.path().filename().string()) << "model.safetensors is no name; its folder's is";
  EXPECT_EQ(seen.family, "gpt");
  EXPECT_EQ(Json::parse(seen.section)["heads"], 4) << "config.json says it";
  EXPECT_EQ(seen.config, folder_ / "config.json");
  EXPECT_EQ(seen.vocabulary, folder_ / "vocab.json");
  EXPECT_EQ(seen.tokenizer, "bpe");
  EXPECT_EQ(seen.symbols, 258);
  EXPECT_THAT(seen.notes, IsEmpty());
  ProjectFixture project;
  const ModelRow row = value_of(import_model(catalog_, request, *project.project));
  const auto device = make_cpu_device(1);
  const RunModel loaded = value_of(load_run_model(catalog_, row.path, *device));
  ASSERT_TRUE(loaded.tokenizer);
  TextRequest text;
  text.prompt = "hello";
  text.tokens = 5;
  EXPECT_TRUE(generate_text(*loaded.model, *loaded.tokenizer, text, *device, {}));
  const ModelFacts facts = value_of(model_facts(catalog_, row.path));
  EXPECT_EQ(facts.tokenizer, "bpe");
  EXPECT_EQ(facts.family, "gpt");
}

TEST_F(ModelImports, WhatNothingSaysIsSaidToBeAGuess) {
  write_tiny_gpt2(folder_ / "w.safetensors");
  const ModelImportPlan seen = plan({folder_ / "w.safetensors", "", "", "", ""});
  EXPECT_FALSE(seen.refused);
  EXPECT_THAT(seen.notes, ElementsAre(HasSubstr("how many heads"), HasSubstr("no tokenizer")));
}

TEST_F(ModelImports, FilesThatDoNotBelongTogetherAreRefusedBeforeAnythingIsWritten) {
  write_tiny_gpt2(folder_ / "w.safetensors");
  write_text(folder_ / "other.json", R"({"n_layer": 12, "n_head": 2})");
  EXPECT_THAT(plan({folder_ / "w.safetensors", "", folder_ / "other.json", "", ""}).refused->message,
              HasSubstr("The weights have 2 layers; n_layer says 12"));
  write_text(folder_ / "strange.json", R"({"n_head": 2, "activation_function": "mish"})");
  EXPECT_THAT(plan({folder_ / "w.safetensors", "", folder_ / "strange.json", "", ""}).refused->sentence(), HasSubstr("mish"));
  write_text(folder_ / "vocab.json", "{}");
  write_text(folder_ / "merges.txt", "");
  const auto broken = plan({folder_ / "w.safetensors", "", "", folder_ / "vocab.json", folder_ / "merges.txt"});
  ASSERT_TRUE(broken.refused);
  EXPECT_THAT(broken.refused->sentence(), HasSubstr("vocab.json"));
  // Found, not given: the weights come in without it, and that is said.
  const auto found = plan({folder_ / "w.safetensors", "", "", "", ""});
  EXPECT_FALSE(found.refused);
  EXPECT_THAT(found.notes, testing::Contains(HasSubstr("The tokenizer beside the file is not used")));
  const auto half = plan({folder_ / "w.safetensors", "", "", "", folder_ / "sub/merges.txt"});
  ASSERT_TRUE(half.refused);
  EXPECT_THAT(half.refused->message, HasSubstr("vocab.json is not given"));
  ProjectFixture project;
  EXPECT_FALSE(import_model(catalog_, {folder_ / "w.safetensors", "", folder_ / "other.json", "", ""}, *project.project));
  EXPECT_THAT(value_of(project.reader()->models()), IsEmpty());
}

TEST_F(ModelImports, AnExportedModelComesBackAndMayGetATokenizer) {
  write_tiny_gpt2(folder_ / "w.safetensors", 2);
  ProjectFixture project;
  const ModelRow first = value_of(import_model(catalog_, {folder_ / "w.safetensors", "bare", "", "", ""}, *project.project));
  const std::filesystem::path out = folder_ / "out.safetensors";
  value_of(export_model(catalog_, first.path, "safetensors", out));
  const ModelImportPlan seen = plan({out, "", "", "", ""});
  EXPECT_TRUE(seen.own);
  EXPECT_EQ(seen.tokenizer, "");
  TempFolder tokenizer;
  write_tiny_bpe(tokenizer.path());
  const ModelRow second =
      value_of(import_model(catalog_, {out, "with tokenizer", "", tokenizer / "vocab.json", tokenizer / "merges.txt"}, *project.project));
  EXPECT_EQ(value_of(model_facts(catalog_, second.path)).symbols, 258);
  EXPECT_THAT(value_of(project.reader()->models()), SizeIs(2));
  const auto unknown = export_model(catalog_, first.path, "gguf", folder_ / "x");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().sentence(), HasSubstr("safetensors, onnx"));
}

TEST_F(ModelImports, AnImportedModelReadsNoFileThatItsMakerNamed) {
  write_tiny_gpt2(folder_ / "w.safetensors", 2);
  ProjectFixture project;
  const ModelRow row = value_of(import_model(catalog_, {folder_ / "w.safetensors", "m", "", "", ""}, *project.project));
  const auto device = make_cpu_device(1);
  RunModel loaded = value_of(load_run_model(catalog_, row.path, *device));
  Json description = Json::parse(loaded.description);
  description["data"] = {{"type", "text"}, {"source", "/etc/passwd"}};
  loaded.description = description.dump();
  const ProjectModel model = value_of(find_project_model(*project.reader(), project.path(), row.id));
  const auto refused = evaluate_request(model, loaded, "/data", "");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("/etc/passwd"));
  description["data"] = {{"type", "text"}, {"source", "builtin:tinyshakespeare"}};
  loaded.description = description.dump();
  EXPECT_TRUE(evaluate_request(model, loaded, "/data", ""));
}

}  // namespace
}  // namespace dsw
