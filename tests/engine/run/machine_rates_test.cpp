// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/run/machine_rates.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace dsw {
namespace {

TEST(MachineRates, MeasuresEveryKernelAndSurvivesJson) {
  std::int64_t last = 0, all = 0;
  const auto rates = measure_machine(1, 0.001, {}, [&](std::int64_t done, std::int64_t total) {
    EXPECT_EQ(done, last++);
    all = total;
  });
  ASSERT_TRUE(rates) << rates.error().sentence();
  EXPECT_EQ(last, all + 1) << "from nothing to all";
  EXPECT_EQ(rates->threads, 1);
  EXPECT_FALSE(rates->processor.empty());
  EXPECT_GT(rates->peak_flops, 1e8);
  EXPECT_GT(rates->read_bytes_per_second, 1e8);
  std::set<std::string> names;
  for (const KernelRate& kernel : rates->kernels) {
    EXPECT_TRUE(names.insert(kernel.name).second) << kernel.name;
    EXPECT_GT(kernel.seconds, 0) << kernel.name;
    EXPECT_GT(kernel.flops, 0) << kernel.name;
    EXPECT_GT(kernel.bytes, 0) << kernel.name;
  }
  for (const char* name :
       {"gemm-1024-f32", "attention-1024-full-f32", "attention-1024-causal-f32", "attention-512-causal-f32", "attention-1024-backward-f32"})
    EXPECT_TRUE(names.contains(name)) << name;
  const auto again = machine_rates_from_json(Json::parse(machine_rates_json(*rates).dump()));
  ASSERT_TRUE(again);
  EXPECT_EQ(machine_rates_json(*again), machine_rates_json(*rates));
}

TEST(MachineRates, TheBoundIsWhicheverTakesLonger) {
  MachineRates rates;
  rates.peak_flops = 100;
  rates.read_bytes_per_second = 10;
  EXPECT_DOUBLE_EQ(rates.bound_seconds({"much arithmetic", 1, 1000, 10}), 10);
  EXPECT_DOUBLE_EQ(rates.bound_seconds({"much memory", 1, 1000, 200}), 20);
}

TEST(MachineRates, StopsBetweenKernelsAndRefusesOtherJson) {
  std::stop_source stop;
  const auto stopped = measure_machine(1, 0.001, stop.get_token(), [&](std::int64_t done, std::int64_t) {
    if (done == 1) stop.request_stop();
  });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::Stopped);
  for (const char* text : {"{}", "3", R"({"kernels": 1})"}) EXPECT_FALSE(machine_rates_from_json(Json::parse(text))) << text;
}

}  // namespace
}  // namespace dsw
