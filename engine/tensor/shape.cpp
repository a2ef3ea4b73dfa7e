// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/shape.h"

#include <limits>

#include "engine/core/result.h"

namespace dsw {

Shape::Shape(std::initializer_list<std::int64_t> lengths) {
  for (const std::int64_t length : lengths) push_back(length);
}

Shape::Shape(const std::vector<std::int64_t>& lengths) {
  for (const std::int64_t length : lengths) push_back(length);
}

void Shape::push_back(std::int64_t length) {
  if (rank_ == DSW_MAX_RANK) throw Error(ErrorCode::ShapeMismatch, fmt::format("a tensor has at most {} axes", DSW_MAX_RANK));
  if (length < 0) throw Error(ErrorCode::ShapeMismatch, fmt::format("an axis has length {}; lengths are 0 or more", length));
  lengths_[static_cast<std::size_t>(rank_++)] = length;
}

std::int64_t Shape::elements() const {
  std::int64_t count = 1;
  bool too_many = false, none = false;
  for (const std::int64_t length : *this) {
    none = none || length == 0;
    too_many = __builtin_mul_overflow(count, length, &count) || too_many;
  }
  if (none) return 0;
  if (too_many || count > std::numeric_limits<std::int64_t>::max() / 16)  // 16: the bytes of any element can be counted too
    throw Error(ErrorCode::ShapeMismatch, fmt::format("a tensor of shape {} has more elements than can be counted", text()));
  return count;
}

std::string Shape::text() const {
  std::string text = "[";
  for (int axis = 0; axis < rank_; ++axis) text += fmt::format("{}{}", axis == 0 ? "" : ", ", (*this)[axis]);
  return text + "]";
}

Shape broadcast(const char* what, const Shape& a, const Shape& b) {
  Shape result = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  for (int axis = 1; axis <= shorter.rank(); ++axis) {
    std::int64_t& length = result[-axis];
    const std::int64_t other = shorter[-axis];
    if (length == other || other == 1) continue;
    if (length != 1) {
      throw Error(
          ErrorCode::ShapeMismatch,
          fmt::format("{}: a is {}, b is {}; lengths of an axis, counted from the last, must be equal or 1", what, a.text(), b.text()));
    }
    length = other;
  }
  return result;
}

}  // namespace dsw
