// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/view.h"

namespace DSW_KERNELS_NAMESPACE {

/// DSW_OK, or DSW_BAD_ARGUMENT for a page table that attention_paged_fwd of kernel_table.h refuses: every text's length fits into its row
/// of the table and the pages of that length lie within 0 … pages - 1.
inline int check_page_table(const DswView& table, const DswView& lengths, std::int64_t pages) {
  for (std::int64_t b = 0; b < lengths.shape[0]; ++b) {
    const std::int64_t length = data<std::int32_t>(lengths)[b * lengths.stride[0]];
    if (length < 0 || length > DSW_BLOCK * table.shape[1]) return DSW_BAD_ARGUMENT;
    for (std::int64_t i = 0; i * DSW_BLOCK < length; ++i) {
      const std::int32_t page = data<std::int32_t>(table)[b * table.stride[0] + i * table.stride[1]];
      if (page < 0 || page >= pages) return DSW_BAD_ARGUMENT;
    }
  }
  return DSW_OK;
}

/// The same for append_paged of T tokens a text.
inline int check_appended(const DswView& table, const DswView& lengths, std::int64_t pages, std::int64_t tokens) {
  for (std::int64_t b = 0; b < lengths.shape[0]; ++b)
    if (data<std::int32_t>(lengths)[b * lengths.stride[0]] < tokens) return DSW_BAD_ARGUMENT;
  return check_page_table(table, lengths, pages);
}

}  // namespace DSW_KERNELS_NAMESPACE
