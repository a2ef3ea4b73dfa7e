// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "kernels/cpu/isa/attention_rows.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/page_table.h"
#include "kernels/reference/reference_kernels.h"

// Attention over pages of kept keys and values. A page of a key head is read once for all queries that share it. Where a thread would have
// few heads to itself the pages of a text are shared out too; each part keeps its maximum, sum and output, and they are joined in order.
// Sources: Kwon et al. 2023; Dao et al. 2023, "Flash-Decoding", for the parts.
namespace dsw::kernels::DSW_ISA {
namespace {

constexpr float kLog2E = 1.44269504088896341f;
constexpr std::int64_t kTasksPerThread = 4;
constexpr std::int64_t kPages = 8, kScores = kPages * DSW_BLOCK;  // that one softmax takes in
constexpr std::int64_t kAhead = 16;                               // values of the next page that are asked for; the processor then follows

struct Paged {
  DswAttention p;
  DswView q, k, v, table, lengths, o, lse;
  std::int64_t B, Hq, Hkv, T, D, group, rows, depth, parts;  // rows: queries that share a key head; depth: D in whole lines

  std::int64_t length(std::int64_t b) const { return data<std::int32_t>(lengths)[b * lengths.stride[0]]; }
  std::int64_t page(std::int64_t b, std::int64_t i) const { return data<std::int32_t>(table)[b * table.stride[0] + i * table.stride[1]]; }
  /// Keys [begin, end) that query t of text b sees.
  Share range(std::int64_t b, std::int64_t t) const {
    const std::int64_t end = std::max<std::int64_t>(0, length(b) - T + t + 1);
    return {p.window > 0 && end > p.window ? end - p.window : 0, end};
  }
  /// Pages [begin, end) that any query of text b sees.
  Share pages(std::int64_t b) const { return {range(b, 0).begin / DSW_BLOCK, (range(b, T - 1).end + DSW_BLOCK - 1) / DSW_BLOCK}; }
  std::int64_t partial_floats() const { return depth + 16; }  // of a row: its output, maximum and sum
};

/// A row's share of the softmax so far: maximum in units of ln 2, sum of probabilities relative to it, and of values times them.
struct Partial {
  float* out;
  float &maximum, &sum;
  Partial(const Paged& a, float* memory, std::int64_t task, std::int64_t row)
      : out(memory + (task * a.rows + row) * a.partial_floats()), maximum(out[a.depth]), sum(out[a.depth + 1]) {}
};

/// `rows` rows of D numbers will soon be read.
template <class T>
void prefetch_rows(const T* from, std::int64_t step, std::int64_t rows, std::int64_t D) {
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t d = 0; d < D; d += 64 / static_cast<std::int64_t>(sizeof(T))) __builtin_prefetch(from + i * step + d);
}

/// scores[s] = q k_s over n keys of a page; the same place of the page to be read next, or null, is asked for on the way.
template <class T>
void page_scores(const Paged& a, const float* q, const T* k, std::int64_t n, const T* next, float* scores) {
  const std::int64_t step = a.k.stride[2];
  std::int64_t s = 0;
  for (; s + kTogether <= n; s += kTogether) {
    dot_keys<kTogether>(q, k + s * step, step, a.D, scores + s);
    if (next) prefetch_rows(next + s * step, step, kTogether, a.D);
  }
  for (; s < n; ++s) dot_keys<1>(q, k + s * step, step, a.D, scores + s);
}

/// n scores join a row: they become probabilities relative to the row's new maximum, by which what the row holds is scaled. Gives the
/// factor for the row's output.
float join_scores(const Paged& a, std::int64_t n, float* scores, const Partial& row) {
  const float scale = static_cast<float>(a.p.scale), cap = static_cast<float>(a.p.soft_cap);
  Vec most = splat(-kInfinity);
  for (std::int64_t i = 0; i < n; i += kWidth) {
    Vec x = load(scores + i) * scale;
    if (cap > 0) x = cap * tanh(x / cap);
    x = keep_first(x * kLog2E, n - i, -kInfinity);
    store(scores + i, x);
    most = greater(x, most);
  }
  const float before = row.maximum, now = std::max(before, maximum_lane(most)), shift = now == -kInfinity ? 0.0f : now;
  const float factor = now == before ? 1.0f : std::exp2(before - shift);
  Vec total = {};
  for (std::int64_t i = 0; i < n; i += kWidth) {
    const Vec e = exp2_of_negative(load(scores + i) - shift);
    store(scores + i, e);
    total += e;
  }
  row.maximum = now;
  row.sum = row.sum * factor + sum_lanes(total);
  return factor;
}

/// All queries that share key head hk of text b against the pages [pages.begin, pages.end), kPages at a time.
template <class T>
void walk_pages(const Paged& a, std::int64_t b, std::int64_t hk, const Share& pages, float* partials, std::int64_t task, float* scratch) {
  float *scores = scratch, *queries = scratch + kScores;
  for (std::int64_t r = 0; r < a.rows; ++r) {
    const std::int64_t h = hk * a.group + r / a.T, t = r % a.T;
    gather(data<T>(a.q) + b * a.q.stride[0] + h * a.q.stride[1] + t * a.q.stride[2], a.q.stride[3], queries + r * a.depth, a.D);
    const Partial row(a, partials, task, r);
    std::fill(row.out, row.out + a.partial_floats(), 0.0f);
    row.maximum = -kInfinity;
  }
  const auto place = [&](const DswView& x, std::int64_t i) -> const T* {
    return i < pages.end ? data<T>(x) + a.page(b, i) * x.stride[0] + hk * x.stride[1] : nullptr;
  };
  for (std::int64_t p0 = pages.begin; p0 < pages.end; p0 += kPages) {
    for (std::int64_t r = 0; r < a.rows; ++r) {
      const Share all = a.range(b, r % a.T);
      const Share seen{std::max(all.begin, p0 * DSW_BLOCK), std::min(all.end, std::min(p0 + kPages, pages.end) * DSW_BLOCK)};
      if (seen.begin >= seen.end) continue;
      // Keys of one page at a time: f(page, first key in it, number of keys, number of keys before).
      const auto each_page = [&](auto&& f) {
        for (std::int64_t s = seen.begin; s < seen.end;) {
          const std::int64_t slot = s % DSW_BLOCK, n = std::min<std::int64_t>(DSW_BLOCK - slot, seen.end - s);
          f(s / DSW_BLOCK, slot, n, s - seen.begin);
          s += n;
        }
      };
      each_page([&](std::int64_t i, std::int64_t slot, std::int64_t n, std::int64_t before) {
        const std::int64_t offset = slot * a.k.stride[2];
        const T* next = r == 0 ? place(a.k, i + 1) : nullptr;  // the other rows find the pages in the cache
        page_scores(a, queries + r * a.depth, place(a.k, i) + offset, n, next ? next + offset : next, scores + before);
      });
      const Partial row(a, partials, task, r);
      float factor = join_scores(a, seen.end - seen.begin, scores, row);
      each_page([&](std::int64_t i, std::int64_t slot, std::int64_t n, std::int64_t before) {
        const std::int64_t step = a.v.stride[2];
        if (r == 0 && i + 1 < pages.end) prefetch_rows(place(a.v, i + 1), step, kAhead, a.D);
        sum_values(
            scores + before, n, place(a.v, i) + slot * step, step, a.D,
            [&](std::int64_t d, std::int64_t) { return load(row.out + d) * factor; },
            [&](std::int64_t d, std::int64_t, Vec sum) { store(row.out + d, sum); });
        factor = 1;
      });
    }
  }
}

/// Joins the parts of the rows that share key head hk of text b, in order, and writes them.
template <class T>
void join_parts(const Paged& a, std::int64_t head, float* partials) {
  const std::int64_t b = head / a.Hkv, hk = head % a.Hkv;
  for (std::int64_t r = 0; r < a.rows; ++r) {
    const std::int64_t h = hk * a.group + r / a.T, t = r % a.T;
    const Partial all(a, partials, head * a.parts, r);
    for (std::int64_t part = 1; part < a.parts; ++part) {
      const Partial more(a, partials, head * a.parts + part, r);
      const float now = std::max(all.maximum, more.maximum), shift = now == -kInfinity ? 0.0f : now;
      const float mine = std::exp2(all.maximum - shift), theirs = std::exp2(more.maximum - shift);
      for (std::int64_t d = 0; d < a.depth; d += kWidth) store(all.out + d, load(all.out + d) * mine + load(more.out + d) * theirs);
      all.sum = all.sum * mine + more.sum * theirs;
      all.maximum = now;
    }
    const float factor = all.sum == 0.0f ? 0.0f : 1.0f / all.sum;
    for (std::int64_t d = 0; d < a.depth; d += kWidth) store(all.out + d, load(all.out + d) * factor);
    scatter(all.out, data<T>(a.o) + b * a.o.stride[0] + h * a.o.stride[1] + t * a.o.stride[2], a.o.stride[3], a.D);
    data<float>(a.lse)[b * a.lse.stride[0] + h * a.lse.stride[1] + t * a.lse.stride[2]] =
        all.sum == 0.0f ? -kInfinity : all.maximum / kLog2E + std::log(all.sum);
  }
}

template <class T>
int attention_of(DswStream* stream, Paged a) {
  const std::int64_t heads = a.B * a.Hkv;
  if (heads == 0 || a.group == 0 || a.T == 0) return DSW_OK;
  std::int64_t most = 0, all = 0;
  for (std::int64_t b = 0; b < a.B; ++b) {
    const Share pages = a.pages(b);
    most = std::max(most, pages.end - pages.begin);
    all += pages.end - pages.begin;
  }
  a.parts = std::clamp<std::int64_t>((kTasksPerThread * stream->threads() + heads - 1) / heads, 1, std::max<std::int64_t>(1, most));
  if (stream->threads() == 1) a.parts = 1;
  const std::int64_t tasks = heads * a.parts;
  const auto bytes = [](std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); };
  float* partials = static_cast<float*>(stream->scratch(stream->threads(), bytes(tasks * a.rows * a.partial_floats())));
  if (!partials || !stream->reserve(bytes(kScores + a.rows * a.depth))) return DSW_OUT_OF_MEMORY;
  // A page's keys and values come from memory, at its pace on one thread; each row then multiplies them.
  const double work = (0.3 + 0.1 * static_cast<double>(a.rows)) * static_cast<double>(all * a.Hkv * DSW_BLOCK * (a.D + 8));
  parallel_for(stream, tasks, work / static_cast<double>(tasks) + 100, 1, [&](std::int64_t first, std::int64_t last, int thread) {
    for (std::int64_t task = first; task < last; ++task) {
      const std::int64_t head = task / a.parts, b = head / a.Hkv;
      const Share pages = a.pages(b);
      const Share part = share_of(pages.end - pages.begin, static_cast<int>(task % a.parts), static_cast<int>(a.parts));
      walk_pages<T>(a, b, head % a.Hkv, {pages.begin + part.begin, pages.begin + part.end}, partials, task,
                    static_cast<float*>(stream->scratch(thread, 0)));
    }
  });
  parallel_for(stream, heads, 0.5 * static_cast<double>(a.rows * a.parts * a.depth), 1, [&](std::int64_t first, std::int64_t last, int) {
    for (std::int64_t head = first; head < last; ++head) join_parts<T>(a, head, partials);
  });
  return DSW_OK;
}

int attention_paged_fwd(DswStream* stream, const DswAttention* p, DswView q, DswView k_pages, DswView v_pages, DswView table,
                        DswView lengths, DswView o, DswView lse) {
  const bool one_dtype = q.dtype == k_pages.dtype && q.dtype == v_pages.dtype && q.dtype == o.dtype;
  if (!all_narrow({&q}) || !one_dtype || !all_float32({&lse}) || !dense_rows(k_pages) || !dense_rows(v_pages)) {
    return dsw_reference_kernels()->attention_paged_fwd(stream, p, q, k_pages, v_pages, table, lengths, o, lse);
  }
  if (const int status = check_page_table(table, lengths, k_pages.shape[0]); status != DSW_OK) return status;
  Paged a{*p, q, k_pages, v_pages, table, lengths, o, lse, q.shape[0], q.shape[1], k_pages.shape[1], q.shape[2], q.shape[3], 0, 0, 0, 1};
  a.group = a.Hkv == 0 ? 0 : a.Hq / a.Hkv;
  a.rows = a.group * a.T;
  a.depth = padded(a.D);
  return with_narrow(q.dtype, [&]<class T>(T) { return attention_of<T>(stream, a); });
}

}  // namespace

void add_attention_paged(DswKernels& table) { table.attention_paged_fwd = attention_paged_fwd; }

}  // namespace dsw::kernels::DSW_ISA
