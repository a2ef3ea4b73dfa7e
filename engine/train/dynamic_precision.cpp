// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/dynamic_precision.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/tensor/precision.h"

namespace dsw {
namespace {

constexpr double kFirstScale = 65536, kLargestScale = 16777216;
constexpr std::int64_t kGrowAfter = 200;                // clean steps
constexpr std::int64_t kWindow = 100, kMostAgain = 10;  // steps of a window that may be computed again
constexpr std::int64_t kAuditEvery = 100, kFirstAudit = 10;
constexpr double kFarFromFloat32 = 0.5;  // a gradient that is turned by 30 degrees
constexpr std::int64_t kBadAudits = 2;   // in a row
constexpr double kUnderflows = 0.02;     // share of the gradient's numbers
constexpr double kGoodAgain = 0.25;
constexpr std::int64_t kFirstWait = 500, kLongestWait = 64000;  // steps in a wider precision before the faster one is looked at

}  // namespace

DynamicPrecision::DynamicPrecision(std::vector<std::string> precisions)
    : precisions_(std::move(precisions)), scale_(kFirstScale), wait_(kFirstWait) {}

Compute DynamicPrecision::compute() const { return compute_of_precision(name()); }

DynamicPrecision::Decision DynamicPrecision::widen(std::int64_t step, const std::string& why) {
  const std::string before = name();
  ++at_;
  clean_steps_ = window_steps_ = window_again_ = bad_audits_ = 0;
  this_step_again_ = false;
  try_faster_at_ = step + wait_;
  wait_ = std::min(2 * wait_, kLongestWait);
  return {true, fmt::format("{} instead of {}: {}", name(), before, why)};
}

DynamicPrecision::Decision DynamicPrecision::overflowed(std::int64_t step, bool loss, const std::string& what) {
  const bool scaled = name() == "float16" && !loss;
  if (scaled && scale_ >= 2) {
    scale_ /= 2;
    clean_steps_ = 0;
    if (!this_step_again_) ++window_again_;
    this_step_again_ = true;
    if (!can_widen() || window_again_ <= kMostAgain) return {true, {}};
    return widen(
        step, fmt::format("{} of the last {} steps had to be computed again with a smaller loss scale", window_again_, window_steps_ + 1));
  }
  if (!can_widen()) return {};
  return widen(step, scaled ? what + " even with a loss scale of 1" : what);
}

void DynamicPrecision::succeeded() {
  this_step_again_ = false;
  if (++window_steps_ == kWindow) window_steps_ = window_again_ = 0;
  if (name() == "float16" && ++clean_steps_ >= kGrowAfter) {
    scale_ = std::min(2 * scale_, kLargestScale);
    clean_steps_ = 0;
  }
}

std::optional<std::string> DynamicPrecision::audit_due(std::int64_t step) const {
  if (precisions_.size() == 1) return std::nullopt;
  if (at_ > 0 && step >= try_faster_at_) return precisions_[at_ - 1];
  if (can_widen() && (step == kFirstAudit || (step > 0 && step % kAuditEvery == 0))) return name();
  return std::nullopt;
}

DynamicPrecision::Decision DynamicPrecision::audited(std::int64_t step, const std::string& precision, const GradientAudit& audit) {
  if (precision != name()) {  // the faster one
    if (!audit.finite || audit.difference > kGoodAgain || audit.underflow > kUnderflows) {
      try_faster_at_ = step + wait_;
      wait_ = std::min(2 * wait_, kLongestWait);
      return {};
    }
    const std::string before = name();
    --at_;
    try_faster_at_ = step + wait_;
    clean_steps_ = window_steps_ = window_again_ = bad_audits_ = 0;
    return {false,
            fmt::format("{} instead of {}: its gradient is within {:.1f} % of float32's again", name(), before, 100 * audit.difference)};
  }
  if (!audit.finite) return {};  // the step itself will say so
  if (precision == "float16" && audit.underflow > kUnderflows && scale_ < kLargestScale) {
    scale_ = std::min(4 * scale_, kLargestScale);
    clean_steps_ = 0;
    return {};
  }
  const bool underflows = precision == "float16" && audit.underflow > kUnderflows;
  bad_audits_ = underflows || audit.difference > kFarFromFloat32 ? bad_audits_ + 1 : 0;
  if (bad_audits_ < kBadAudits) return {};
  Decision decision = widen(step, underflows ? fmt::format("{:.1f} % of the gradient's numbers vanish although the loss is scaled by {:g}",
                                                           100 * audit.underflow, scale_)
                                             : fmt::format("its gradient is {:.0f} % away from float32's", 100 * audit.difference));
  decision.again = false;
  return decision;
}

Json DynamicPrecision::to_json() const {
  return {{"precisions", precisions_},   {"name", name()},          {"scale", scale_},
          {"clean_steps", clean_steps_}, {"window", window_steps_}, {"again", window_again_},
          {"bad_audits", bad_audits_},   {"wait", wait_},           {"try_faster_at", try_faster_at_}};
}

void DynamicPrecision::restore(const Json& state) {
  if (!state.is_object() || state.at("precisions") != Json(precisions_)) return;
  const auto place = std::find(precisions_.begin(), precisions_.end(), state.at("name").get<std::string>());
  if (place == precisions_.end()) return;
  at_ = static_cast<std::size_t>(place - precisions_.begin());
  scale_ = state.at("scale").get<double>();
  clean_steps_ = state.at("clean_steps").get<std::int64_t>();
  window_steps_ = state.at("window").get<std::int64_t>();
  window_again_ = state.at("again").get<std::int64_t>();
  bad_audits_ = state.at("bad_audits").get<std::int64_t>();
  wait_ = state.at("wait").get<std::int64_t>();
  try_faster_at_ = state.at("try_faster_at").get<std::int64_t>();
}

}  // namespace dsw
