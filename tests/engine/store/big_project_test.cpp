// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// SERIAL
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "tests/support/big_project.h"
#include "tests/support/cpu_bars.h"
#include "tests/support/project_fixture.h"

namespace dsw {
namespace {

double cpu_seconds() { return cpu_ms(CLOCK_PROCESS_CPUTIME_ID) / 1e3; }

/// Of five times: what else the machine does (a core's other thread, other machines on it) makes single ones twice as long.
template <class Work>
double least_seconds(Work&& work) {
  double least = 1e9;
  for (int i = 0; i < 5; ++i) {
    const double begin = cpu_seconds();
    work();
    least = std::min(least, cpu_seconds() - begin);
  }
  return least;
}

/// A tenth of the project of 50 × 300 runs; `make_big_project` measures the whole one.
TEST(BigProject, ListsAndCurvesAreQuick) {
  const TempFolder folder;
  const BigProjectSize size{10, 150, 1500};
  make_big_project(folder / "big.dsx", size);
  std::unique_ptr<ProjectReader> reader;
  std::vector<ExperimentRow> experiments;
  std::vector<RunRow> runs;
  const double listing = least_seconds([&] {
    reader = value_of(ProjectReader::open(folder / "big.dsx"));
    value_of(reader->info());
    experiments = value_of(reader->experiments());
    runs = value_of(reader->runs());
  });
  EXPECT_LT(listing, 0.2 * cpu_bar_factor()) << "a tenth of 2 s for a tenth of the runs";
  EXPECT_EQ(experiments.size(), 10u);
  EXPECT_EQ(experiments[0].runs, 147) << "archived runs are not counted";
  ASSERT_EQ(runs.size(), 1470u);
  EXPECT_EQ(runs[0].metrics.size(), 5u);

  const double curves = least_seconds([&] {
    std::size_t points = 0;
    for (const auto& [key, summary] : runs[70].metrics) {
      const auto curve = value_of(reader->metric(runs[70].id, key));
      points += curve.size();
      ASSERT_EQ(static_cast<std::int64_t>(curve.size()), summary.points);
      EXPECT_EQ(curve.back().value, summary.last);
    }
    EXPECT_EQ(points, 1500u);
  });
  EXPECT_LT(curves, 0.02 * cpu_bar_factor());
  // The store goes on where the generator ended.
  const auto project = value_of(Project::open(folder / "big.dsx", Project::Mode::Open));
  const std::vector<Event> events{event_of(runs[0].last_seq + 1, MetricBody{"train/loss", 2001, 0.5})};
  project->append(runs[0].id, events);
  value_of(project->flush());
  EXPECT_EQ(value_of(reader->metric(runs[0].id, "train/loss")).size(),
            static_cast<std::size_t>(runs[0].metrics.at("train/loss").points) + 1);
}

TEST(BigProject, ManyEventsAreStoredAndReadQuickly) {
  ProjectFixture fixture;
  const RunRow run = fixture.new_run();
  std::vector<Event> events;
  for (std::int64_t i = 1; i <= 200'000; ++i) events.push_back(event_of(i, MetricBody{"train/loss", i, std::sin(static_cast<double>(i))}));
  const double begin = cpu_seconds();
  fixture.store(run, events);
  EXPECT_LT(cpu_seconds() - begin, 6.0 * kSanitizerFactor) << "33,000 events a second at least";
  const auto reader = fixture.reader();
  const double reading = least_seconds([&] { EXPECT_EQ(value_of(reader->metric(run.id, "train/loss")).size(), 200'000u); });
  EXPECT_LT(reading, 0.1 * cpu_bar_factor());
}

}  // namespace
}  // namespace dsw
