// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dsw {

/// Debiased exponential moving average: m_n = f m_(n-1) + (1 - f) v_n, out_n = m_n / (1 - f^n), n counting finite values only.
/// NaN stays NaN and does not move the average. f in [0, 0.999]; 0 copies.
std::vector<double> debiasedEma(const std::vector<double>& values, double factor);

/// The same for a series that grows: appends to `out` what `values` has beyond it.
class DebiasedEma {
 public:
  explicit DebiasedEma(double factor = 0) : factor_(factor) {}
  void extend(const std::vector<double>& values, std::vector<double>& out);

 private:
  double factor_, mean_ = 0, weight_ = 1;  // weight_ = factor^n
};

/// Finds minimum and maximum of any index range of a growing series in O(log n), so that a view of a million points
/// is decimated in a millisecond and never loses an extreme. Not finite values are gaps. Any thread, not shared.
class MinMaxPyramid {
 public:
  struct Extremes {
    static constexpr std::uint32_t kNone = UINT32_MAX;
    std::uint32_t min = kNone, max = kNone;  ///< indexes; kNone where no finite value lies in the range
    bool gap = false;                        ///< a NaN or infinity lies in the range
  };

  void clear();
  /// `values` is read here and again by the other calls: pass the same, grown, vector. Takes over what was appended.
  void update(const std::vector<double>& values);
  Extremes range(const std::vector<double>& values, std::size_t from, std::size_t to) const;  ///< [from, to)
  std::size_t size() const { return size_; }

  /// Indexes to draw, ascending, for columns [bounds[k], bounds[k + 1]): both extremes of each column and, where it holds a gap,
  /// one index whose value is not finite. A column of up to two points is copied as it is.
  std::vector<std::uint32_t> pick(const std::vector<double>& values, const std::vector<std::size_t>& bounds) const;

 private:
  static constexpr std::size_t kBlock = 16;  // values a block of level 0; four blocks make one of the level above
  static Extremes merged(const std::vector<double>& values, const Extremes& a, const Extremes& b);
  static Extremes scan(const std::vector<double>& values, std::size_t from, std::size_t to);
  std::size_t size_ = 0;
  std::vector<std::vector<Extremes>> levels_;
};

}  // namespace dsw
