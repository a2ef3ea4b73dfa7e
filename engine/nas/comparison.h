// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/core/json.h"

namespace dsw {

/// One network that was trained from scratch in one run of a comparison (a fold, or a seed).
struct TrainedArm {
  std::string set;       ///< name of the data
  std::int64_t run = 0;  ///< counted over repeats and folds
  std::string arm;       ///< "a", "b-width", "b-layers", "c-1" …, "d", or the name of a control
  double flops = 0, parameters = 0;
  double val = 0, test = 0;   ///< accuracy, or loss of a language model
  std::int64_t examples = 0;  ///< tested
  double training_flops = 0;  ///< of all its steps
};
Json arm_to_json(const TrainedArm& arm);
TrainedArm arm_from_json(const Json& json);

/// FLOPs that the search of a run took: all its steps, evaluations, and the derivation.
struct SearchCost {
  std::string set;
  std::int64_t run = 0;
  double flops = 0;
};

struct ComparisonBars {
  bool loss = false;            ///< scores are losses: lower is better, and differences are relative
  double share = 0.58;          ///< FLOPs(d) / FLOPs(a) at most
  double margin = 0.005;        ///< (d) against (a), pooled
  double margin_each = 0.01;    ///< of each set alone
  double margin_random = 0.01;  ///< (d) against (c)
};

/// The report of a comparison (CONTRACT.md, summary of a search comparison): arms with FLOPs and scores, saving, intervals (Student's t
/// over the paired differences of the runs, one-sided 95 %), and the verdict in words. Differences are d - other in accuracy, or 1 -
/// loss(d) / loss(other): above 0 is better for (d). (b) is the better of the shrunk ones by its mean; (c) is, in each run, the random
/// network that is best by validation; what all of them cost stands beside what the search cost. Runs that lack an arm are left out.
Json comparison_report(const std::vector<TrainedArm>& trained, const std::vector<SearchCost>& searches, const ComparisonBars& bars,
                       const Json& latencies);
/// The same as a table in Markdown.
std::string comparison_table(const Json& report);

}  // namespace dsw
