// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cpu/isa/attention_parts.h"

namespace dsw::kernels::DSW_ISA {

/// Keys that follow each other: their scores stand in the columns [column, column + n) of a block of scores.
struct KeyRun {
  std::int64_t key, column, n;  // key and column are multiples of kPanel, n is too but in the last run
  std::int64_t padded_n() const { return in_vectors(n); }
};

/// A product of the rows [m, m + rows) of a block of queries with n keys of a run, of which `key` and `column` are the first.
struct Part {
  std::int64_t m, rows, key, column, n;
};
/// Cuts the products of M queries with a run: keys that all of them see at once, and where causality cuts the block, for some rows at a
/// time what any of these sees. What no part covers counts as unseen whatever it holds.
template <class F>
void for_each_part(const Problem& a, const KeyRun& run, std::int64_t t0, std::int64_t M, F&& f) {
  constexpr std::int64_t kRows = 24;  // whole tiles of micro_gemm.h
  const auto seen_by = [&](std::int64_t m) { return std::clamp<std::int64_t>(a.range(t0 + m).end - run.key, 0, run.n); };
  const std::int64_t by_all = a.p.causal == 0 || seen_by(0) == run.n ? run.n : seen_by(0) / kPanel * kPanel;
  if (by_all > 0) f(Part{0, M, run.key, run.column, by_all});
  if (by_all == run.n) return;
  for (std::int64_t m = 0; m < M; m += kRows) {
    const std::int64_t rows = std::min(kRows, M - m), n = seen_by(m + rows - 1) - by_all;
    if (n > 0) f(Part{m, rows, run.key + by_all, run.column + by_all, n});
  }
}

/// The keys of one block of queries in chunks of at most kKeys columns: all that a query may see, or those of them in listed blocks, which
/// are gathered until the columns are full. The dense case is one long block; a list of every block gives the same chunks and so the same
/// bits, because a row's sums do not depend on where a product is cut.
class KeyWalk {
 public:
  KeyWalk(const Problem& a, std::int64_t b, std::int64_t h, std::int64_t t0, std::int64_t t1)
      : list_(a.list), seen_(block_keys(a, t0, t1)), at_(seen_.begin), end_(seen_.end) {
    if (list_.all()) return;
    at_ = end_ = 0;
    entry_ = list_.row_begin(b, h, t0 / DSW_BLOCK);
    entries_end_ = list_.row_begin(b, h, t0 / DSW_BLOCK + 1);
  }

  /// The next chunk; false at the end.
  bool next() {
    count_ = 0;
    width_ = 0;
    while (width_ < kKeys && (at_ < end_ || next_block())) {
      const std::int64_t n = std::min(kKeys - width_, end_ - at_);
      if (count_ > 0 && runs_[count_ - 1].key + runs_[count_ - 1].n == at_)
        runs_[count_ - 1].n += n;
      else
        runs_[count_++] = {at_, width_, n};
      at_ += n;
      width_ += n;
    }
    return count_ > 0;
  }
  const KeyRun* begin() const { return runs_; }
  const KeyRun* end() const { return runs_ + count_; }
  /// Columns of the chunk, with those behind the last run that fill a vector.
  std::int64_t columns() const { return in_vectors(width_); }

 private:
  bool next_block() {
    for (; entry_ < entries_end_; ++entry_) {
      const std::int64_t first = DSW_BLOCK * std::int64_t{list_.key_block(entry_)};
      at_ = std::max(first, seen_.begin);
      end_ = std::min(first + DSW_BLOCK, seen_.end);
      if (at_ >= end_) continue;
      ++entry_;
      return true;
    }
    return false;
  }

  const BlockList& list_;
  Share seen_;
  std::int64_t at_, end_;  // what is left of the present block
  std::int64_t entry_ = 0, entries_end_ = 0, width_ = 0;
  int count_ = 0;
  KeyRun runs_[kKeys / DSW_BLOCK + 2];  // whole blocks and the rest of one on either side
};

}  // namespace dsw::kernels::DSW_ISA
