// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>
#include <vector>
#include "ui/widgets/curve/curve_data.h"

namespace dsw {

struct Tick {
  double value;
  QString label;
};

/// Ticks at multiples of 1, 2 or 5 × 10^k inside [from, to], at most `most`. Labels have one number of decimals.
std::vector<Tick> linearTicks(double from, double to, int most);
/// Decades, and 2 and 5 between them where there is room; labels "0.1", "1", "10", "1e-4". from, to > 0.
std::vector<Tick> logTicks(double from, double to, int most);
/// Seconds since a start: multiples of 1, 2, 5, 10, 15, 30 s, min, 1, 2, 3, 6, 12 h, days.
std::vector<Tick> relativeTicks(double from, double to, int most);
/// Unix seconds as local clock time "14:02", "14:02:30", dates over more than a day.
std::vector<Tick> clockTicks(double from, double to, int most);

/// Largest 1, 2, 5 × 10^k step that gives at most `most` ticks over `span` > 0.
double niceStep(double span, int most);

/// A position of the shown axis as words: "step 1 200", "epoch 3.20", "1 min 50 s", "14:02:31".
QString axisPositionText(CurveAxis axis, double x);
QString axisName(CurveAxis axis);

}  // namespace dsw
