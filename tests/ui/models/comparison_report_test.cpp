// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// What a search comparison told, as the window reads it: the engine's own report, and damaged ones.
#include "ui/models/comparison_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/nas/comparison.h"
#include "ui/models/arm_table_model.h"

namespace dsw {
namespace {

SampleRow sample(const char* kind, const std::string& data) {
  SampleRow row;
  row.kind = kind;
  row.data = data;
  return row;
}

Json told(int done, int total, bool loss) {
  std::vector<TrainedArm> trained;
  for (const char* set : {"SUBJ", "AG_NEWS"})
    for (std::int64_t run = 0; run < 3; ++run)
      for (const auto& [arm, flops, score] : {std::tuple("control", 2.3e6, 0.9),
                                              {"a", 4e6, 0.9},
                                              {"b-layers", 2e6, 0.87},
                                              {"b-width", 2.2e6, 0.88},
                                              {"c-1", 2e6, 0.8},
                                              {"d", 2e6, 0.91}})
        trained.push_back({set, run, arm, flops, 1e5, score, score + 0.001 * static_cast<double>(run), 100, 10 * flops});
  ComparisonBars bars;
  bars.loss = loss;
  Json rows = Json::array();
  for (const TrainedArm& one : trained) rows.push_back(arm_to_json(one));
  return {{"done", done}, {"total", total}, {"rows", rows}, {"report", comparison_report(trained, {{"SUBJ", 0, 5e7}}, bars, {{"a", 0.5}})}};
}

TEST(ComparisonReport, ArmsAndPairsAreTheEngines) {
  const ComparisonReport report = readComparison({sample("trainings", told(36, 40, false).dump())});
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(report.done, 36);
  EXPECT_DOUBLE_EQ(report.saving, 0.5);
  EXPECT_EQ(report.trainings.size(), 36U);
  QStringList titles;
  for (const ArmScore& arm : report.arms) titles << arm.title;
  EXPECT_EQ(titles, QStringList({"baseline (a)", "shrunk by layers (b)", "shrunk by width (b)", "best random (c)", "derived (d)",
                                 "control control"}));
  ASSERT_GE(report.pairs.size(), 6U);
  EXPECT_EQ(report.pairs[0].title, "d against a");
  EXPECT_NEAR(report.pairs[0].difference, 0.01, 1e-9);
  EXPECT_TRUE(report.pairs[0].holds());
  EXPECT_EQ(report.pairs[0].runs, 6);
  EXPECT_EQ(report.pairs[1].title, "d against a, AG_NEWS");
  EXPECT_EQ(report.pairs[1].margin, 0.01);
  EXPECT_EQ(report.networks_most, 1);
  EXPECT_EQ(report.search_flops, 5e7);
  ArmTableModel table;
  table.setReport(report);
  EXPECT_TRUE(table.lines()[0].startsWith("baseline (a)  4.00 M  100.0 %  ")) << table.lines()[0].toStdString();
  EXPECT_TRUE(table.lines()[0].endsWith("  0.500  90.10  0.09  6")) << table.lines()[0].toStdString();
  EXPECT_TRUE(table.lines()[4].contains("91.10")) << table.lines()[4].toStdString();
}

TEST(ComparisonReport, TheLastWordIsTheWholeReport) {
  const Json all = told(40, 40, true);
  EXPECT_FALSE(readComparison({sample("trainings", all.dump())}).complete);
  const ComparisonReport report = readComparison({sample("trainings", all.dump()), sample("comparison", all.at("report").dump())});
  EXPECT_TRUE(report.complete);
  EXPECT_TRUE(report.loss);
  EXPECT_FALSE(report.pairs[0].holds()) << "its loss is higher";
  EXPECT_TRUE(report.verdict.startsWith("The derived network takes 50.0 %")) << report.verdict.toStdString();
}

TEST(ComparisonReport, DamagedOnesSayLessAndLoseNothing) {
  for (const char* text :
       {"", "[", "[1]", "3", R"({"done": "x", "report": 3})", R"({"rows": [1, null], "report": {"arms": [1], "sets": {"a": 1}}})",
        R"({"report": {"arms": {"a": 3}, "noninferior": {"lower": null}, "random": {"networks": [1]}}})"}) {
    const ComparisonReport report = readComparison({sample("trainings", text), sample("comparison", text)});
    EXPECT_EQ(report.done, 0) << text;
  }
  EXPECT_TRUE(readComparison({}).arms.empty());
}

}  // namespace
}  // namespace dsw
