// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "kernels/kernel_table.h"

namespace dsw {
/// Lengths of up to DSW_MAX_RANK axes, each >= 0. A value, no heap.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> lengths);
  explicit Shape(const std::vector<std::int64_t>& lengths);  ///< throws Error{ShapeMismatch} past DSW_MAX_RANK or below 0
  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return lengths_[static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis)]; }
  std::int64_t& operator[](int axis) { return lengths_[static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis)]; }
  std::int64_t elements() const;  ///< 1 for rank 0
  std::string text() const;       ///< "[32, 64]"
  void push_back(std::int64_t length);
  bool operator==(const Shape&) const = default;
  const std::int64_t* begin() const { return lengths_.data(); }
  const std::int64_t* end() const { return lengths_.data() + rank_; }

 private:
  std::array<std::int64_t, DSW_MAX_RANK> lengths_{};
  int rank_ = 0;
};
/// NumPy broadcasting; throws Error{ShapeMismatch} naming `what` and both shapes.
Shape broadcast(const char* what, const Shape& a, const Shape& b);
}  // namespace dsw
