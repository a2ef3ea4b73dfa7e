// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// What a person reads when model settings do not fit, and what the drawn network says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/nn/model_type.h"

namespace dsw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ModelProblems : public testing::Test {
 protected:
  ModelProblems() {
    register_models(catalog_);
    text_.kind = InputSpec::Kind::Tokens;
    text_.context = 64;
    text_.vocabulary = text_.classes = 65;
    image_.kind = InputSpec::Kind::Image;
    image_.channels = 1;
    image_.height = image_.width = 28;
    image_.classes = 10;
  }
  Json settings(const std::string& type, const std::string& given) {
    return with_defaults(catalog_.models.find(type)->schema, Json::parse(given));
  }
  std::unique_ptr<ModelType> make(const std::string& type) { return std::move(*catalog_.models.find(type)->make({})); }
  std::vector<std::string> sentences(const std::string& type, const std::string& given, const InputSpec& input) {
    std::vector<std::string> all;
    for (const Problem& problem : make(type)->validate(settings(type, given), input)) {
      std::string text = problem.sentence();
      for (const Fix& fix : problem.fixes) text += fmt::format(" [{}: {} = {}]", fix.label, fix.pointer, fix.value);
      all.push_back(text);
    }
    return all;
  }
  std::vector<std::string> graph(const std::string& nodes, const std::string& output = "") {
    return sentences("graph", output.empty() ? "{\"nodes\":" + nodes + "}" : "{\"nodes\":" + nodes + ",\"output\":\"" + output + "\"}",
                     image_);
  }

  Catalog catalog_;
  InputSpec text_, image_;
};

TEST_F(ModelProblems, HeadsThatDoNotDivideTheWidth) {
  EXPECT_THAT(sentences("gpt", R"({"heads":5,"width":128})", text_),
              ElementsAre("`/model/heads` is 5, but width 128 needs a divisor: 1, 2, 4, 8, 16, 32, 64 or 128. [Use 4: /model/heads = 4] "
                          "[Use 8: /model/heads = 8]"));
  EXPECT_THAT(sentences("gpt", R"({"heads":200,"width":128})", text_), ElementsAre(HasSubstr("[Use 128: /model/heads = 128]")));
  EXPECT_THAT(sentences("gpt", R"({"heads":8,"kv_heads":3,"width":128})", text_),
              ElementsAre(HasSubstr("`/model/kv_heads` is 3, but heads 8 needs a divisor: 1, 2, 4 or 8.")));
  EXPECT_THAT(sentences("gpt", R"({"heads":128,"width":128,"positions":"rotary"})", text_), ElementsAre(HasSubstr("rotary")));
  EXPECT_THAT(sentences("gpt", "{}", text_), testing::IsEmpty());
}

TEST_F(ModelProblems, FamiliesThatWantOtherData) {
  EXPECT_THAT(
      sentences("gpt", "{}", image_),
      ElementsAre(HasSubstr("`/model/type` is gpt, which does not fit the data: they are images. [Use cnn: /model = {\"type\":\"cnn\"}]")));
  EXPECT_THAT(sentences("cnn", "{}", text_), ElementsAre(HasSubstr("they are running text. [Use gpt")));
  EXPECT_THAT(sentences("resnet", "{}", text_), ElementsAre(HasSubstr("/model/type")));
  EXPECT_THAT(sentences("text-classifier", "{}", text_), ElementsAre(HasSubstr("/model/type")));
  EXPECT_THAT(sentences("mlp", "{}", text_), ElementsAre(HasSubstr("/model/type")));
}

TEST_F(ModelProblems, PictureNetworks) {
  EXPECT_THAT(sentences("resnet", R"({"depth":21})", image_),
              ElementsAre("`/model/depth` is 21, but depths of this family are 6n + 2: 20, 26, and so on. [Use 20: /model/depth = 20] [Use "
                          "26: /model/depth = 26]"));
  EXPECT_THAT(sentences("cnn", R"({"kernel":4})", image_), ElementsAre(HasSubstr("`/model/kernel` is 4")));
  EXPECT_THAT(sentences("cnn", R"({"channels":[8,8,8],"pool":[8,4,2]})", image_),
              ElementsAre(HasSubstr("`/model/pool/1` is 4, but only 3 × 3 of the 28 × 28 picture are left there.")));
  EXPECT_THAT(sentences("cnn", R"({"channels":[8],"pool":[2,2]})", image_), ElementsAre(HasSubstr("`/model/pool/1` is a pool too many")));
}

TEST_F(ModelProblems, GraphsAreSaidAtTheirPlace) {
  EXPECT_THAT(graph("[]"), ElementsAre(HasSubstr("`/model/nodes` is empty")));
  EXPECT_THAT(graph(R"([{"id":"f","op":"flatten"},{"id":"out","op":"logits"}])"), testing::IsEmpty());
  EXPECT_THAT(graph(R"([{"id":"f","op":"flaten"},{"id":"out","op":"logits"}])"),
              ElementsAre("`/model/nodes/0/op` is \"flaten\", but there is no such layer. Nearest name: `flatten`. [Use flatten: "
                          "/model/nodes/0/op = \"flatten\"]"));
  EXPECT_THAT(graph(R"([{"id":"conv1","op":"conv2d","out":4},{"id":"f","op":"flatten","inputs":["conv2"]},{"id":"out","op":"logits"}])"),
              testing::Contains(HasSubstr("`/model/nodes/1/inputs/0` is \"conv2\", which no node is called. Nearest name: `conv1`.")));
  EXPECT_THAT(graph(R"([{"id":"f","op":"flatten"},{"id":"f","op":"logits"}])"),
              testing::Contains(HasSubstr("`/model/nodes/1/id` is \"f\", but an earlier node")));
  EXPECT_THAT(graph(R"([{"id":"a","op":"conv2d","out":4,"kernal":3},{"id":"f","op":"flatten"},{"id":"out","op":"logits"}])"),
              ElementsAre(HasSubstr("kernal")));
  EXPECT_THAT(graph(R"([{"id":"a","op":"conv2d"},{"id":"f","op":"flatten"},{"id":"out","op":"logits"}])"),
              ElementsAre(HasSubstr("/model/nodes/0/out")));
  EXPECT_THAT(
      graph(
          R"([{"id":"a","op":"conv2d","out":4,"inputs":["b"]},{"id":"b","op":"conv2d","out":1,"inputs":["a"]},{"id":"f","op":"flatten"},{"id":"out","op":"logits"}])"),
      ElementsAre(HasSubstr("closes a cycle: a → b → a;")));
  EXPECT_THAT(
      graph(
          R"([{"id":"a","op":"conv2d","out":4},{"id":"b","op":"conv2d","out":4,"inputs":["a"]},{"id":"f","op":"flatten","inputs":["a"]},{"id":"out","op":"logits"}])"),
      ElementsAre("`/model/nodes/1` leads nowhere: the output \"out\" does not need `b`."));
  EXPECT_THAT(
      graph(
          R"([{"id":"a","op":"conv2d","out":4},{"id":"b","op":"conv2d","out":5,"inputs":["a"]},{"id":"s","op":"add","inputs":["a","b"]},{"id":"f","op":"flatten"},{"id":"out","op":"logits"}])"),
      ElementsAre(
          HasSubstr("`/model/nodes/2` does not fit: add wants inputs of one shape, but they are [2, 4, 28, 28] and [2, 5, 28, 28].")));
  EXPECT_THAT(graph(R"([{"id":"a","op":"linear","out":4,"inputs":["input","input"]}])"),
              ElementsAre(HasSubstr("`/model/nodes/0/inputs` gives linear 2 inputs, but it takes one.")));
  EXPECT_THAT(graph(R"([{"id":"f","op":"flatten"},{"id":"out","op":"linear","out":7}])"),
              ElementsAre(HasSubstr("`/model/nodes/1` is the output and gives [2, 7], but the data need [2, 10]")));
  EXPECT_THAT(graph(R"([{"id":"f","op":"flatten"},{"id":"out","op":"logits"}])", "aut"),
              ElementsAre(HasSubstr("`/model/output` is \"aut\"")));
  EXPECT_THAT(graph(R"([{"id":"e","op":"embedding","width":4}])"), ElementsAre(HasSubstr("wants the token ids")));
  EXPECT_THAT(sentences("graph", R"({"nodes":[{"id":"l","op":"logits"}]})", text_),
              ElementsAre(HasSubstr("an embedding has to come first")));
  EXPECT_THAT(graph(R"([3,{"id":"in put","op":"flatten","inputs":["input"]},{"id":"x"}])"),
              testing::AllOf(testing::Contains(HasSubstr("`/model/nodes/0` is no object")),
                             testing::Contains(HasSubstr("`/model/nodes/1/id` needs an id")),
                             testing::Contains(HasSubstr("`/model/nodes/2` names no op"))));
}

TEST_F(ModelProblems, TheDrawnGptIsThatOfTheMockUp) {
  const auto plan = make("gpt")->plan(settings("gpt", R"({"layers":4,"heads":4,"width":128})"), text_, 12);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->total.parameters, 809856);
  ASSERT_EQ(plan->groups.size(), 1u);
  EXPECT_EQ(plan->groups[0].title, "block × 4");
  double block = 0;
  std::vector<std::string> drawn;
  for (const NetworkNode& node : plan->nodes) {
    drawn.push_back(node.title + " | " + node.detail);
    if (node.group == "blocks") block += node.cost.parameters;
  }
  EXPECT_EQ(block, 198272);
  EXPECT_THAT(drawn, ElementsAre("token embed | 12×64×128", "position | 64×128", "+ | ", "layernorm | 256", "attention | 4 heads of 32",
                                 "+ | ", "layernorm | 256", "mlp, gelu | 128→512→128", "+ | ", "layernorm | 256", "logits | 12×64×65"));
}

TEST_F(ModelProblems, ANetworkWithAMistakeCanStillBeDrawn) {
  const auto plan = make("gpt")->plan(settings("gpt", R"({"layers":4,"heads":5,"width":128})"), text_, 12);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->total.parameters, 809856);
  EXPECT_TRUE(std::any_of(plan->nodes.begin(), plan->nodes.end(),
                          [](const NetworkNode& node) { return node.detail == "5 heads of 25.6" && node.pointer == "/model/heads"; }));
  EXPECT_FALSE(make("gpt")->plan(settings("gpt", "{}"), image_, 12));
  EXPECT_TRUE(
      make("graph")->plan(settings("graph", R"({"nodes":[{"id":"f","op":"flatten"},{"id":"x","op":"conv2d","out":3}]})"), image_, 12));
  EXPECT_FALSE(make("cnn")->plan(settings("cnn", R"({"channels":[8,8],"pool":[8,8]})"), image_, 12));
}

}  // namespace
}  // namespace dsw
