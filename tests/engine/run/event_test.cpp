// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/run/event.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dsw {
namespace {

Event round_trip(const EventBody& body) {
  const std::string line = event_to_line({7, 1700000000.25, body});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  auto back = event_from_line(line);
  EXPECT_TRUE(back) << line;
  EXPECT_EQ(back->seq, 7);
  EXPECT_EQ(back->time, 1700000000.25);
  EXPECT_EQ(back->body.index(), body.index());
  EXPECT_EQ(event_to_line(*back), line);
  return *back;
}

TEST(Event, EveryBodySurvivesJsonAndBack) {
  const auto metric = std::get<MetricBody>(round_trip(MetricBody{"train/loss", 12, 0.1 + 0.2}).body);
  EXPECT_EQ(metric.key, "train/loss");
  EXPECT_EQ(metric.step, 12);
  EXPECT_EQ(metric.value, 0.1 + 0.2);  // to the bit
  const auto progress = std::get<ProgressBody>(round_trip(ProgressBody{3, 2000, 18250.5, "tokens/s", 61.5}).body);
  EXPECT_EQ(progress.total, 2000);
  EXPECT_EQ(progress.unit, "tokens/s");
  const auto status =
      std::get<StatusBody>(round_trip(StatusBody{RunStatus::Failed, 412, "val/loss became NaN", "Resume with lr 3e-4."}).body);
  EXPECT_EQ(status.status, RunStatus::Failed);
  EXPECT_EQ(status.hint, "Resume with lr 3e-4.");
  EXPECT_EQ(std::get<LogBody>(round_trip(LogBody{LogBody::Level::Warning, "line\n\"two\""}).body).text, "line\n\"two\"");
  const auto checkpoint = std::get<CheckpointBody>(round_trip(CheckpointBody{400, "step-400.safetensors", "ab", 1ull << 40, true}).body);
  EXPECT_EQ(checkpoint.bytes, 1ull << 40);
  EXPECT_TRUE(checkpoint.best);
  const auto sample = std::get<SampleBody>(round_trip(SampleBody{5, "text", "{\"text\":\"a\"}", {"a.png", "b.png"}}).body);
  EXPECT_EQ(sample.files.size(), 2u);
  EXPECT_EQ(std::get<MarkBody>(round_trip(MarkBody{9, "clip", "gradient norm 4.2"}).body).kind, "clip");
  EXPECT_EQ(std::get<SummaryBody>(round_trip(SummaryBody{"{}"}).body).data, "{}");
}

TEST(Event, NotFiniteNumbersTravel) {
  EXPECT_TRUE(std::isnan(std::get<MetricBody>(round_trip(MetricBody{"val/loss", 1, std::nan("")}).body).value));
  EXPECT_EQ(std::get<MetricBody>(round_trip(MetricBody{"val/loss", 1, -std::numeric_limits<double>::infinity()}).body).value,
            -std::numeric_limits<double>::infinity());
}

TEST(Event, TextThatIsNoUtf8DoesNotBreakALine) {
  EXPECT_TRUE(event_from_line(event_to_line({1, 0, SampleBody{1, "text", "a\xff b", {}}})));
}

TEST(Event, BadLinesAreRefused) {
  for (const char* line : {"", "{", "[]", "{\"seq\":1}", "{\"seq\":1,\"time\":0}", "{\"seq\":0,\"time\":0,\"summary\":\"\"}",
                           "{\"seq\":1,\"time\":0,\"metric\":\"a\",\"step\":1.5,\"value\":1}",
                           "{\"seq\":1,\"time\":0,\"metric\":\"a\",\"step\":1,\"value\":\"x\"}",
                           "{\"seq\":1,\"time\":0,\"status\":\"odd\",\"step\":1,\"sentence\":\"\",\"hint\":\"\"}"})
    EXPECT_FALSE(event_from_line(line)) << line;
}

TEST(Event, StatusNamesAreThoseOfTheContract) {
  for (const char* name : {"queued", "running", "paused", "stopped", "interrupted", "failed", "pruned", "finished"})
    EXPECT_STREQ(run_status_name(*run_status_from_name(name)), name);
  EXPECT_FALSE(run_status_from_name("done"));
}

}  // namespace
}  // namespace dsw
