// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "kernels/cpu/isa/vec.h"
#include "kernels/kernel_table.h"

namespace dsw::kernels::DSW_ISA {

/// Attention of at most 4 queries a head, as generation asks for: keys and values are read where they lie, once each, instead of being
/// packed for products of blocks. Without dropout, the last axes dense; one of the dtypes of with_narrow for all but lse.
bool has_few_queries(const DswAttention& p, const DswView& q, const DswView& k, const DswView& v, const DswView& o);
/// attention_fwd of the kernel table for those.
int few_queries_attention(DswStream* stream, const DswAttention& p, const DswView& q, const DswView& k, const DswView& v,
                          const DswView& key_mask, const DswView& o, const DswView& lse);

}  // namespace dsw::kernels::DSW_ISA
