// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/run/experiment.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/run/task.h"
#include "engine/tensor/device.h"
#include "tests/support/relabelled_device.h"

namespace dsw {
namespace {

/// Wants `size` to be even.
class CountTask : public Task {
 public:
  std::vector<Problem> validate(const Catalog&, const Json& document, const std::filesystem::path&, DatasetCache*,
                                std::stop_token) const override {
    if (document.at("size").is_number_integer() && document.at("size").get<int>() % 2)
      return {{"/size",
               fmt::format("is {}, but an even number is wanted", document.at("size").get<int>()),
               {{"Use 4", "/size", "4", "", false}},
               false}};
    return {};
  }
  Result<Estimate> estimate(const Catalog&, const Json&, const std::filesystem::path&, DatasetCache*, std::stop_token) const override {
    return Estimate();
  }
  Result<void> run(RunContext&) const override { return {}; }
};

struct ExperimentTest : testing::Test {
  ExperimentTest() {
    catalog.tasks.add({"count", "Counts",
                       ParamSchema{int_param("size", "Size", 2, 1, 100, "How far"), float_param("pace", "Pace", 0.5, 0, 1, "How fast")},
                       [](const Json&) -> Result<std::unique_ptr<Task>> { return std::make_unique<CountTask>(); }});
  }
  std::vector<Problem> problems(const std::string& text) { return validate_document(catalog, *parse_document(text), ".", nullptr); }
  Catalog catalog;
};

TEST_F(ExperimentTest, DefaultsAreFilledIn) {
  const auto experiment = make_experiment(catalog, *parse_document(R"({"deepshock": 1, "task": "count", "seed": 9})"), "/tmp", nullptr);
  ASSERT_TRUE(experiment) << experiment.error().sentence();
  EXPECT_EQ(experiment->seed, 9u);
  EXPECT_EQ(experiment->device, "auto");
  const Json resolved = Json::parse(experiment->resolved);
  EXPECT_EQ(resolved.at("size"), 2);
  EXPECT_EQ(resolved.at("pace"), 0.5);
  EXPECT_EQ(Json::parse(experiment->document).size(), 3u);  // as written
  // A resolved document says everything: it resolves to itself.
  const auto again = make_experiment(catalog, resolved, "/tmp", nullptr);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->resolved, experiment->resolved);
}

TEST_F(ExperimentTest, APrecisionThatTheDeviceLacksIsAProblem) {
  catalog.devices.add({"old", "Lacks bfloat16", ParamSchema{}, [](const Json&) -> Result<std::unique_ptr<Device>> {
                         return std::make_unique<RelabelledDevice>(make_reference_device(), "old", std::vector<std::string>{"float32"});
                       }});
  catalog.devices.add(
      {"new", "Has it", ParamSchema{}, [](const Json&) -> Result<std::unique_ptr<Device>> { return make_reference_device(); }});
  const auto of = [&](const char* device, const char* precision) {
    return problems(fmt::format(R"({{"deepshock": 1, "task": "count", "device": "{}", "precision": "{}"}})", device, precision));
  };
  const auto found = of("old", "bfloat16");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].pointer, "/precision");
  EXPECT_EQ(found[0].message, "is \"bfloat16\", in which the device old does not compute; it offers float32");
  ASSERT_EQ(found[0].fixes.size(), 1u);
  EXPECT_EQ(found[0].fixes[0].value, "\"float32\"");
  for (const char* fits : {"new", "auto"}) EXPECT_TRUE(of(fits, "bfloat16").empty());  // auto takes the last one
  for (const char* precision : {"auto", "float32"}) EXPECT_TRUE(of("old", precision).empty());
  EXPECT_EQ(of("missing", "bfloat16").size(), 1u);
}

TEST_F(ExperimentTest, AllProblemsComeAtOnce) {
  const auto found = problems(R"({"deepshock": 1, "task": "count", "size": 3, "pase": 0.1, "seed": -1, "device": "cuda:7"})");
  std::vector<std::string> pointers;
  for (const Problem& problem : found) pointers.push_back(problem.pointer);
  std::sort(pointers.begin(), pointers.end());
  EXPECT_EQ(pointers, (std::vector<std::string>{"/device", "/pase", "/seed", "/size"}));
  const auto experiment =
      make_experiment(catalog, *parse_document(R"({"deepshock": 1, "task": "count", "size": 3, "seed": -1})"), ".", nullptr);
  ASSERT_FALSE(experiment);
  EXPECT_EQ(experiment.error().code, ErrorCode::InvalidDocument);
  EXPECT_NE(experiment.error().message.find("`/size` is 3"), std::string::npos) << experiment.error().message;
  EXPECT_NE(experiment.error().message.find("`/seed`"), std::string::npos);
}

TEST_F(ExperimentTest, AnUnknownTaskNamesTheNearest) {
  const auto found = problems(R"({"deepshock": 1, "task": "cuont"})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].sentence(), "`/task` is \"cuont\", which is no task; nearest name: `count`");
  ASSERT_EQ(found[0].fixes.size(), 1u);
  EXPECT_EQ(found[0].fixes[0].value, "\"count\"");
  EXPECT_EQ(problems("{}").at(0).pointer, "/task");
  EXPECT_EQ(problems(R"({"task": 5})").at(0).pointer, "/task");
}

TEST_F(ExperimentTest, ANewerDocumentVersionIsRefused) {
  EXPECT_EQ(problems(R"({"deepshock": 2, "task": "count"})").at(0).pointer, "/deepshock");
  EXPECT_EQ(problems(R"({"task": "count"})").at(0).pointer, "/deepshock");
}

TEST(SetPointer, SetsValuesAndMakesParents) {
  Json document = Json::parse(R"({"optimizer": {"lr": 1}, "list": [1, 2]})");
  ASSERT_TRUE(set_pointer(document, "/optimizer/lr", "1e-3"));
  ASSERT_TRUE(set_pointer(document, "/model/type", "gpt"));
  ASSERT_TRUE(set_pointer(document, "/model/deep/a~1b", "[1]"));
  ASSERT_TRUE(set_pointer(document, "/list/1", "true"));
  ASSERT_TRUE(set_pointer(document, "/list/-", "\"x\""));
  EXPECT_EQ(document.dump(), R"({"optimizer":{"lr":0.001},"list":[1,true,"x"],"model":{"type":"gpt","deep":{"a/b":[1]}}})");
}

TEST(SetPointer, RefusesWhatIsNoPlace) {
  Json document = Json::parse(R"({"list": [1], "n": 5})");
  const std::string before = document.dump();
  for (const char* pointer : {"", "n", "/list/7", "/list/x", "/n/deeper"}) EXPECT_FALSE(set_pointer(document, pointer, "1")) << pointer;
  EXPECT_EQ(document.dump(), before);
}

}  // namespace
}  // namespace dsw
