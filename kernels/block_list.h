// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/view.h"

namespace DSW_KERNELS_NAMESPACE {

/// Which blocks of DSW_BLOCK keys each block of DSW_BLOCK queries sees, as attention_blocks_fwd of kernel_table.h takes them. Without
/// `begin` every key block is seen. Pure; any thread.
struct BlockList {
  DswView begin{}, block{};

  bool all() const { return !given(begin); }
  std::int32_t key_block(std::int64_t n) const { return data<std::int32_t>(block)[n * block.stride[0]]; }
  std::int32_t row_begin(std::int64_t b, std::int64_t h, std::int64_t i) const {
    return data<std::int32_t>(begin)[b * begin.stride[0] + h * begin.stride[1] + i * begin.stride[2]];
  }
  /// Whether query t of (b, h) may see key s, by the list alone.
  bool lists(std::int64_t b, std::int64_t h, std::int64_t t, std::int64_t s) const {
    if (all()) return true;
    std::int64_t first = row_begin(b, h, t / DSW_BLOCK), last = row_begin(b, h, t / DSW_BLOCK + 1);
    while (first < last) {
      const std::int64_t middle = (first + last) / 2, found = key_block(middle);
      if (found == s / DSW_BLOCK) return true;
      (found < s / DSW_BLOCK ? first : last) = found < s / DSW_BLOCK ? middle + 1 : middle;
    }
    return false;
  }
};

/// DSW_OK, or DSW_BAD_ARGUMENT for what kernel_table.h refuses; a list that heads or texts share is looked at once.
inline int check_block_list(const BlockList& list, std::int64_t keys) {
  if (list.all()) return DSW_OK;
  const DswView& begin = list.begin;
  const std::int64_t texts = begin.stride[0] == 0 && begin.shape[0] > 1 ? 1 : begin.shape[0],
                     heads = begin.stride[1] == 0 && begin.shape[1] > 1 ? 1 : begin.shape[1];
  const std::int64_t blocks = (keys + DSW_BLOCK - 1) / DSW_BLOCK, entries = elements(list.block);
  for (std::int64_t b = 0; b < texts; ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i + 1 < begin.shape[2]; ++i) {
        const std::int64_t first = list.row_begin(b, h, i), last = list.row_begin(b, h, i + 1);
        if (first < 0 || last < first || last > entries) return DSW_BAD_ARGUMENT;
        std::int64_t before = -1;
        for (std::int64_t n = first; n < last; ++n) {
          const std::int64_t block = list.key_block(n);
          if (block <= before || block >= blocks) return DSW_BAD_ARGUMENT;
          before = block;
        }
      }
  return DSW_OK;
}

}  // namespace DSW_KERNELS_NAMESPACE
