// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// What the inspector of a run says of its precision, from the events that a run writes.
#include "ui/panels/run_facts.h"

#include <gtest/gtest.h>

#include <QTest>
#include <nlohmann/json.hpp>

#include "tests/support/project_fixture.h"
#include "tests/support/ui/window_test_main.h"
#include "ui/models/query_runner.h"
#include "ui/models/run_data.h"
#include "ui/models/store_watcher.h"

namespace dsw {
namespace {

/// Value of the first fact with this label; empty: there is none.
std::string said(const std::vector<FactSection>& sections, const char* label) {
  for (const FactSection& section : sections)
    for (const Fact& fact : section.facts)
      if (fact.label == QLatin1String(label)) return fact.value.toStdString();
  return {};
}

class RunFacts : public ::testing::Test {
 protected:
  std::vector<FactSection> facts(const std::vector<Event>& events) {
    const RunRow run = project_.new_run(R"({"task":"train","precision":"auto"})");
    project_.store(run, events);
    queries_.setProject(project_.path());
    data_ = std::make_unique<RunData>(queries_, watcher_, QString::fromStdString(run.id));
    EXPECT_TRUE(QTest::qWaitFor([&] { return data_->isLoaded(); }, 20'000));
    return runFacts(*data_, {}, {});
  }

  ProjectFixture project_;
  QueryRunner queries_;
  StoreWatcher watcher_;
  std::unique_ptr<RunData> data_;
};

TEST_F(RunFacts, TellTheLossScaleOfFloat16AndWhatTookItsPlace) {
  const auto sections = facts({event_of(1, MetricBody{"sys/loss-scale", 10, 65536}), event_of(2, MetricBody{"sys/loss-scale", 400, 8192}),
                               event_of(3, MarkBody{412, "precision", "bfloat16 instead of float16: a loss scale of 1 is too large"})});
  EXPECT_EQ(said(sections, "Precision"), "auto, bfloat16 from step 412");
  EXPECT_EQ(said(sections, "Loss scale"), "8\u2009192");
}

TEST_F(RunFacts, SayNothingOfALossScaleWhereNoneIsUsed) {
  const auto sections = facts({event_of(1, MetricBody{"train/loss", 10, 3.0})});
  EXPECT_EQ(said(sections, "Precision"), "auto");
  EXPECT_EQ(said(sections, "Loss scale"), "");
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) { return dsw::test::runWindowTests(argc, argv); }
