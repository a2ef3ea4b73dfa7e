// SPDX-License-Identifier: GPL-3.0-or-later
// What a CurveView shows: plain numbers, no model. Qt Core only.
#pragma once
#include <QColor>
#include <QString>
#include <QVector>
#include <limits>
#include <optional>
#include <vector>

namespace dsw {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Flops: what the training steps up to here have cost.
enum class CurveAxis { Step, Epoch, Relative, Clock, Flops };

/// One line. `step`, `value` and, where given, `epoch`, `time`, `low`, `high` have equal length; steps do not decrease.
/// A NaN value is a gap with a tick at the base line; ±infinity counts as NaN.
struct CurveSeries {
  QString id;                          ///< stable over updates: "r-0142:train/loss"
  QString name;                        ///< legend: "train"
  int style = 0;                       ///< series index 0..7; -1 muted
  std::optional<QVector<qreal>> dash;  ///< px, replaces the style's own (splits)
  std::vector<double> step;
  std::vector<double> value;
  std::vector<double> epoch;      ///< empty: no epoch axis
  std::vector<double> time;       ///< Unix seconds; empty: no relative or clock axis
  std::vector<double> low, high;  ///< a band around the line ("min to max of 3 seeds"), or empty
  double start_time = kNaN;       ///< zero of the relative axis; NaN: the first time
  double step_flops = 0;          ///< of one training step; 0: no FLOPs axis
  bool line = true;               ///< false: points only
  bool markers = false;           ///< points on the line (few points: val)
  bool smoothed = true;           ///< takes part in smoothing
  bool visible = true;
  bool planned = false;  ///< what is still to come: drawn faint, does not count as reached
  int decimals = 4;      ///< in the value box
};

/// Horizontal dashed line with its label at the right end ("limit 0.60").
struct CurveLimit {
  double value = 0;
  QString label;
};
/// Time in which nothing ran, between two steps (may be equal) or clock times.
struct CurveStripe {
  double from_step = 0, to_step = 0;
  double from_time = kNaN, to_time = kNaN;
  QString label;
};
/// A vertical line at a step with a label ("restored from epoch 18").
struct CurveMark {
  double step = 0;
  QString label;
  bool warning = false;
};
/// A labelled point of a series ("3.1 at 960").
struct CurveNote {
  QString series;
  double step = 0;
  QString text;
};
/// A target region in x (steps) or y; NaN edges are open.
struct CurveRegion {
  double x_from = kNaN, x_to = kNaN, y_from = kNaN, y_to = kNaN;
};

struct CurveData {
  std::vector<CurveSeries> series;
  std::vector<CurveLimit> limits;
  std::vector<CurveStripe> stripes;
  std::vector<CurveMark> marks;
  std::vector<CurveNote> notes;
  std::vector<CurveRegion> regions;
  double planned_step = kNaN;  ///< the run's last step: what is not yet reached gets its own ground
  double planned_epoch = kNaN;
  QString band_caption;  ///< "band: min to max of 3 seeds"
};

}  // namespace dsw
