// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/curve/min_max_pyramid.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dsw {
namespace {

constexpr std::size_t kFan = 4;

}  // namespace

std::vector<double> debiasedEma(const std::vector<double>& values, double factor) {
  std::vector<double> out;
  DebiasedEma(factor).extend(values, out);
  return out;
}

void DebiasedEma::extend(const std::vector<double>& values, std::vector<double>& out) {
  out.reserve(values.size());
  for (std::size_t i = out.size(); i < values.size(); ++i) {
    if (factor_ <= 0) {
      out.push_back(values[i]);
    } else if (!std::isfinite(values[i])) {
      out.push_back(std::numeric_limits<double>::quiet_NaN());
    } else {
      mean_ = factor_ * mean_ + (1 - factor_) * values[i];
      weight_ *= factor_;
      out.push_back(mean_ / (1 - weight_));
    }
  }
}

void MinMaxPyramid::clear() {
  size_ = 0;
  levels_.clear();
}

MinMaxPyramid::Extremes MinMaxPyramid::merged(const std::vector<double>& values, const Extremes& a, const Extremes& b) {
  Extremes out = a;
  out.gap = a.gap || b.gap;
  if (b.min != Extremes::kNone && (a.min == Extremes::kNone || values[b.min] < values[a.min])) out.min = b.min;
  if (b.max != Extremes::kNone && (a.max == Extremes::kNone || values[b.max] > values[a.max])) out.max = b.max;
  return out;
}

MinMaxPyramid::Extremes MinMaxPyramid::scan(const std::vector<double>& values, std::size_t from, std::size_t to) {
  Extremes out;
  for (std::size_t i = from; i < to; ++i) {
    const double v = values[i];
    if (!std::isfinite(v)) {
      out.gap = true;
      continue;
    }
    const auto index = static_cast<std::uint32_t>(i);
    if (out.min == Extremes::kNone || v < values[out.min]) out.min = index;
    if (out.max == Extremes::kNone || v > values[out.max]) out.max = index;
  }
  return out;
}

void MinMaxPyramid::update(const std::vector<double>& values) {
  if (values.size() < size_) clear();
  if (values.size() == size_ && !levels_.empty()) return;
  if (levels_.empty()) levels_.emplace_back();
  std::size_t first = size_ / kBlock;  // the block that may have been partial
  std::size_t blocks = (values.size() + kBlock - 1) / kBlock;
  levels_[0].resize(blocks);
  for (std::size_t b = first; b < blocks; ++b) levels_[0][b] = scan(values, b * kBlock, std::min(values.size(), (b + 1) * kBlock));
  for (std::size_t level = 1; blocks > kFan; ++level) {
    if (levels_.size() == level) levels_.emplace_back();
    const std::vector<Extremes>& below = levels_[level - 1];
    first /= kFan;
    blocks = (blocks + kFan - 1) / kFan;
    levels_[level].resize(blocks);
    for (std::size_t b = first; b < blocks; ++b) {
      Extremes e;
      for (std::size_t k = b * kFan; k < std::min(below.size(), (b + 1) * kFan); ++k) e = merged(values, e, below[k]);
      levels_[level][b] = e;
    }
  }
  size_ = values.size();
}

MinMaxPyramid::Extremes MinMaxPyramid::range(const std::vector<double>& values, std::size_t from, std::size_t to) const {
  to = std::min(to, size_);
  Extremes out;
  if (from >= to) return out;
  std::size_t first = (from + kBlock - 1) / kBlock, last = to / kBlock;  // whole blocks of level 0
  if (first >= last) return scan(values, from, to);
  out = scan(values, from, first * kBlock);
  const Extremes tail = scan(values, last * kBlock, to);
  for (std::size_t level = 0; first < last; ++level) {
    const std::vector<Extremes>& blocks = levels_[level];
    const bool top = level + 1 >= levels_.size();
    while (first < last && (top || first % kFan != 0)) out = merged(values, out, blocks[first++]);
    while (first < last && last % kFan != 0) out = merged(values, out, blocks[--last]);
    first /= kFan;
    last /= kFan;
  }
  return merged(values, out, tail);
}

std::vector<std::uint32_t> MinMaxPyramid::pick(const std::vector<double>& values, const std::vector<std::size_t>& bounds) const {
  std::vector<std::uint32_t> out;
  out.reserve(bounds.size() * 2);
  for (std::size_t k = 0; k + 1 < bounds.size(); ++k) {
    const std::size_t from = bounds[k], to = std::min(bounds[k + 1], size_);
    if (from >= to) continue;
    if (to - from <= 2) {
      for (std::size_t i = from; i < to; ++i) out.push_back(static_cast<std::uint32_t>(i));
      continue;
    }
    const Extremes e = range(values, from, to);
    if (e.min != Extremes::kNone) {
      out.push_back(std::min(e.min, e.max));
      if (e.min != e.max) out.push_back(std::max(e.min, e.max));
    }
    if (e.gap) {
      // The gap stands where the column's first one is; a column is at most a pixel or two wide.
      std::size_t i = from;
      while (std::isfinite(values[i])) ++i;
      const auto at = static_cast<std::uint32_t>(i);
      out.insert(std::lower_bound(out.end() - std::min<std::ptrdiff_t>(2, static_cast<std::ptrdiff_t>(out.size())), out.end(), at), at);
    }
  }
  return out;
}

}  // namespace dsw
