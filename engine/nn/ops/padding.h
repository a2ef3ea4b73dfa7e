// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

// What the padding of a batch of token ids says; id 0 is padding. No gradient.
// @param tokens  [B, T], int32   @param leading  positions put before the tokens (a class token): they are always seen

/// 1 where a key may be seen: uint8 [B, leading + T].
Tensor padding_mask(const Tensor& tokens, int leading = 0);
/// Each token's share of its row's mean, 0 for padding and for leading positions: float32 [B, 1, leading + T].
/// A row of padding alone has share 0 everywhere.
Tensor padding_share(const Tensor& tokens, int leading = 0);

}  // namespace dsw
