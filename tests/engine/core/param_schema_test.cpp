// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/core/param_schema.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/core/param_paths.h"
#include "engine/core/registry.h"

namespace dsw {
namespace {

Json parse(const char* text) { return Json::parse(text); }

ParamSchema sample() {
  Param tokenizer =
      variant_param("tokenizer", "Tokenizer", "char",
                    {{"char", {}}, {"bpe", {int_param("vocabulary", "Vocabulary", 512, 257, 65536, "Number of tokens")}}}, "Text to ids");
  tokenizer.short_form = true;
  Param source = list_param("source", "Source", "", path_param("", "File", "A file"), "Files to read.");
  source.short_form = true;
  Param split = list_param("split", "Split", "[0.9, 0.1]", float_param("", "", {}, 0, 1, ""), "Shares");
  split.min_items = 2;
  split.max_items = 3;
  Param lr = float_param("lr", "Learning rate", 1e-3, 0, 1, "Step size");
  lr.low_open = true;
  return {required(source),
          tokenizer,
          split,
          int_param("layers", "Layers", 4, 1, 96, "Number of blocks"),
          lr,
          bool_param("bias", "Bias", true, "Adds a constant"),
          choice_param("activation", "Activation", "gelu", {"gelu", "relu", "swiglu"}, "Of the MLP"),
          string_param("name", "Name", {}, "What it is called"),
          object_param("clip", "Clipping", {float_param("norm", "Norm", 1.0, 0, 100, "Largest norm", "L2")}, "Gradient clipping")};
}

std::vector<std::string> sentences(const char* document) {
  std::vector<std::string> out;
  for (const Problem& p : check_params(sample(), parse(document))) out.push_back(p.sentence());
  return out;
}
using Sentences = std::vector<std::string>;

TEST(ParamSchema, acceptsWhatFits) {
  EXPECT_EQ(sentences(R"({"source": "a.txt"})"), Sentences{});
  EXPECT_EQ(sentences(R"({"source": ["a", "b"], "tokenizer": {"type": "bpe", "vocabulary": 300}, "split": [0.8, 0.1, 0.1], "layers": 4.0,
                          "lr": 1, "bias": false, "activation": "relu", "name": "x", "clip": {"norm": 2}})"),
            Sentences{});
}

TEST(ParamSchema, namesEveryProblemAtOnceInDocumentOrder) {
  EXPECT_EQ(
      sentences(R"({"layers": 0, "lr": "fast", "bias": 1, "activation": "gelo", "split": [0.9], "name": 5})"),
      (Sentences{"`/layers` is 0, but must be from 1 to 96.", "`/lr` is \"fast\", but must be a number above 0 and at most 1.",
                 "`/bias` is 1, but must be true or false.", "`/activation` is \"gelo\", but must be \"gelu\", \"relu\" or \"swiglu\".",
                 "`/split` has 1 item, but must have 2 to 3.", "`/name` is 5, but must be a text in quotes.",
                 "`/source` is missing. Files to read."}));
}

TEST(ParamSchema, looksInsideListsObjectsAndVariants) {
  EXPECT_EQ(sentences(R"({"source": ["a", 3], "split": [0.5, 2], "clip": {"nrm": 1}, "tokenizer": {"type": "bpe", "vocabulary": 1.5}})"),
            (Sentences{"`/source/1` is 3, but must be a path in quotes.", "`/split/1` is 2, but must be from 0 to 1.",
                       "`/clip/nrm` is not known in `/clip`. Nearest name: `norm`.",
                       "`/tokenizer/vocabulary` is 1.5, but must be a whole number from 257 to 65536."}));
  EXPECT_EQ(sentences(R"({"source": "", "tokenizer": "bite"})"),
            (Sentences{"`/source` is empty. Name a file or a folder.", "`/tokenizer` is \"bite\", but must be \"char\" or \"bpe\"."}));
  EXPECT_EQ(sentences(R"({"source": "a", "tokenizer": {"type": 3}})"),
            Sentences{"`/tokenizer/type` is 3, but must be \"char\" or \"bpe\"."});
  EXPECT_EQ(sentences("[1]"), Sentences{"The document is a list, but must be an object: {\"name\": value, …}."});
}

TEST(ParamSchema, unknownKeysNameTheNearestAndOfferToRename) {
  const auto problems =
      check_params({float_param("lr", "Learning rate", 1e-3, 0, 1, "Step size")}, parse(R"({"learning_rate": 1})"), "/optimizer");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].sentence(), "`/optimizer/learning_rate` is not known in `/optimizer`. Nearest name: `lr`.");
  ASSERT_EQ(problems[0].fixes.size(), 2U);
  EXPECT_EQ(problems[0].fixes[0].rename, "lr");
  EXPECT_TRUE(problems[0].fixes[1].remove);
  // A rename onto a key that is there already would lose it.
  const auto taken = check_params(sample(), parse(R"({"source": "a", "layers": 2, "layer": 3})"));
  ASSERT_EQ(taken.size(), 1U);
  ASSERT_EQ(taken[0].fixes.size(), 1U);
  EXPECT_TRUE(taken[0].fixes[0].remove);
  EXPECT_EQ(check_params(sample(), parse(R"({"source": "a", "x/y~z": 1})"))[0].pointer, "/x~1y~0z");
}

TEST(ParamSchema, fixesLeadToValuesThatFit) {
  const ParamSchema schema = sample();
  int fixes = 0;
  for (const char* text : {R"({"source": "a", "layers": 500})", R"({"source": "a", "layers": 2.5})", R"({"source": "a", "layers": "12"})",
                           R"({"source": "a", "lr": 0})", R"({"source": "a", "bias": "true"})", R"({"source": "a", "activation": "relo"})",
                           R"({"source": "a", "tokenizer": "bp"})", R"({"source": "a", "tokenizer": {"type": "bpee"}})",
                           R"({"source": "a", "split": 0.9})", R"({"source": "a", "name": 7})"}) {
    for (const Problem& problem : check_params(schema, parse(text))) {
      ASSERT_FALSE(problem.fixes.empty()) << text;
      for (const Fix& fix : problem.fixes) {
        Json mended = parse(text);
        mended[Json::json_pointer(fix.pointer)] = Json::parse(fix.value);
        const auto left = check_params(schema, mended);
        // A list of one share is a list at last, with a share missing.
        if (problem.pointer == "/split") continue;
        EXPECT_TRUE(left.empty()) << text << " → " << mended << ": " << left[0].sentence();
        ++fixes;
      }
    }
  }
  EXPECT_GE(fixes, 10);
}

TEST(ParamSchema, hostileValuesGetASentence) {
  EXPECT_EQ(sentences(R"({"source": "a", "layers": 18446744073709551615})"),
            Sentences{"`/layers` is 18446744073709551615, but must be a whole number from 1 to 96."});
  EXPECT_EQ(sentences(R"({"source": "a", "lr": 1e308})"), Sentences{"`/lr` is 1e+308, but must be above 0 and at most 1."});
  const std::string longest(100000, 'x');
  Json document = {{"source", "a"}, {longest, 1}, {"activation", longest}};
  const auto problems = check_params(sample(), document);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_LT(problems[1].message.size(), 200U);
  document = {{"source", std::string("a\0b", 3)}};
  EXPECT_EQ(check_params(sample(), document).size(), 1U);
}

TEST(ParamSchema, fillsDefaultsInTheSchemasOrder) {
  EXPECT_EQ(
      with_defaults(sample(), parse(R"({"zoo": 1, "layers": 6.0, "source": "a.txt"})")).dump(),
      R"({"source":["a.txt"],"tokenizer":{"type":"char"},"split":[0.9,0.1],"layers":6,"lr":0.001,"bias":true,"activation":"gelu","clip":{"norm":1.0},"zoo":1})");
  EXPECT_EQ(with_defaults(sample(), parse(R"({"tokenizer": "bpe"})"))["tokenizer"].dump(), R"({"type":"bpe","vocabulary":512})");
  EXPECT_EQ(with_defaults(sample(), parse(R"({"tokenizer": 7, "clip": 3})"))["tokenizer"].dump(), "7");
  const Json once = with_defaults(sample(), parse(R"({"source": "a"})"));
  EXPECT_EQ(with_defaults(sample(), once).dump(), once.dump());
  EXPECT_TRUE(check_params(sample(), once).empty());
}

TEST(ParamSchema, pathsBecomeAbsolute) {
  const ParamSchema data{variant_param("data", "Data", "", {{"set", sample()}}, "")};
  const Json document =
      parse(R"({"data": {"type": "set", "source": ["a.txt", "/b", "../c", "builtin:x", "", 5], "name": "a.txt"}, "other": "a"})");
  EXPECT_EQ(with_absolute_paths(data, document, "/home/me/set").dump(),
            R"({"data":{"type":"set","source":["/home/me/set/a.txt","/b","/home/me/c","builtin:x","",5],"name":"a.txt"},"other":"a"})");
  EXPECT_EQ(with_absolute_paths(sample(), parse(R"({"source": "a"})"), "")["source"], (std::filesystem::current_path() / "a").string());
}

TEST(ParamSchema, findsTheParameterBehindAPointer) {
  const ParamSchema schema = sample();
  const Json document = parse(R"({"source": ["a"], "tokenizer": {"type": "bpe"}})");
  ASSERT_NE(param_at(schema, document, "/tokenizer/vocabulary"), nullptr);
  EXPECT_EQ(param_at(schema, document, "/tokenizer/vocabulary")->name, "vocabulary");
  EXPECT_EQ(param_at(schema, document, "/tokenizer/type")->name, "tokenizer");
  EXPECT_EQ(param_at(schema, parse(R"({"tokenizer": "bpe"})"), "/tokenizer/vocabulary")->name, "vocabulary");
  EXPECT_EQ(param_at(schema, parse("{}"), "/tokenizer/vocabulary"), nullptr);
  EXPECT_EQ(param_at(schema, parse(R"({"tokenizer": {"type": "none"}})"), "/tokenizer/type")->name, "tokenizer");
  EXPECT_EQ(param_at(schema, document, "/source/0")->type, ParamType::Path);
  EXPECT_EQ(param_at(schema, document, "/clip/norm")->unit, "L2");
  for (const char* nowhere : {"", "/", "x", "/none", "/layers/0", "/source/x", "/clip/norm/0", "//"})
    EXPECT_EQ(param_at(schema, document, nowhere), nullptr) << nowhere;
}

TEST(ParamSchema, writesItselfAsJson) {
  const Json json = schema_to_json(sample());
  EXPECT_EQ(json["params"][3].dump(),
            R"({"name":"layers","type":"int","label":"Layers","help":"Number of blocks","default":4,"low":1,"high":96})");
  EXPECT_EQ(json["params"][1]["alternatives"][1]["params"][0]["default"], 512);
  EXPECT_EQ(json["params"][8]["params"][0]["unit"], "L2");
  EXPECT_EQ(json["params"][2]["element"]["type"], "float");
}

TEST(Registry, nearestNames) {
  const std::vector<std::string> names{"lr", "layers", "heads", "width", "batch", "weight-decay"};
  EXPECT_EQ(nearest_name("layer", names), "layers");
  EXPECT_EQ(nearest_name("wdith", names), "width");
  EXPECT_EQ(nearest_name("Weight_Decay", names), "weight-decay");
  EXPECT_EQ(nearest_name("batch_size", names), "batch");
  EXPECT_EQ(nearest_name("n_layers", names), "layers");
  EXPECT_EQ(nearest_name("rl", names), "lr");
  EXPECT_EQ(nearest_name("temperature", names), "");
  EXPECT_EQ(nearest_name("", names), "");
}

TEST(Registry, anUnknownNameNamesTheNearest) {
  Registry<int> registry("data type");
  registry.add({"images", "Pictures", {}, {}});
  EXPECT_EQ((*registry.get("images"))->summary, "Pictures");
  const auto missing = registry.get("image");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "There is no data type named \"image\"");
  EXPECT_EQ(missing.error().hint, "Nearest name: images.");
  EXPECT_THROW(registry.add({"images", "", {}, {}}), Error);
  registry.freeze();
  EXPECT_THROW(registry.add({"text", "", {}, {}}), Error);
}

}  // namespace
}  // namespace dsw
