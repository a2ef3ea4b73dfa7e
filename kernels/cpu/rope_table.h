// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "kernels/cpu/stream.h"

namespace dsw::kernels {

/// Cosines and sines of rotary positions (RoFormer, equation 34), kept in a stream for the next call: a model turns every layer by the
/// same ones. One class for all instruction sets, which share the stream; nothing of it is inline for the same reason.
struct RopeTable final : Prepared {
  double base = 0;
  std::int64_t half = -1, count = -1;
  std::int32_t* position = nullptr;  ///< [count]
  float* turn = nullptr;             ///< [count, 2, half]: cosines, then sines

  RopeTable();
  RopeTable(const RopeTable&) = delete;
  RopeTable& operator=(const RopeTable&) = delete;
  ~RopeTable() override;
  /// The stream's table for these positions (int32 [count]), made anew where it holds others; null: no memory.
  static const RopeTable* of(DswStream* stream, const DswView& positions, double base, std::int64_t half);

 private:
  bool matches(const DswView& positions, double new_base, std::int64_t new_half) const;
  bool make(DswStream* stream, const DswView& positions, double new_base, std::int64_t new_half);
  void clear();
};

}  // namespace dsw::kernels
