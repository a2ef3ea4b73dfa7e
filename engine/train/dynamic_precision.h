// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/json.h"
#include "engine/tensor/precision.h"

namespace dsw {

/// How far a gradient computed in a narrow precision is from the same gradient in float32.
struct GradientAudit {
  bool finite = true;     ///< loss and gradient
  double difference = 0;  ///< norm of the difference over the norm in float32
  double underflow = 0;   ///< share of numbers that are 0 but would not be in float32, 0 to 1
};

/// In which precision the steps of a run compute, by what the steps themselves show. Starts in the fastest that the run may use, and
/// goes on to the next wider one when numbers leave the range, when too many steps have to be computed again, or when audits find the
/// gradient far from float32's; comes back after a while when an audit finds the faster one good. In float16 the loss is scaled so that
/// small gradients stay above 2^-24.   Source of the scaling: Micikevicius et al., "Mixed precision training", ICLR 2018, sec. 3.2.
/// A step whose numbers overflowed is computed again, so no batch is lost. Pure state: the same signs give the same decisions.
class DynamicPrecision {
 public:
  DynamicPrecision() : DynamicPrecision({"float32"}) {}
  /// precisions_of_run(): fastest first; one alone is never left.
  explicit DynamicPrecision(std::vector<std::string> precisions);

  const std::string& name() const { return precisions_[at_]; }
  Compute compute() const;
  double loss_scale() const { return name() == "float16" ? scale_ : 1; }  ///< what the loss is multiplied by; a power of two

  /// What a step's end means: how the run goes on, and the event's sentence where the precision changed.
  struct Decision {
    bool again = false;  ///< compute the step again
    std::string event;
  };
  /// A loss, or else a gradient, was not finite; `what` says it in words. Not again: nothing can be changed, the run ends.
  Decision overflowed(std::int64_t step, bool loss, const std::string& what);
  /// A step's numbers were all finite.
  void succeeded();

  /// The precision that is to be compared with float32 before this step, if any.
  std::optional<std::string> audit_due(std::int64_t step) const;
  /// The scale for such a comparison.
  double audit_scale(const std::string& precision) const { return precision == "float16" ? scale_ : 1; }
  Decision audited(std::int64_t step, const std::string& precision, const GradientAudit& audit);

  Json to_json() const;
  /// What to_json gave. Another list of precisions (another device) keeps where it starts.
  void restore(const Json& state);

 private:
  Decision widen(std::int64_t step, const std::string& why);
  bool can_widen() const { return at_ + 1 < precisions_.size(); }

  std::vector<std::string> precisions_;
  std::size_t at_ = 0;
  double scale_;
  std::int64_t clean_steps_ = 0;                      ///< in a row since the scale last changed
  std::int64_t window_steps_ = 0, window_again_ = 0;  ///< of the last hundred steps or fewer: how many were computed again
  bool this_step_again_ = false;
  std::int64_t bad_audits_ = 0;            ///< in a row
  std::int64_t try_faster_at_ = 0, wait_;  ///< steps; while a wider precision than the first is in use
};

}  // namespace dsw
