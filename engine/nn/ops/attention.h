// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/tensor/tensor.h"

namespace dsw {

struct AttentionOptions {
  double scale = 0;               ///< factor of q·k; 0: 1 / sqrt(D)
  bool causal = false;            ///< query t sees keys 0 … t + S - T
  std::int32_t window = 0;        ///< > 0: and of those only the last `window`
  double soft_cap = 0;            ///< > 0: scores = cap · tanh(scores / cap)
  double dropout = 0;             ///< 0 … below 1: share of the probabilities that becomes 0, the rest divided by 1 - dropout
  std::uint64_t dropout_key = 0;  ///< decides which
};

/// Scaled dot-product attention: o[b, h, t] = sum_s p[s] v[b, h', s], p = softmax over s of scale · q[b, h, t]·k[b, h', s],
/// h' = h Hkv / Hq (grouped queries: several query heads share a key head).
/// Reads strided views in place: heads that are slices of one projection need no copy. o lies in memory in q's order of axes,
/// so q permuted from [B, T, H, D] gives an o that permutes back to a contiguous [B, T, H, D].
/// @param q  [B, Hq, T, D]   @param k, v  [B, Hkv, S, D], Hq a multiple of Hkv
/// @param key_mask       [B, S], bool or uint8, 1: the key may be seen; or not given
/// @param probabilities  where not null, receives p as [B, Hq, T, S] (before dropout), outside the graph
/// @return   [B, Hq, T, D]; 0 where a query sees no key.   Scores are not kept: the gradient forms them again from q, k and their
///           log-sum-exp.   @throws Error{ShapeMismatch, InvalidArgument}.   Source: Vaswani et al. 2017; Ainslie et al. 2023; Dao 2023
///           (gradient)
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options = {}, const Tensor& key_mask = {},
                 Tensor* probabilities = nullptr);

/// Which blocks of 64 keys each block of 64 queries may see, in compressed sparse rows: row i of (b, h) lists
/// block[begin[b, h, i]] … block[begin[b, h, i + 1] - 1], strictly ascending, each 0 … ceil(S / 64) - 1. A row may be empty.
struct BlockList {
  Tensor begin;  ///< int32 [B or 1, Hq or 1, ceil(T / 64) + 1]; 1: texts or heads share a list
  Tensor block;  ///< int32 [N]
};
/// The list with every block that holds a pair which `options` lets see each other, shared by texts and heads.
BlockList every_block(std::int64_t queries, std::int64_t keys, const AttentionOptions& options, Device& device);
/// Of those, in each row the `local` last ones and every block whose number is a multiple of `stride` (0: none).
/// Source: Child et al. 2019, Generating Long Sequences with Sparse Transformers, sec. 4.3, by blocks.
BlockList strided_blocks(std::int64_t queries, std::int64_t keys, std::int64_t local, std::int64_t stride, const AttentionOptions& options,
                         Device& device);

/// Block-sparse attention: what `attention` gives when each query also sees only keys of its listed blocks; time and memory traffic follow
/// the list. With every_block the result is that of `attention` (for more than 4 queries: to the bit).
/// @throws Error{ShapeMismatch, InvalidArgument} also for a list that breaks the rules above.   Source: Dao et al. 2022, sec. 3.3
Tensor attention_blocks(const Tensor& q, const Tensor& k, const Tensor& v, const BlockList& blocks, const AttentionOptions& options = {},
                        const Tensor& key_mask = {});

/// Causal attention over keys and values kept in pages of 64 tokens, for generation: no gradient. Token s of text b lies in page
/// table[b, s / 64]; query t stands at position lengths[b] - T + t.
/// @param q  [B, Hq, T, D]   @param k_pages, v_pages  [P, Hkv, 64, D]   @param table  int32 [B, M]   @param lengths  int32 [B]: the
/// tokens kept, the queries' own included, 0 … 64 M.   Window and soft cap apply; `causal` and `dropout` are not looked at.
/// @return  [B, Hq, T, D]   @throws Error{ShapeMismatch, InvalidArgument}.   Source: Kwon et al. 2023
Tensor attention_paged(const Tensor& q, const Tensor& k_pages, const Tensor& v_pages, const Tensor& table, const Tensor& lengths,
                       const AttentionOptions& options = {});

/// Puts keys or values of new tokens into their pages, in place and outside the graph: token t of text b is its token lengths[b] - T + t.
/// @param x  [B, Hkv, T, D]   @param pages  [P, Hkv, 64, D]; texts that are written share none   @param table, lengths  as of
/// attention_paged, lengths at least T   @throws Error{ShapeMismatch, InvalidArgument}
void append_paged(const Tensor& x, const Tensor& pages, const Tensor& table, const Tensor& lengths);

/// Rotary positions: pair i of the last axis is turned by position / base^(2i / D).
/// @param x         [B, H, T, D], D even; strided views are read in place, the result lies in x's order of axes
/// @param position  [T], int32, >= 0   @param base  > 0, usually 10000
/// @param interleaved  pairs are (2i, 2i + 1), else (i, i + D/2)
/// @return  [B, H, T, D].   Gradient: turned back.   Source: Su et al. 2021, eq. 34
Tensor rope(const Tensor& x, const Tensor& position, double base = 10000, bool interleaved = false);

/// Queries, keys and values of attention: q [B, Hq, T, D], k and v [B, Hkv, T, D].
struct Heads {
  Tensor q, k, v;
};
/// The parts of one product, q and k turned by rope where `position` is given: then in one pass each way, else as views. The same numbers
/// as slice, permute and rope, and traced as those.
/// @param joined  [B, T, Hq + 2 Hkv, D], a float dtype   @param position, base, interleaved  as in rope; position not given: not turned
/// @throws Error{ShapeMismatch} unless the heads sum up to joined's
Heads split_heads(const Tensor& joined, std::int64_t heads, std::int64_t kv_heads, const Tensor& position, double base, bool interleaved);

}  // namespace dsw
