// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <initializer_list>

#include "kernels/cpu/stream.h"

namespace dsw::kernels {

/// Float32 copies of a call's narrower views, for kernels that have no way of their own for them. They lie in the stream's memory for
/// them until the next call that makes some, in their views' order of axes.
class FloatCopies {
 public:
  /// Replaces each view that is given and narrower than float32 by its copy; `outputs` are not read.
  FloatCopies(DswStream* stream, std::initializer_list<DswView*> inputs, std::initializer_list<DswView*> outputs);
  /// DSW_OK, or why there are no copies.
  int status() const { return status_; }
  /// Rounds what the call wrote into its own memory; to nearest even. Gives `status` on when it is not DSW_OK.
  int finish(int status) const;

  /// Whether all of them are given as float32.
  static bool none_needed(std::initializer_list<const DswView*> views);
  /// Whether all of them are float32, bfloat16 or float16.
  static bool possible(std::initializer_list<const DswView*> views);

 private:
  static constexpr int kMost = 4;
  struct Copy {
    DswView ours, wide;
  };
  DswStream* stream_;
  Copy outputs_[kMost] = {};
  int count_ = 0, status_ = DSW_OK;
};

/// Whether the processor multiplies pairs of bfloat16 numbers, so that products in it are faster than in float32.
bool multiplies_bfloat16();

}  // namespace dsw::kernels
