// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "kernels/cuda/attention_call.h"
#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/stream.h"
#include "kernels/philox.h"

namespace dsw::cuda {
namespace {

constexpr unsigned kCheckThreads = 128;

/// Complains of a row of the list that is not as attention_blocks_fwd wants it. One thread a block of queries.
__global__ void check_list(const BlockRows list, int texts, int heads, int query_blocks, int key_blocks, unsigned* complaints) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= static_cast<std::int64_t>(texts) * heads * query_blocks) return;
  const std::int32_t* const begin =
      list.begin + row / query_blocks / heads * list.text + row / query_blocks % heads * list.head + row % query_blocks * list.row;
  const std::int32_t first = load(begin), last = load(begin + list.row);
  bool right = first >= 0 && last >= first && last <= list.entries;
  for (std::int32_t at = first, before = -1; right && at < last; ++at) {
    const std::int32_t block = list.key_block(at);
    right = block > before && block < key_blocks;
    before = block;
  }
  if (!right) complain(complaints, Complaint::Blocks);
}
/// Complains of a text's length, or of a page of it, that is not as attention_paged_fwd wants it. One thread a text.
__global__ void check_pages(const DswView table, const DswView lengths, std::int64_t pages, unsigned* complaints) {
  const std::int64_t b = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (b >= lengths.shape[0]) return;
  const std::int64_t length = load(data<std::int32_t>(lengths) + b * lengths.stride[0]);
  bool right = length >= 0 && length <= DSW_BLOCK * table.shape[1];
  for (std::int64_t i = 0; right && i * DSW_BLOCK < length; ++i) {
    const std::int64_t page = load(data<std::int32_t>(table) + b * table.stride[0] + i * table.stride[1]);
    right = page >= 0 && page < pages;
  }
  if (!right) complain(complaints, Complaint::Pages);
}

/// Complains of a text that is shorter than the tokens which are put into its pages. One thread a text.
__global__ void check_appended(const DswView lengths, std::int64_t tokens, unsigned* complaints) {
  const std::int64_t b = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (b < lengths.shape[0] && load(data<std::int32_t>(lengths) + b * lengths.stride[0]) < tokens) complain(complaints, Complaint::Pages);
}
/// One thread a number of x; what the checks complain of is left out.
template <class Bits>
__global__ void append(const DswView x, const DswView pages, const DswView table, const DswView lengths, std::int64_t count) {
  for_each_of_grid(count, [&](std::int64_t i) {
    const std::int64_t D = x.shape[3], T = x.shape[2], d = i % D, t = i / D % T, h = i / D / T % x.shape[1], b = i / D / T / x.shape[1];
    const std::int64_t s = load(data<std::int32_t>(lengths) + b * lengths.stride[0]) - T + t;
    if (s < 0 || s >= DSW_BLOCK * table.shape[1]) return;
    const std::int64_t page = load(data<std::int32_t>(table) + b * table.stride[0] + s / DSW_BLOCK * table.stride[1]);
    if (page < 0 || page >= pages.shape[0]) return;
    store(data<Bits>(pages) + page * pages.stride[0] + h * pages.stride[1] + s % DSW_BLOCK * pages.stride[2] + d * pages.stride[3],
          load(data<const Bits>(x) + b * x.stride[0] + h * x.stride[1] + t * x.stride[2] + d * x.stride[3]));
  });
}

/// The step of an axis; one that is not stepped along may have any.
std::int64_t step(const DswView& x, int axis) { return x.shape[axis] == 1 ? 0 : x.stride[axis]; }

struct List {
  DswView begin{}, block{};
};
AttentionRun run_of(const DswAttention& p, const DswView& q, const DswView& k, const DswView& mask, const List& list, const DswView& lse) {
  AttentionRun run{};
  const auto length = [](std::int64_t n) { return static_cast<std::int32_t>(n); };
  run.B = length(q.shape[0]);
  run.Hq = length(q.shape[1]);
  run.Hkv = length(k.shape[1]);
  run.T = length(q.shape[2]);
  run.S = length(k.shape[2]);
  run.D = length(q.shape[3]);
  run.causal = p.causal;
  run.window = p.window;
  run.scale = static_cast<float>(p.scale);
  run.soft_cap = static_cast<float>(p.soft_cap);
  run.drop_below = kernels::drop_threshold(p.dropout);
  run.dropout_key = p.dropout_key;
  run.kept = p.dropout < 1 ? static_cast<float>(1 / (1 - p.dropout)) : 0;
  if (given(mask)) {
    run.mask = static_cast<const std::uint8_t*>(mask.data);
    run.mask_text = mask.stride[0];
    run.mask_key = mask.stride[1];
  }
  if (given(list.begin)) {
    const DswView& begin = list.begin;
    run.list = {static_cast<const std::int32_t*>(begin.data),
                static_cast<const std::int32_t*>(list.block.data),
                step(begin, 0),
                step(begin, 1),
                begin.stride[2],
                list.block.stride[0],
                length(list.block.shape[0])};
  }
  run.lse = {static_cast<float*>(lse.data), step(lse, 0), step(lse, 1), step(lse, 2)};
  return run;
}
PlainAttention plain_of(const AttentionRun& run, const DswView& q, const KeyPlaces& places, const DswView& o, const DswView& lse) {
  PlainAttention call{};
  call.run = run;
  call.q = q;
  call.o = o;
  call.lse = lse;
  call.places = places;
  return call;
}

/// Whether rows of x can be copied 16 bytes at a time.
bool fits_tiles(const DswView& x, int dtype) {
  if (x.dtype != dtype || (x.shape[3] != 1 && x.stride[3] != 1) || reinterpret_cast<std::uintptr_t>(x.data) % 16 != 0) return false;
  for (int axis = 0; axis < 3; ++axis)
    if (step(x, axis) % 8 != 0) return false;
  return true;
}
bool fit_tiles(const DswView& lse, std::initializer_list<const DswView*> rows) {
  const DswView& q = **rows.begin();
  if ((q.dtype != DSW_BF16 && q.dtype != DSW_F16) || q.shape[3] % 8 != 0 || q.shape[3] > 256 || lse.dtype != DSW_F32) return false;
  return std::all_of(rows.begin(), rows.end(), [&](const DswView* x) { return fits_tiles(*x, q.dtype); });
}
HeadRows rows_of(const DswView& x) { return {static_cast<std::uint16_t*>(x.data), step(x, 0), step(x, 1), step(x, 2)}; }

int check(DswStream* stream, const AttentionRun& run) {
  if (run.list.begin == nullptr) return DSW_OK;
  const unsigned query_blocks = blocks_for(run.T, DSW_BLOCK), key_blocks = blocks_for(run.S, DSW_BLOCK);
  const int texts = run.list.text == 0 ? std::min(run.B, 1) : run.B, heads = run.list.head == 0 ? std::min(run.Hq, 1) : run.Hq;
  const dim3 grid(blocks_for(static_cast<std::int64_t>(texts) * heads * query_blocks, kCheckThreads));
  return launch(stream, "check of a block list", check_list, grid, kCheckThreads, 0, run.list, texts, heads, static_cast<int>(query_blocks),
                static_cast<int>(key_blocks), stream_of(stream).complaints_on_device);
}

/// kTiled: by the tiled kernels, where they take it; else by the plain ones.
template <bool kTiled>
int forward(DswStream* stream, const DswAttention& p, const DswView& q, const DswView& k, const DswView& v, const DswView& mask,
            const List& list, const DswView& o, const DswView& lse, const DswView& probabilities) {
  if (!computable({&q, &k, &v, &o, &lse, &probabilities})) return DSW_UNSUPPORTED;
  AttentionRun run = run_of(p, q, k, mask, list, lse);
  if (const int status = check(stream, run); status != DSW_OK) return status;
  if (kTiled && !given(probabilities) && fit_tiles(lse, {&q, &k, &v, &o})) {
    run.q = rows_of(q);
    run.k = rows_of(k);
    run.v = rows_of(v);
    run.o = rows_of(o);
    return attention_tiled_forward(stream, run, q.dtype);
  }
  PlainAttention call = plain_of(run, q, {k, v, {}, {}}, o, lse);
  call.probabilities = probabilities;
  return attention_plain_forward(stream, call);
}

template <bool kTiled>
int backward(DswStream* stream, const DswAttention& p, const DswView& q, const DswView& k, const DswView& v, const DswView& mask,
             const List& list, const DswView& o, const DswView& lse, const DswView& d_o, const DswView& dq, const DswView& dk,
             const DswView& dv) {
  if (!computable({&q, &k, &v, &o, &lse, &d_o, &dq, &dk, &dv})) return DSW_UNSUPPORTED;
  AttentionRun run = run_of(p, q, k, mask, list, lse);
  if (const int status = check(stream, run); status != DSW_OK) return status;
  if (kTiled && fit_tiles(lse, {&q, &k, &v, &o, &d_o, &dq, &dk, &dv})) {
    run.q = rows_of(q);
    run.k = rows_of(k);
    run.v = rows_of(v);
    run.o = rows_of(o);
    run.d_o = rows_of(d_o);
    run.dq = rows_of(dq);
    run.dk = rows_of(dk);
    run.dv = rows_of(dv);
    return attention_tiled_backward(stream, run, q.dtype);
  }
  PlainAttention call = plain_of(run, q, {k, v, {}, {}}, o, lse);
  call.d_o = d_o;
  call.dq = dq;
  call.dk = dk;
  call.dv = dv;
  return attention_plain_backward(stream, call);
}

template <bool kTiled>
int attention_fwd(DswStream* stream, const DswAttention* p, DswView q, DswView k, DswView v, DswView mask, DswView o, DswView lse,
                  DswView probabilities) {
  return forward<kTiled>(stream, *p, q, k, v, mask, {}, o, lse, probabilities);
}
template <bool kTiled>
int attention_bwd(DswStream* stream, const DswAttention* p, DswView q, DswView k, DswView v, DswView mask, DswView o, DswView lse,
                  DswView d_o, DswView dq, DswView dk, DswView dv) {
  return backward<kTiled>(stream, *p, q, k, v, mask, {}, o, lse, d_o, dq, dk, dv);
}
template <bool kTiled>
int attention_blocks_fwd(DswStream* stream, const DswAttention* p, DswView q, DswView k, DswView v, DswView mask, DswView begin,
                         DswView block, DswView o, DswView lse) {
  return forward<kTiled>(stream, *p, q, k, v, mask, {begin, block}, o, lse, {});
}
template <bool kTiled>
int attention_blocks_bwd(DswStream* stream, const DswAttention* p, DswView q, DswView k, DswView v, DswView mask, DswView begin,
                         DswView block, DswView o, DswView lse, DswView d_o, DswView dq, DswView dk, DswView dv) {
  return backward<kTiled>(stream, *p, q, k, v, mask, {begin, block}, o, lse, d_o, dq, dk, dv);
}
template <bool kTiled>
int attention_paged_fwd(DswStream* stream, const DswAttention* p, DswView q, DswView k_pages, DswView v_pages, DswView table,
                        DswView lengths, DswView o, DswView lse) {
  if (!computable({&q, &k_pages, &v_pages, &o, &lse})) return DSW_UNSUPPORTED;
  const int status = launch(stream, "check of a page table", check_pages, blocks_for(lengths.shape[0], kCheckThreads), kCheckThreads, 0,
                            table, lengths, k_pages.shape[0], stream_of(stream).complaints_on_device);
  if (status != DSW_OK) return status;
  DswAttention always_causal = *p;
  always_causal.causal = 1;
  always_causal.dropout = 0;
  AttentionRun run = run_of(always_causal, q, k_pages, {}, {}, lse);
  const KeyPlaces places{k_pages, v_pages, table, lengths};
  if (kTiled && fit_tiles(lse, {&q, &k_pages, &v_pages, &o})) {
    run.q = rows_of(q);
    run.o = rows_of(o);
    return attention_tiled_paged(stream, run, places, q.dtype);
  }
  return attention_plain_forward(stream, plain_of(run, q, places, o, lse));
}

int append_paged(DswStream* stream, DswView x, DswView pages, DswView table, DswView lengths) {
  if (x.dtype != pages.dtype || !computable({&x})) return DSW_UNSUPPORTED;
  const auto blocks = blocks_for(lengths.shape[0], kCheckThreads);
  unsigned* const complaints = stream_of(stream).complaints_on_device;
  int status = launch(stream, "check of a page table", check_pages, blocks, kCheckThreads, 0, table, lengths, pages.shape[0], complaints);
  if (status == DSW_OK)
    status = launch(stream, "check of lengths", check_appended, blocks, kCheckThreads, 0, lengths, x.shape[2], complaints);
  if (status != DSW_OK) return status;
  const std::int64_t count = elements(x);
  const auto kernel = x.dtype == DSW_F32 ? append<std::uint32_t> : append<std::uint16_t>;
  return launch(stream, "append_paged", kernel, element_grid(count), kElementThreads, 0, x, pages, table, lengths, count);
}

template <bool kTiled>
void add(DswKernels& table) {
  table.attention_fwd = attention_fwd<kTiled>;
  table.attention_bwd = attention_bwd<kTiled>;
  table.attention_blocks_fwd = attention_blocks_fwd<kTiled>;
  table.attention_blocks_bwd = attention_blocks_bwd<kTiled>;
  table.attention_paged_fwd = attention_paged_fwd<kTiled>;
}

}  // namespace

void add_attention(DswKernels& table) {
  add<true>(table);
  table.append_paged = append_paged;
}
void add_compatible_attention(DswKernels& table) { add<false>(table); }

}  // namespace dsw::cuda
