// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cuda/attention_run.h"

/// The order in which a thread block of attention goes through blocks of keys (or, for the gradients of keys, of queries). Dense attention
/// is the list of all blocks. The threads of a block walk alike.
namespace dsw::cuda {

/// Rows of the other side that a step brings, from `first` on; bit i of `seen_by`: the i-th of the thread block's own blocks of 64 is
/// concerned. No step when seen_by is 0. head: of the queries, where a walk passes several.
struct Step {
  int first = 0;
  unsigned seen_by = 0;
  int head = 0;
};

/// Keys that the kBlocks blocks of queries from row `t0` on of (b, h) see, ascending, kKeys (32 or 64) a step: a block that several see
/// comes once.
template <int kBlocks, int kKeys>
class KeyWalk {
 public:
  DSW_DEVICE KeyWalk(const AttentionRun& run, int b, int h, int t0) : list_(run.list) {
    DSW_UNROLL
    for (int i = 0; i < kBlocks; ++i) {
      const int first = t0 + i * DSW_BLOCK, last = min(first + DSW_BLOCK, run.T) - 1;
      low_[i] = high_[i] = at_[i] = end_[i] = 0;
      if (last < first) continue;
      low_[i] = visible_keys(run, first).first / DSW_BLOCK;
      high_[i] = (visible_keys(run, last).last + DSW_BLOCK - 1) / DSW_BLOCK;
      at_[i] = list_.all() ? low_[i] : list_.row_begin(b, h, first / DSW_BLOCK);
      end_[i] = list_.all() ? high_[i] : list_.row_begin(b, h, first / DSW_BLOCK + 1);
    }
  }

  DSW_DEVICE Step next() {
    if (part_ + 1 < DSW_BLOCK / kKeys && now_.seen_by) {
      ++part_;
      now_.first += kKeys;
      return now_;
    }
    part_ = 0;
    int lowest = kNone, block[kBlocks];
    DSW_UNROLL
    for (int i = 0; i < kBlocks; ++i) {
      block[i] = kNone;
      while (at_[i] < end_[i]) {
        const int found = list_.all() ? at_[i] : list_.key_block(at_[i]);
        if (found >= low_[i] && found < high_[i]) {
          block[i] = found;
          break;
        }
        ++at_[i];
      }
      lowest = min(lowest, block[i]);
    }
    now_ = {lowest * DSW_BLOCK, 0};
    if (lowest == kNone) return now_ = {};
    DSW_UNROLL
    for (int i = 0; i < kBlocks; ++i) {
      if (block[i] != lowest) continue;
      now_.seen_by |= 1u << i;
      ++at_[i];
    }
    return now_;
  }

 private:
  static constexpr int kNone = 1 << 24;
  BlockRows list_;
  int low_[kBlocks], high_[kBlocks], at_[kBlocks], end_[kBlocks], part_ = 0;
  Step now_;
};

/// Words of 32 query blocks in a row of AttentionRun::seen_by.
DSW_DEVICE int query_words(const AttentionRun& run) { return (run.T + 32 * DSW_BLOCK - 1) / (32 * DSW_BLOCK); }

/// Queries of the heads of a group that see some of the kBlocks blocks of keys from key `s0` on: head by head, ascending, kQueries (32 or
/// 64) a step.
template <int kBlocks, int kQueries>
class QueryWalk {
 public:
  DSW_DEVICE QueryWalk(const AttentionRun& run, int b, int hk, int s0)
      : run_(run), b_(b), head_(hk * (run.Hq / run.Hkv)), last_head_(head_ + run.Hq / run.Hkv), key_block_(s0 / DSW_BLOCK) {
    lowest_ = kNone;
    DSW_UNROLL
    for (int i = 0; i < kBlocks; ++i) {
      const int first = s0 + i * DSW_BLOCK, last = min(first + DSW_BLOCK, run.S) - 1;
      low_[i] = high_[i] = 0;
      if (last < first) continue;
      // Query t sees keys up to t + shift of a causal call, and from first to S - 1 of any other.
      const int shift = run.S - run.T;
      const int from = run.causal ? max(first - shift, 0) : 0;
      const int to = run.causal && run.window > 0 ? min(last + run.window - shift, run.T) : run.T;
      if (to <= from || (!run.causal && last < visible_keys(run, 0).first)) continue;
      low_[i] = from / DSW_BLOCK;
      high_[i] = (to + DSW_BLOCK - 1) / DSW_BLOCK;
      lowest_ = min(lowest_, low_[i]);
    }
    block_ = lowest_;
  }

  DSW_DEVICE Step next() {
    if (part_ + 1 < DSW_BLOCK / kQueries && now_.seen_by) {
      ++part_;
      now_.first += kQueries;
      if (now_.first < run_.T) return now_;
    }
    part_ = 0;
    if (now_.seen_by) ++block_;
    while (head_ < last_head_) {
      unsigned word[kBlocks], any = 0;
      DSW_UNROLL
      for (int i = 0; i < kBlocks; ++i) any |= word[i] = bits_from(i, block_);
      if (any != 0) {
        const int skip = __ffs(static_cast<int>(any)) - 1;
        block_ += skip;
        now_ = {block_ * DSW_BLOCK, 0, head_};
        DSW_UNROLL
        for (int i = 0; i < kBlocks; ++i) now_.seen_by |= (word[i] >> skip & 1) << i;
        return now_;
      }
      block_ = (block_ / 32 + 1) * 32;
      bool more = false;
      DSW_UNROLL
      for (int i = 0; i < kBlocks; ++i) more = more || block_ < high_[i];
      if (more) continue;
      ++head_;
      block_ = lowest_;
    }
    return now_ = {};
  }

 private:
  static constexpr int kNone = 1 << 24;
  /// Which query blocks from `block` on, to the end of its word, see key block i; bit 0 is `block`.
  DSW_DEVICE unsigned bits_from(int i, int block) const {
    unsigned bits = kAllQueries;
    if (block >= high_[i]) return 0;
    if (run_.seen_by != nullptr) {
      const std::int64_t blocks = (run_.S + DSW_BLOCK - 1) / DSW_BLOCK;
      const std::int64_t row = (static_cast<std::int64_t>(b_) * run_.Hq + head_) * blocks + key_block_ + i;
      bits = load(run_.seen_by + row * query_words(run_) + block / 32);
    }
    const int word = block / 32 * 32;
    if (low_[i] > word) bits = low_[i] - word >= 32 ? 0 : bits & kAllQueries << (low_[i] - word);
    if (high_[i] < word + 32) bits &= kAllQueries >> (word + 32 - high_[i]);
    return bits >> (block - word);
  }

  static constexpr unsigned kAllQueries = 0xFFFFFFFFu;
  const AttentionRun& run_;
  int b_, head_, last_head_, key_block_, block_, lowest_, low_[kBlocks], high_[kBlocks], part_ = 0;
  Step now_;
};

}  // namespace dsw::cuda
