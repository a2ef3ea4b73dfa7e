// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/attention.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "engine/nn/ops/op_support.h"
#include "engine/nn/ops/shape_ops.h"

namespace dsw {
namespace {

void check_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& key_mask) {
  op::check_together("attention", {&q, &k, &v});
  op::check_float("attention", q);
  op::check_same_dtype("attention", q, k);
  op::check_same_dtype("attention", q, v);
  for (const auto& [name, x] : {std::pair<const char*, const Tensor&>("q", q), {"k", k}, {"v", v}}) op::check_rank("attention", name, x, 4);
  const bool fits =
      k.shape() == v.shape() && k.size(0) == q.size(0) && k.size(3) == q.size(3) && k.size(1) > 0 && q.size(1) % k.size(1) == 0;
  if (!fits) {
    op::shape_error("attention",
                    fmt::format("q is {}, k is {}, v is {}; q must be [B, Hq, T, D], k and v [B, Hkv, S, D] with Hq a multiple of Hkv",
                                q.shape().text(), k.shape().text(), v.shape().text()));
  }
  if (!key_mask) return;
  op::check_together("attention", {&q, &key_mask});
  op::check_shape("attention", "the key mask", key_mask, {k.size(0), k.size(2)});
  if (key_mask.dtype() != DType::Bool && key_mask.dtype() != DType::U8)
    op::shape_error("attention", fmt::format("the key mask is {}; it must be bool or uint8", dtype_name(key_mask.dtype())));
}

void check_blocks(const Tensor& q, const BlockList& blocks) {
  op::check_together("attention_blocks", {&q, &blocks.begin, &blocks.block});
  op::check_dtype("attention_blocks", "the list's begin", blocks.begin, DType::I32);
  op::check_dtype("attention_blocks", "the list's block", blocks.block, DType::I32);
  op::check_rank("attention_blocks", "the list's begin", blocks.begin, 3);
  op::check_rank("attention_blocks", "the list's block", blocks.block, 1);
  const auto shared_or = [](std::int64_t length, std::int64_t all) { return length == 1 || length == all; };
  const std::int64_t rows = (q.size(2) + DSW_BLOCK - 1) / DSW_BLOCK;
  const Tensor& begin = blocks.begin;
  if (!shared_or(begin.size(0), q.size(0)) || !shared_or(begin.size(1), q.size(1)) || begin.size(2) != rows + 1)
    op::shape_error("attention_blocks", fmt::format("the list's begin is {}; for q of {} it must be [{} or 1, {} or 1, {}]",
                                                    begin.shape().text(), q.shape().text(), q.size(0), q.size(1), rows + 1));
}

DswAttention settings_of(const AttentionOptions& options, const Tensor& q) {
  if (!(options.dropout >= 0 && options.dropout < 1))
    throw Error(ErrorCode::InvalidArgument, fmt::format("attention: dropout is {}; it must be 0 or more and below 1", options.dropout));
  DswAttention settings{};
  settings.scale = options.scale != 0 ? options.scale : 1 / std::sqrt(static_cast<double>(q.size(3)));
  settings.causal = options.causal ? 1 : 0;
  settings.window = options.window;
  settings.soft_cap = options.soft_cap;
  settings.dropout = options.dropout;
  settings.dropout_key = options.dropout_key;
  return settings;
}

Tensor raw_rope(const Tensor& x, const Tensor& position, double base, bool interleaved, bool inverse) {
  Tensor y = empty_in_order_of(x, x.dtype());
  if (y.elements() > 0)
    op::run(x, "rope", &DswKernels::rope, x.view(), position.view(), base, interleaved ? 1 : 0, inverse ? 1 : 0, y.view());
  return y;
}

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options, const Tensor& key_mask,
                 Tensor* probabilities) {
  check_attention(q, k, v, key_mask);
  const DswAttention settings = settings_of(options, q);
  Tensor o = empty_in_order_of(q, q.dtype());
  const Tensor lse = empty({q.size(0), q.size(1), q.size(2)}, op::statistics_dtype(q), q.device());
  if (probabilities) *probabilities = empty({q.size(0), q.size(1), q.size(2), k.size(2)}, q.dtype(), q.device());
  if (o.elements() > 0) {
    op::run(q, "attention_fwd", &DswKernels::attention_fwd, &settings, q.view(), k.view(), v.view(), key_mask.view(), o.view(), lse.view(),
            probabilities ? probabilities->view() : DswView{});
  }
  return with_grad(o, {q, k, v, key_mask},
                   [settings, q, k, v, key_mask, lse, o = o.detach()](const Tensor& d_o) {
                     const Tensor dq = empty_in_order_of(q, q.dtype()), dk = empty_in_order_of(k, k.dtype()),
                                  dv = empty_in_order_of(v, v.dtype());
                     if (o.elements() == 0) return Grads{zeros_like(q), zeros_like(k), zeros_like(v), Tensor()};
                     op::run(q, "attention_bwd", &DswKernels::attention_bwd, &settings, q.view(), k.view(), v.view(), key_mask.view(),
                             o.view(), lse.view(), d_o.view(), dq.view(), dk.view(), dv.view());
                     return Grads{dq, dk, dv, Tensor()};
                   },
                   "attention",
                   {{"scale", settings.scale},
                    {"causal", static_cast<double>(settings.causal)},
                    {"window", static_cast<double>(settings.window)},
                    {"soft_cap", settings.soft_cap}});
}

BlockList every_block(std::int64_t queries, std::int64_t keys, const AttentionOptions& options, Device& device) {
  return strided_blocks(queries, keys, keys, 0, options, device);
}

BlockList strided_blocks(std::int64_t queries, std::int64_t keys, std::int64_t local, std::int64_t stride, const AttentionOptions& options,
                         Device& device) {
  std::vector<std::int32_t> begin{0}, block;
  const auto last_seen = [&](std::int64_t t) {  // keys before this one may be seen by query t
    return options.causal ? std::clamp<std::int64_t>(t + keys - queries + 1, 0, keys) : keys;
  };
  for (std::int64_t t = 0; t < queries; t += DSW_BLOCK) {
    const std::int64_t end = (last_seen(std::min<std::int64_t>(queries, t + DSW_BLOCK) - 1) + DSW_BLOCK - 1) / DSW_BLOCK;
    const std::int64_t first = options.window > 0 ? std::max<std::int64_t>(0, last_seen(t) - options.window) : 0;
    for (std::int64_t s = first / DSW_BLOCK; s < end; ++s)
      if (s + local >= end || (stride > 0 && s % stride == 0)) block.push_back(static_cast<std::int32_t>(s));
    begin.push_back(static_cast<std::int32_t>(block.size()));
  }
  const auto rows = static_cast<std::int64_t>(begin.size());
  return {from_host(begin, {1, 1, rows}, device), from_host(block, device)};
}

Tensor attention_blocks(const Tensor& q, const Tensor& k, const Tensor& v, const BlockList& blocks, const AttentionOptions& options,
                        const Tensor& key_mask) {
  check_attention(q, k, v, key_mask);
  check_blocks(q, blocks);
  const DswAttention settings = settings_of(options, q);
  const Tensor begin = blocks.begin.view_expand({q.size(0), q.size(1), blocks.begin.size(2)}), block = blocks.block;
  Tensor o = empty_in_order_of(q, q.dtype());
  const Tensor lse = empty({q.size(0), q.size(1), q.size(2)}, op::statistics_dtype(q), q.device());
  if (o.elements() > 0) {
    op::run(q, "attention_blocks_fwd", &DswKernels::attention_blocks_fwd, &settings, q.view(), k.view(), v.view(), key_mask.view(),
            begin.view(), block.view(), o.view(), lse.view());
  }
  return with_grad(
      o, {q, k, v, key_mask},
      [settings, q, k, v, key_mask, begin, block, lse, o = o.detach()](const Tensor& d_o) {
        const Tensor dq = empty_in_order_of(q, q.dtype()), dk = empty_in_order_of(k, k.dtype()), dv = empty_in_order_of(v, v.dtype());
        if (o.elements() == 0) return Grads{zeros_like(q), zeros_like(k), zeros_like(v), Tensor()};
        op::run(q, "attention_blocks_bwd", &DswKernels::attention_blocks_bwd, &settings, q.view(), k.view(), v.view(), key_mask.view(),
                begin.view(), block.view(), o.view(), lse.view(), d_o.view(), dq.view(), dk.view(), dv.view());
        return Grads{dq, dk, dv, Tensor()};
      },
      "attention_blocks");
}

Tensor attention_paged(const Tensor& q, const Tensor& k_pages, const Tensor& v_pages, const Tensor& table, const Tensor& lengths,
                       const AttentionOptions& options) {
  op::check_together("attention_paged", {&q, &k_pages, &v_pages, &table, &lengths});
  op::check_float("attention_paged", q);
  op::check_same_dtype("attention_paged", q, k_pages);
  op::check_same_dtype("attention_paged", q, v_pages);
  op::check_rank("attention_paged", "q", q, 4);
  op::check_rank("attention_paged", "k_pages", k_pages, 4);
  if (k_pages.shape() != v_pages.shape() || k_pages.size(2) != DSW_BLOCK || k_pages.size(3) != q.size(3) || k_pages.size(1) < 1 ||
      q.size(1) % k_pages.size(1) != 0) {
    op::shape_error(
        "attention_paged",
        fmt::format("q is {}, k_pages is {}, v_pages is {}; q must be [B, Hq, T, D], pages [P, Hkv, {}, D] with Hq a multiple of Hkv",
                    q.shape().text(), k_pages.shape().text(), v_pages.shape().text(), DSW_BLOCK));
  }
  op::check_dtype("attention_paged", "table", table, DType::I32);
  op::check_rank("attention_paged", "table", table, 2);
  op::check_shape("attention_paged", "table", table, {q.size(0), table.size(1)});
  op::check_dtype("attention_paged", "lengths", lengths, DType::I32);
  op::check_shape("attention_paged", "lengths", lengths, {q.size(0)});
  const DswAttention settings = settings_of(options, q);
  const Tensor o = empty_in_order_of(q, q.dtype());
  const Tensor lse = empty({q.size(0), q.size(1), q.size(2)}, op::statistics_dtype(q), q.device());
  if (o.elements() > 0) {
    op::run(q, "attention_paged_fwd", &DswKernels::attention_paged_fwd, &settings, q.view(), k_pages.view(), v_pages.view(), table.view(),
            lengths.view(), o.view(), lse.view());
  }
  return o;
}

void append_paged(const Tensor& x, const Tensor& pages, const Tensor& table, const Tensor& lengths) {
  op::check_together("append_paged", {&x, &pages, &table, &lengths});
  op::check_float("append_paged", x);
  op::check_same_dtype("append_paged", x, pages);
  op::check_rank("append_paged", "x", x, 4);
  op::check_shape("append_paged", "pages", pages, {pages.size(0), x.size(1), DSW_BLOCK, x.size(3)});
  op::check_dtype("append_paged", "table", table, DType::I32);
  op::check_rank("append_paged", "table", table, 2);
  op::check_shape("append_paged", "table", table, {x.size(0), table.size(1)});
  op::check_dtype("append_paged", "lengths", lengths, DType::I32);
  op::check_shape("append_paged", "lengths", lengths, {x.size(0)});
  if (x.elements() == 0) return;
  op::run(x, "append_paged", &DswKernels::append_paged, x.view(), pages.view(), table.view(), lengths.view());
  mark_written(pages);
}

Tensor rope(const Tensor& x, const Tensor& position, double base, bool interleaved) {
  op::check_together("rope", {&x, &position});
  op::check_float("rope", x);
  op::check_rank("rope", "x", x, 4);
  op::check_dtype("rope", "position", position, DType::I32);
  op::check_shape("rope", "position", position, {x.size(2)});
  if (x.size(3) % 2 != 0)
    op::shape_error("rope", fmt::format("x is {}; its last axis must be even, as it is turned in pairs", x.shape().text()));
  if (!(base > 0)) throw Error(ErrorCode::InvalidArgument, fmt::format("rope: base is {}; it must be above 0", base));
  return with_grad(raw_rope(x, position, base, interleaved, false), {x, position},
                   [position, base, interleaved](const Tensor& dy) {
                     return Grads{raw_rope(dy, position, base, interleaved, true), Tensor()};
                   },
                   "rope", {{"base", base}, {"interleaved", interleaved ? 1.0 : 0.0}});
}

namespace {

/// The same by the ops that it joins.
Heads split_by_ops(const Tensor& joined, std::int64_t heads, std::int64_t kv_heads, const Tensor& position, double base, bool interleaved) {
  const std::vector<Tensor> parts = split(joined, 2, {heads, kv_heads, kv_heads});
  const std::vector<int> order{0, 2, 1, 3};
  const auto turned = [&](const Tensor& x) { return position ? rope(x, position, base, interleaved) : x; };
  return {turned(permute(parts[0], order)), turned(permute(parts[1], order)), permute(parts[2], order)};
}

/// [B, H, T, D] whose memory is [B, T, H, D], as products want the heads' outputs.
Tensor empty_heads(const Tensor& joined, std::int64_t heads) {
  return empty({joined.size(0), joined.size(1), heads, joined.size(3)}, joined.dtype(), joined.device()).view_permute({0, 2, 1, 3});
}

}  // namespace

Heads split_heads(const Tensor& joined, std::int64_t heads, std::int64_t kv_heads, const Tensor& position, double base, bool interleaved) {
  op::check_together("split-heads", {&joined});
  op::check_float("split-heads", joined);
  op::check_rank("split-heads", "joined", joined, 4);
  if (heads < 1 || kv_heads < 1 || joined.size(2) != heads + 2 * kv_heads) {
    op::shape_error("split-heads", fmt::format("joined is {}; with {} heads and {} of keys it must be [B, T, {}, D]", joined.shape().text(),
                                               heads, kv_heads, heads + 2 * kv_heads));
  }
  const DswKernels& kernels = joined.device().kernels();
  // Without positions the parts are views, and three copies of their gradients are faster than rows one by one.
  if (!position || OpTrace::standing() || joined.elements() == 0 || !kernels.split_heads_fwd || !kernels.split_heads_bwd)
    return split_by_ops(joined, heads, kv_heads, position, base, interleaved);
  op::check_together("rope", {&joined, &position});
  op::check_dtype("rope", "position", position, DType::I32);
  op::check_shape("rope", "position", position, {joined.size(1)});
  if (joined.size(3) % 2 != 0)
    op::shape_error("rope", fmt::format("x is {}; its last axis must be even, as it is turned in pairs", joined.shape().text()));
  if (!(base > 0)) throw Error(ErrorCode::InvalidArgument, fmt::format("rope: base is {}; it must be above 0", base));
  Heads result{empty_heads(joined, heads), empty_heads(joined, kv_heads), empty_heads(joined, kv_heads)};
  op::run(joined, "split_heads_fwd", &DswKernels::split_heads_fwd, joined.view(), position.view(), base, interleaved ? 1 : 0,
          result.q.view(), result.k.view(), result.v.view());
  if (!recording_gradients() || !joined.requires_grad()) return result;
  // A graph's node makes one tensor. The parts leave their gradients here and pass on an empty one, which leads to the node that joins
  // them.
  const auto parts = std::make_shared<Heads>();
  const Tensor joint = with_grad(
      empty({0}, joined.dtype(), joined.device()), {joined},
      [parts, position, base, interleaved, shape = joined.shape()](const Tensor& none) {
        const Heads d = std::exchange(*parts, {});
        const Tensor djoined = empty(shape, none.dtype(), none.device());
        op::run(djoined, "split_heads_bwd", &DswKernels::split_heads_bwd, d.q.view(), d.k.view(), d.v.view(), position.view(), base,
                interleaved ? 1 : 0, djoined.view());
        return Grads{djoined};
      },
      "split-heads");
  for (Tensor Heads::*const part : {&Heads::q, &Heads::k, &Heads::v}) {
    result.*part = with_grad(
        result.*part, {joint},
        [parts, part](const Tensor& dy) {
          (*parts).*part = dy;
          return Grads{empty({0}, dy.dtype(), dy.device())};
        },
        "split-heads");
  }
  return result;
}

}  // namespace dsw
