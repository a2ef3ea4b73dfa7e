// SPDX-License-Identifier: GPL-3.0-or-later
// Everything of a run that can stand on an axis: settings, metrics, costs. UI thread only.
#pragma once
#include <QString>
#include <QStringList>
#include <vector>

#include "ui/models/project_data.h"
#include "ui/models/run_params.h"

namespace dsw {

/// Ids: "param:POINTER", "metric:KEY", "parameters", "step-flops", "seconds", "seed".
struct RunQuantity {
  QString id, title;
};

/// Settings that differ among the runs, then the metrics that any of them has, then costs, time and seed.
std::vector<RunQuantity> runQuantities(const std::vector<RunPtr>& runs, const RunParamsStore& params);

/// One quantity of many runs. A setting that is not a number everywhere becomes words: `value` is then the index into `categories`.
struct RunColumnValues {
  std::vector<double> value;  ///< one a run; NaN: it has none
  QStringList categories;     ///< sorted; empty: numbers
};
/// `last`: the last value of a metric instead of its best.
RunColumnValues runColumn(const std::vector<RunPtr>& runs, const RunParamsStore& params, const QString& quantity, bool last);

/// A value as the tables show it.
QString quantityText(const QString& quantity, double value);

/// True where values > 0 span more than a factor of 20: they are read better on a logarithmic axis.
bool wantsLog(const std::vector<double>& values);

}  // namespace dsw
