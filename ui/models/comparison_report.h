// SPDX-License-Identifier: GPL-3.0-or-later
// What a search comparison told, as values for views (docs/searches.md, "The comparison"). Qt Core only; parsing may be done on any thread.
#pragma once
#include <QString>
#include <limits>
#include <vector>

#include "engine/store/project_rows.h"

namespace dsw {

/// One kind of network that was trained from scratch.
struct ArmScore {
  QString id;     ///< "a", "b-width", "c", "d", or the name of a control
  QString title;  ///< "baseline (a)", "shrunk by width (b)", "best random (c)", "derived (d)"
  double flops = 0, parameters = 0, score = 0;
  double share = std::numeric_limits<double>::quiet_NaN();  ///< of the baseline's FLOPs
  double sd = share, latency_ms = share;                    ///< NaN: not known
  int runs = 0;
};

/// (d) against another arm, or (b) against (a): above 0 is better. Shares: of accuracy, or of the other's loss.
struct ArmPair {
  QString title;  ///< "d against a, SUBJ"
  double difference = std::numeric_limits<double>::quiet_NaN();
  double lower = difference, upper = difference;  ///< one-sided 95 %; NaN: not known
  double margin = difference;                     ///< the lower end is to be above -margin; NaN: only told
  int runs = 0;
  bool holds() const { return lower > -margin; }
};

/// One training.
struct ArmTraining {
  QString set, arm;
  int run = 0;
  double flops = 0, score = 0;
};

struct ComparisonReport {
  int done = 0, total = 0;  ///< trainings
  bool loss = false;        ///< scores are losses, not accuracies
  bool complete = false;    ///< the verdict is the last word
  QString verdict;
  double saving = std::numeric_limits<double>::quiet_NaN();
  double training_flops = saving, search_flops = saving;  ///< of a run's random networks; of its search
  int networks_least = 0, networks_most = 0;              ///< random ones a run
  std::vector<ArmScore> arms;                             ///< a, b, c, d, then controls
  std::vector<ArmPair> pairs;
  std::vector<ArmTraining> trainings;
};

/// Of the newest samples; what cannot be read is passed over.
ComparisonReport readComparison(const std::vector<SampleRow>& samples);

}  // namespace dsw
