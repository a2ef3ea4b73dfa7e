// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cpu/isa/rows.h"

/// Rows as in rows.h; where all rows lie evenly, as float32 without gaps, none needs a division to be found.
namespace dsw::kernels::DSW_ISA {

class Rows {
 public:
  explicit Rows(const DswView& x) : x_(x) {
    if (!given(x) || x.dtype != DSW_F32 || !dense_rows(x)) return;
    std::int64_t distance = -1, expected = 0;  // of two rows; of two elements of the next axis
    for (int a = x.rank - 2; a >= 0; --a) {
      if (x.shape[a] == 1) continue;
      if (distance < 0) distance = expected = x.stride[a];
      if (x.stride[a] != expected) return;
      expected *= x.shape[a];
    }
    distance_ = distance < 0 ? 0 : distance;
  }

  const float* read(std::int64_t row, float* buffer) const { return distance_ >= 0 ? at(row) : read_row(x_, row, buffer); }
  float* write(std::int64_t row, float* buffer) const { return distance_ >= 0 ? at(row) : write_row(x_, row, buffer); }
  void finish(std::int64_t row, const float* buffer) const {
    if (distance_ < 0) finish_row(x_, row, buffer);
  }

 private:
  float* at(std::int64_t row) const { return data<float>(x_) + row * distance_; }

  const DswView& x_;
  std::int64_t distance_ = -1;  ///< -1: they do not lie evenly
};

}  // namespace dsw::kernels::DSW_ISA
