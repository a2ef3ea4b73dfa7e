// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
#include "ui/models/machine_rates_model.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>

#include "ui/models/cell_roles.h"

namespace dsw {
namespace {

TEST(MachineRatesModel, ShowsTimeSpeedAndTheShareOfTheBound) {
  MachineRatesModel model;
  const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  MachineRates rates;
  rates.peak_flops = 200e9;
  rates.read_bytes_per_second = 20e9;
  rates.kernels = {{"gemm-f32", 0.010, 1.6e9, 1e6}, {"add-f32", 0.004, 1e6, 4e7}, {"gemm-bf16", 0.005, 1.6e9, 5e5}};
  model.setRates(rates);
  QStringList rows;
  for (int r = 0; r < model.rowCount(); ++r) {
    QStringList cells;
    for (int c = 0; c < model.columnCount(); ++c) cells << model.index(r, c).data().toString();
    rows << cells.join(" | ");
  }
  EXPECT_EQ(rows, (QStringList{"gemm-f32 | 10.0 | 160 | 0.100 | 80 %", "add-f32 | 4.00 | 0.250 | 10.0 | 50 %",
                               "gemm-bf16 | 5.00 | 320 | 0.100 | –"}));
  EXPECT_DOUBLE_EQ(model.index(1, MachineRatesModel::OfBound).data(FractionRole).toDouble(), 0.5);
  EXPECT_FALSE(model.index(2, MachineRatesModel::OfBound).data(FractionRole).isValid());
}

}  // namespace
}  // namespace dsw
