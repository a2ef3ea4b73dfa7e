// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
#include "ui/models/kernel_table_model.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>

#include "ui/models/cell_roles.h"

namespace dsw {
namespace {

QStringList rows(const KernelTableModel& model) {
  QStringList lines;
  for (int r = 0; r < model.rowCount(); ++r) {
    QStringList cells;
    for (int c = 0; c < model.columnCount(); ++c) cells << model.index(r, c).data().toString();
    lines << cells.join(" | ");
  }
  return lines;
}

TEST(KernelTableModel, ShowsTheLargestShareFirstAndWhatLiesBetweenKernels) {
  KernelTableModel model;
  const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  ASSERT_TRUE(model.setProfile(R"({"steps": 4, "step_seconds": 0.010, "peak_flops": 2e11, "kernels": [
      {"kernel": "copy", "dtype": "bfloat16", "calls": 8, "seconds": 0.001, "flops": 0, "bytes": 2e7},
      {"kernel": "matmul", "dtype": "float32", "calls": 24, "seconds": 0.006, "flops": 9e8, "bytes": 1e6},
      {"kernel": "conv2d_bwd_weights", "dtype": "float32", "calls": 2, "seconds": 0.001, "flops": 1e8, "bytes": 1e6}]})"));
  EXPECT_EQ(rows(model), (QStringList{"matrix product | 60.0 % | 6.00 | 24 | 150 GFLOP/s | 75 %",
                                      "between kernels | 20.0 % | 2.00 | – | – | –", "copy, bfloat16 | 10.0 % | 1.00 | 8 | 20.0 GB/s | –",
                                      "convolution, gradient of the weights | 10.0 % | 1.00 | 2 | 100 GFLOP/s | 50 %"}));
  EXPECT_DOUBLE_EQ(model.index(0, KernelTableModel::Share).data(FractionRole).toDouble(), 0.6);
  EXPECT_DOUBLE_EQ(model.stepSeconds(), 0.01);
}

TEST(KernelTableModel, AnythingElseIsNoProfile) {
  KernelTableModel model;
  for (const char* text : {"", "[]", "{}", R"({"kernels": 3})", R"({"kernels": [1, {"kernel": 7}], "step_seconds": "long"})"}) {
    model.setProfile(text);
    EXPECT_LE(model.rowCount(), 1) << text;
  }
  EXPECT_FALSE(model.setProfile("{}"));
}

}  // namespace
}  // namespace dsw
