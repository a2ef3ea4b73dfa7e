// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// What a person reads when a search space does not fit, and what a sound one means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/nas/derive.h"
#include "engine/nas/nasbench201.h"
#include "engine/nas/search_space.h"
#include "engine/nn/model_type.h"

namespace dsw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Spaces : public testing::Test {
 protected:
  Spaces() {
    register_models(catalog_);
    image_.kind = InputSpec::Kind::Image;
    image_.channels = 1;
    image_.height = image_.width = 8;
    image_.classes = 10;
  }
  SearchSpace space(const std::string& model) const { return analyse_space(Json::parse(model), image_, catalog_.layers); }
  std::vector<std::string> sentences(const std::string& model) const {
    std::vector<std::string> all;
    for (const Problem& problem : space(model).problems) all.push_back(problem.sentence());
    return all;
  }
  /// stem, the given nodes, then pool and logits.
  static std::string around(const std::string& nodes, const std::string& cells = "{}") {
    return R"({"cells": )" + cells + R"(, "nodes": [{"id": "stem", "op": "conv2d", "out": 4, "inputs": ["input"]}, )" + nodes +
           R"(, {"id": "pool", "op": "global-average-pool"}, {"id": "logits", "op": "logits"}]})";
  }
  static constexpr const char* kWeb =
      R"({"cell": {"nodes": 4, "candidates": [{"op": "zero"}, {"op": "identity"}, {"op": "relu-conv-bn", "kernel": 1},
      {"op": "relu-conv-bn", "kernel": 3}, {"op": "avgpool2d", "kernel": 3, "stride": 1, "padding": 1}]}})";

  Catalog catalog_;
  InputSpec image_;
};

TEST_F(Spaces, ASoundOneHasItsChoicesAndCosts) {
  const SearchSpace found =
      space(around(R"({"id": "mix", "op": "choice", "name": "mixing", "candidates": [{"op": "identity"}, {"op": "relu-conv-bn"}]})"));
  ASSERT_THAT(found.problems, testing::IsEmpty());
  ASSERT_EQ(found.choices.size(), 1u);
  EXPECT_EQ(found.choices[0].title, "mixing");
  EXPECT_EQ(found.choices[0].pointer, "/model/nodes/1");
  EXPECT_EQ(found.choices[0].candidates[1].title, "relu conv bn 3×3");
  EXPECT_TRUE(found.choices[0].candidates[0].skips);
  EXPECT_EQ(found.choices[0].candidates[0].cost.flops, 0);
  const double conv = 8 * 8 * 4 * (2 * 9 * 4) + 8 * 8 * 4 * (1 + 8);  // convolution, relu, batchnorm
  EXPECT_EQ(found.choices[0].candidates[1].cost.flops, conv);
  EXPECT_EQ(found.cost({{1}, {}}).flops - found.cost({{0}, {}}).flops, conv);
  EXPECT_EQ(found.architectures(), 2);
  EXPECT_EQ(found.expected_cost({{0.25, 0.75}}).flops, found.cost({{0}, {}}).flops + 0.75 * conv);
}

TEST_F(Spaces, EachMistakeIsSaidAtItsPlace) {
  EXPECT_THAT(sentences(around(R"({"id": "mix", "op": "choice", "candidates": [{"op": "identity"}]})")),
              ElementsAre(HasSubstr("`/model/nodes/1/candidates` has one candidate only")));
  EXPECT_THAT(sentences(around(R"({"id": "mix", "op": "choice", "candidates": [{"op": "identity"}, {"op": "conv2d", "out": 6}]})")),
              ElementsAre(HasSubstr("`/model/nodes/1` does not fit: a choice wants candidates of one shape, but the first gives [1, 4, 8, "
                                    "8] and number 2 gives [1, 6, 8, 8]")));
  EXPECT_THAT(
      sentences(around(R"({"id": "mix", "op": "choice", "candidates": [{"op": "identiti"}, {"op": "zero"}]})")),
      ElementsAre(HasSubstr("`/model/nodes/1/candidates/0/op` is \"identiti\", but there is no such layer. Nearest name: `identity`")));
  EXPECT_THAT(
      sentences(around(R"({"id": "mix", "op": "choice", "candidates": [{"op": "identity"}, {"op": "relu-conv-bn", "kernel": 0}]})")),
      ElementsAre(HasSubstr("`/model/nodes/1/candidates/1/kernel`")));
  EXPECT_THAT(sentences(around(R"({"id": "c", "op": "cell", "cell": "sell"})", R"({"cell": {"nodes": [{"id": "a", "op": "identity"}]}})")),
              ElementsAre(HasSubstr("`/model/nodes/1/cell` names no cell of /model/cells. Nearest name: `cell`")));
  EXPECT_THAT(sentences(around(R"({"id": "c", "op": "cell", "cell": "cell"})",
                               R"({"cell": {"nodes": [{"id": "a", "op": "cell", "cell": "cell"}]}})")),
              ElementsAre(HasSubstr("`/model/cells/cell/nodes/0/cell` puts the cell \"cell\" into itself")));
  EXPECT_THAT(sentences(around(R"({"id": "a", "op": "identity"})")), ElementsAre(HasSubstr("leaves nothing open")));
}

TEST_F(Spaces, CyclesDeadEndsAndUnreachedOutputs) {
  const std::string mix = R"({"id": "mix", "op": "choice", "candidates": [{"op": "identity"}, {"op": "zero"}]})";
  EXPECT_THAT(sentences(around(mix + R"(, {"id": "lost", "op": "activation"}, {"id": "on", "op": "identity", "inputs": ["mix"]})")),
              ElementsAre(HasSubstr("`/model/nodes/2` leads nowhere")));
  EXPECT_THAT(
      sentences(around(
          R"({"id": "a", "op": "add", "inputs": ["stem", "mix"]}, {"id": "mix", "op": "choice", "inputs": ["a"], "candidates": [{"op": "identity"}, {"op": "zero"}]})")),
      ElementsAre(HasSubstr("`/model/nodes/2/inputs` closes a cycle: a → mix → mix-0 → a")));
  EXPECT_THAT(sentences(around(R"({"id": "mix", "op": "choice", "candidates": [{"op": "zero"}, {"op": "zero"}]})")),
              ElementsAre(HasSubstr("is the output, but nothing of the input reaches it")));
}

TEST_F(Spaces, AProblemInACellIsSaidOnce) {
  const std::string cells =
      R"({"cell": {"nodes": [{"id": "mix", "op": "choice", "candidates": [{"op": "identity"}, {"op": "relu-conv-bn", "kernel": 2}]}]}})";
  EXPECT_THAT(
      sentences(around(
          R"({"id": "c", "op": "cell", "cell": "cell"}, {"id": "d", "op": "cell", "cell": "cell", "inputs": ["stem"]}, {"id": "both", "op": "add", "inputs": ["c", "d"]})",
          cells)),
      ElementsAre(HasSubstr("`/model/cells/cell/nodes/0/candidates/1` does not fit: relu-conv-bn wants an odd kernel, not 2")));
}

TEST_F(Spaces, AWebHasAChoiceForEachEdgeAndSharedPlacesDecideTogether) {
  const SearchSpace each = space(around(R"({"id": "c", "op": "cell", "cell": "cell", "repeat": 3})", kWeb));
  ASSERT_THAT(each.problems, testing::IsEmpty());
  EXPECT_EQ(each.choices.size(), 18u);
  EXPECT_EQ(each.edges.size(), 6u);  // into nodes 2 and 3
  const SearchSpace shared = space(around(R"({"id": "c", "op": "cell", "cell": "cell", "repeat": 3, "scope": "shared"})", kWeb));
  ASSERT_THAT(shared.problems, testing::IsEmpty());
  EXPECT_EQ(shared.choices.size(), 6u);
  EXPECT_EQ(shared.edges.size(), 2u);
  EXPECT_EQ(shared.choices[0].places.size(), 3u);
  EXPECT_EQ(shared.architectures(), 15625);
  EXPECT_EQ(shared.cells.size(), 3u);
  EXPECT_EQ(shared.cells[0].web_nodes, 4);
  // 4 channels, 8 × 8: six 3 × 3 convolutions in each of three cells.
  const Architecture convs{{3, 3, 3, 3, 3, 3}, {}}, none{{0, 0, 0, 0, 0, 0}, {}};
  const double conv = 8 * 8 * 4 * (2 * 9 * 4) + 8 * 8 * 4 * (1 + 8);
  EXPECT_EQ(shared.cost(convs).flops - shared.cost(none).flops, 18 * conv);
}

TEST_F(Spaces, TheCellOfTheBenchmarkIsWrittenAndCountedAsTheBenchmarkDoes) {
  const SearchSpace shared = space(around(R"({"id": "c", "op": "cell", "cell": "cell", "scope": "shared"})", kWeb));
  ASSERT_THAT(shared.problems, testing::IsEmpty());
  // Choices stand by node: 0→1, 0→2, 1→2, 0→3, 1→3, 2→3.
  const auto cell = benchmark_cell(shared, {{3, 1, 3, 4, 2, 3}, {}});
  ASSERT_TRUE(cell);
  EXPECT_EQ(cell->text, "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|avg_pool_3x3~0|nor_conv_1x1~1|nor_conv_3x3~2|");
  // Published with the benchmark (cifar10-valid): FLOPs in millions and parameters in millions of three cells.
  const auto numbers = [](const char* text) {
    const auto found = benchmark_cell(std::string(text));
    return found ? std::pair(std::round(found->flops / 1e4) / 100, std::round(found->parameters)) : std::pair(0.0, 0.0);
  };
  EXPECT_EQ(numbers("|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|").first, 220.12);
  EXPECT_EQ(numbers("|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|"),
            (std::pair(7.78, 73306.0)));
  EXPECT_EQ(numbers("|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|").first, 184.73);
  EXPECT_THAT(benchmark_cell(std::string("|nor_conv_3x3~0|+|oops~0|")).error().message,
              HasSubstr("no operation from node 0 at character 19"));
}

TEST_F(Spaces, ADepthIsAChoiceOfWhereToLeave) {
  const std::string cells = R"({"block": {"nodes": [{"id": "a", "op": "relu-conv-bn"}]}})";
  const SearchSpace found = space(around(R"({"id": "c", "op": "cell", "cell": "block", "repeat": {"choice": [1, 3]}})", cells));
  ASSERT_THAT(found.problems, testing::IsEmpty());
  ASSERT_EQ(found.choices.size(), 1u);
  const double conv = 8 * 8 * 4 * (2 * 9 * 4) + 8 * 8 * 4 * (1 + 8);
  EXPECT_EQ(found.cost({{1}, {}}).flops - found.cost({{0}, {}}).flops, 2 * conv);
  const Json shallow = derived_model(found, {{0}, {}}), deep = derived_model(found, {{1}, {}});
  EXPECT_EQ(deep.at("nodes").size() - shallow.at("nodes").size(), 2u);
}

TEST_F(Spaces, TheDerivedNetworkHasOnlyWhatItNeeds) {
  const SearchSpace found = space(around(R"({"id": "c", "op": "cell", "cell": "cell"})", kWeb));
  ASSERT_THAT(found.problems, testing::IsEmpty());
  // Only 0 → 3 carries anything: the rest is gone.
  const Json model = derived_model(found, {{3, 3, 3, 2, 0, 0}, {}});
  std::vector<std::string> ids;
  for (const Json& node : model.at("nodes")) ids.push_back(node.at("id"));
  EXPECT_THAT(ids, ElementsAre("stem", "c-0-3-2", "pool", "logits"));
  EXPECT_EQ(model.at("output"), "logits");
  EXPECT_EQ(derived_cost(found, {{3, 3, 3, 2, 0, 0}, {}}, catalog_.layers).flops,
            found.cost({{0, 0, 0, 2, 0, 0}, {}}).flops - 3 * 8 * 8 * 4)
      << "without the sums of the edges into nodes 2 and 3";
}

TEST_F(Spaces, WithinACapTheLeastLikelihoodIsGivenUp) {
  const SearchSpace found = space(around(R"({"id": "c", "op": "cell", "cell": "cell"})", kWeb));
  const Distribution p(6, {0.05, 0.3, 0.25, 0.4, 0.0});
  const Architecture best = likeliest(found, p, Distribution(2, {1, 1, 1}));
  EXPECT_THAT(best.choices, testing::Each(3));
  const auto cost = [&](const Architecture& a) { return derived_cost(found, a, catalog_.layers).flops; };
  const double cap = 0.5 * cost(best);
  const Architecture capped = within(found, best, p, cap, cost);
  EXPECT_LE(cost(capped), cap);
  // Where all are as likely, what lies nearest below the cap: one 3 × 3 convolution becomes one of 1 × 1.
  const Distribution even(6, std::vector<double>(5, 0.2));
  const Architecture one{{3, 3, 3, 3, 3, 2}, {}};
  EXPECT_EQ(cost(within(found, best, even, cost(one), cost)), cost(one));
  EXPECT_EQ(cost(within(found, best, p, 1, cost)), cost(found.cheapest())) << "below the cheapest nothing is left to do";
}

}  // namespace
}  // namespace dsw
