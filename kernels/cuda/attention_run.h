// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/device_code.h"
#include "kernels/cuda/random.h"
#include "kernels/kernel_table.h"

/// What one call of attention hands to its kernels, and what a query sees: the comments at attention_fwd and attention_blocks_fwd of
/// kernel_table.h. Letters: B texts, Hq and Hkv heads, T queries, S keys, D numbers a head.
namespace dsw::cuda {

/// A tensor [B, H, T, D] of 16-bit numbers: strides of its first three axes in numbers, the last one is 1.
struct HeadRows {
  std::uint16_t* data;
  std::int64_t text, head, row;

  DSW_DEVICE std::uint16_t* of(int b, int h) const { return data + b * text + h * head; }
};
/// float32 [B, Hq, T].
struct RowNumbers {
  float* data;
  std::int64_t text, head, row;

  DSW_DEVICE float* at(int b, int h, int t) const { return data + b * text + h * head + t * row; }
};

/// The list of attention_blocks_fwd; begin null: every block is seen. Numbers out of range are read as the nearest in range, so that a
/// wrong list reads no foreign memory.
struct BlockRows {
  const std::int32_t *begin, *block;
  std::int64_t text, head, row, block_step;
  std::int32_t entries;

  DSW_DEVICE bool all() const { return begin == nullptr; }
  DSW_DEVICE int row_begin(int b, int h, int i) const {
    const std::int32_t at = load(begin + b * text + h * head + i * row);
    return at < 0 ? 0 : at > entries ? entries : at;
  }
  DSW_DEVICE int key_block(int at) const { return load(block + at * block_step); }
};

/// Whether the list names `block` for query block i of (b, h).
DSW_DEVICE bool lists(const BlockRows& list, int b, int h, int i, int block) {
  if (list.all()) return true;
  int first = list.row_begin(b, h, i), last = list.row_begin(b, h, i + 1);
  while (first < last) {
    const int middle = (first + last) / 2, found = list.key_block(middle);
    if (found == block) return true;
    if (found < block)
      first = middle + 1;
    else
      last = middle;
  }
  return false;
}

struct AttentionRun {
  HeadRows q, k, v, o, d_o, dq, dk, dv;
  RowNumbers lse, delta;     // delta: sum over d of dO O, written by the pass that computes dq
  const std::uint8_t* mask;  // [B, S] or null
  std::int64_t mask_text, mask_key;
  BlockRows list;
  const std::uint32_t* seen_by;  // of a listed backward: bits of query blocks [B, Hq, key blocks, words], see attention_turn_list
  std::int32_t B, Hq, Hkv, T, S, D;
  std::int32_t causal, window;
  float scale, soft_cap;
  std::uint64_t drop_below, dropout_key;  // a word below this is dropped
  float kept;                             // 1 / (1 - dropout); 0 where everything is dropped

  DSW_DEVICE bool masked_out(int b, int s) const { return mask != nullptr && load(mask + b * mask_text + s * mask_key) == 0; }
};

/// Keys [first, last) that query t may see, before list and mask.
struct KeyRange {
  int first, last;
};
DSW_DEVICE KeyRange visible_keys(const AttentionRun& run, int t) {
  const int reach = run.causal ? t + run.S - run.T + 1 : run.S;
  const int last = reach < 0 ? 0 : reach > run.S ? run.S : reach;
  return {run.window > 0 && last > run.window ? last - run.window : 0, last};
}

/// log2 of what a score weighs: cap tanh(scale x / cap) or scale x, times log2 e.
constexpr float kLog2e = 1.4426950408889634f, kLn2 = 0.6931471805599453f;
DSW_DEVICE float log2_weight(const AttentionRun& run, float product) {
  const float score = run.scale * product;
  return kLog2e * (run.soft_cap > 0 ? run.soft_cap * tanhf(score / run.soft_cap) : score);
}

/// Whether dropout keeps the probability of key s in row (b Hq + h) T + t.
DSW_DEVICE bool keeps(const AttentionRun& run, std::int64_t row, int s) {
  const std::uint64_t block =
      static_cast<std::uint64_t>(row) * static_cast<std::uint64_t>((run.S + 3) / 4) + static_cast<std::uint64_t>(s / 4);
  return philox_word(run.dropout_key, block, s % 4) >= run.drop_below;
}

}  // namespace dsw::cuda
