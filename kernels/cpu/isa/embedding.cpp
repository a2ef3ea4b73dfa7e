// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstring>

#include "kernels/cpu/isa/rows.h"
#include "kernels/cpu/isa/table.h"
#include "kernels/cpu/rope_table.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels::DSW_ISA {
namespace {

const DswKernels& reference() { return *dsw_reference_kernels(); }

bool indices_in_range(const DswView& index, std::int64_t count) {
  const std::int64_t n = elements(index);
  const bool dense = contiguous(index);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int32_t v = data<std::int32_t>(index)[dense ? i : element_offset(index, i)];
    if (v < 0 || v >= count) return false;
  }
  return true;
}
std::int64_t index_at(const DswView& index, bool dense, std::int64_t i) {
  return data<std::int32_t>(index)[dense ? i : element_offset(index, i)];
}

int embedding_fwd(DswStream* stream, DswView weight, DswView index, DswView y) {
  if (!all_float32({&weight, &y}) || !dense_rows(weight) || !dense_rows(y)) return reference().embedding_fwd(stream, weight, index, y);
  if (!indices_in_range(index, weight.shape[0])) return DSW_BAD_ARGUMENT;
  const std::int64_t C = weight.shape[1];
  const bool dense = contiguous(index);
  parallel_for(stream, elements(index), 5 + 0.1 * static_cast<double>(C), 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* row = data<float>(weight) + index_at(index, dense, i) * weight.stride[0];
      std::memcpy(data<float>(y) + row_offset(y, i), row, static_cast<std::size_t>(C) * sizeof(float));
    }
  });
  return DSW_OK;
}

/// Threads share columns, not rows, so every weight's sum has the order of the indices whatever the thread count.
int embedding_bwd(DswStream* stream, DswView index, DswView dy, DswView dweight, std::int32_t accumulate) {
  if (!all_float32({&dy, &dweight}) || !dense_rows(dweight) || !dense_rows(dy))
    return reference().embedding_bwd(stream, index, dy, dweight, accumulate);
  const std::int64_t n = elements(index), V = dweight.shape[0], C = dweight.shape[1];
  if (!indices_in_range(index, V)) return DSW_BAD_ARGUMENT;
  const bool dense = contiguous(index);
  float* sums = data<float>(dweight);
  parallel_for(stream, C, 0.3 * static_cast<double>(n + V), 16, [&](std::int64_t begin, std::int64_t end, int) {
    if (accumulate == 0) {
      for (std::int64_t v = 0; v < V; ++v) std::fill(sums + v * dweight.stride[0] + begin, sums + v * dweight.stride[0] + end, 0.0f);
    }
    for (std::int64_t i = 0; i < n; ++i) {
      const float* row = data<float>(dy) + row_offset(dy, i);
      float* to = sums + index_at(index, dense, i) * dweight.stride[0];
      for (std::int64_t c = begin; c < end; ++c) to[c] += row[c];
    }
  });
  return DSW_OK;
}

/// A row of 2 half elements turned by the cosines c and sines s of its position; sign -1: turned back.
void turn_row(const float* from, const float* c, const float* s, std::int64_t half, bool interleaved, float sign, float* to) {
  if (interleaved) {
    for (std::int64_t i = 0; i < half; ++i) {
      const float a = from[2 * i], b = from[2 * i + 1], sine = sign * s[i];
      to[2 * i] = a * c[i] - b * sine;
      to[2 * i + 1] = a * sine + b * c[i];
    }
  } else {
    for (std::int64_t i = 0; i < half; ++i) {
      const float a = from[i], b = from[i + half], sine = sign * s[i];
      to[i] = a * c[i] - b * sine;
      to[i + half] = a * sine + b * c[i];
    }
  }
}

int rope(DswStream* stream, DswView x, DswView position, double base, std::int32_t interleaved, std::int32_t inverse, DswView y) {
  const std::int64_t rows = row_count(x), D = last_length(x), half = D / 2;
  if (!all_narrow({&x, &y}) || D % 2 != 0) return reference().rope(stream, x, position, base, interleaved, inverse, y);
  if (rows == 0 || D == 0) return DSW_OK;
  const RopeTable* const table = RopeTable::of(stream, position, base, half);
  if (table == nullptr || !stream->reserve(static_cast<std::size_t>(2 * padded(D)) * sizeof(float))) return DSW_OUT_OF_MEMORY;
  const std::int64_t count = table->count;
  const float sign = inverse != 0 ? -1.0f : 1.0f;
  parallel_for(stream, rows, 5 + 0.3 * static_cast<double>(D), 1, [&](std::int64_t begin, std::int64_t end, int thread) {
    float* buffer = static_cast<float*>(stream->scratch(thread, 0));
    for (std::int64_t r = begin; r < end; ++r) {
      const float *from = read_row(x, r, buffer), *c = table->turn + 2 * (r % count) * half, *s = c + half;
      float* to = write_row(y, r, buffer + padded(D));
      turn_row(from, c, s, half, interleaved != 0, sign, to);
      finish_row(y, r, to);
    }
  });
  return DSW_OK;
}

/// Where a row of D elements lies: in float32 without gaps it is used in place, else through a buffer.
struct HeadRow {
  void* memory;
  int dtype;
  std::int64_t step;
  bool direct() const { return dtype == DSW_F32 && step == 1; }
};
HeadRow head_row(const DswView& x, std::int64_t a, std::int64_t b, std::int64_t c) {
  return {element(x.data, x.dtype, a * x.stride[0] + b * x.stride[1] + c * x.stride[2]), x.dtype, x.shape[3] == 1 ? 1 : x.stride[3]};
}

/// Rows of joined [B, T, heads, D] to (`forward`) or from their parts q, k and v; a part that is not given is read as 0.
int move_heads(DswStream* stream, const DswView& joined, const DswView* const (&parts)[3], const DswView& position, double base,
               bool interleaved, bool forward) {
  const std::int64_t B = joined.shape[0], T = joined.shape[1], H = joined.shape[2], D = joined.shape[3], half = D / 2;
  if (B * T * H * D == 0) return DSW_OK;
  const std::int64_t kv = given(*parts[1]) ? parts[1]->shape[1] : given(*parts[2]) ? parts[2]->shape[1] : (H - parts[0]->shape[1]) / 2;
  const std::int64_t first[3] = {0, H - 2 * kv, H - kv};
  const RopeTable* const table = given(position) ? RopeTable::of(stream, position, base, half) : nullptr;
  if ((given(position) && table == nullptr) || !stream->reserve(static_cast<std::size_t>(2 * padded(D)) * sizeof(float)))
    return DSW_OUT_OF_MEMORY;
  const std::size_t bytes = static_cast<std::size_t>(D) * sizeof(float);
  parallel_for(
      stream, B * T, static_cast<double>(H) * (3 + 0.3 * static_cast<double>(D)), 1, [&](std::int64_t begin, std::int64_t end, int thread) {
        float* const buffer = static_cast<float*>(stream->scratch(thread, 0));
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int64_t b = i / T, t = i % T;
          const float* const turn = table != nullptr ? table->turn + 2 * t * half : nullptr;
          for (std::int64_t h = 0; h < H; ++h) {
            const int which = h < first[1] ? 0 : h < first[2] ? 1 : 2;
            const HeadRow whole = head_row(joined, b, t, h);
            const HeadRow part = given(*parts[which]) ? head_row(*parts[which], b, h - first[which], t) : HeadRow{buffer, DSW_F32, 1};
            const HeadRow &source = forward ? whole : part, &target = forward ? part : whole;
            if (!given(*parts[which])) std::memset(buffer, 0, bytes);
            const float* from = source.direct() ? static_cast<const float*>(source.memory) : buffer;
            if (!source.direct()) gather(source.dtype, source.memory, source.step, buffer, D);
            float* const to = target.direct() ? static_cast<float*>(target.memory) : buffer + padded(D);
            if (turn != nullptr && which < 2)
              turn_row(from, turn, turn + half, half, interleaved, forward ? 1.0f : -1.0f, to);
            else
              std::memcpy(to, from, bytes);
            if (!target.direct()) scatter(target.dtype, to, target.memory, target.step, D);
          }
        }
      });
  return DSW_OK;
}

int split_heads_fwd(DswStream* stream, DswView joined, DswView position, double base, std::int32_t interleaved, DswView q, DswView k,
                    DswView v) {
  if (!all_narrow({&joined, &q, &k, &v}) || (given(position) && joined.shape[3] % 2 != 0))
    return reference().split_heads_fwd(stream, joined, position, base, interleaved, q, k, v);
  return move_heads(stream, joined, {&q, &k, &v}, position, base, interleaved != 0, true);
}
int split_heads_bwd(DswStream* stream, DswView dq, DswView dk, DswView dv, DswView position, double base, std::int32_t interleaved,
                    DswView djoined) {
  if (!all_narrow({&djoined, &dq, &dk, &dv}) || (given(position) && djoined.shape[3] % 2 != 0))
    return reference().split_heads_bwd(stream, dq, dk, dv, position, base, interleaved, djoined);
  return move_heads(stream, djoined, {&dq, &dk, &dv}, position, base, interleaved != 0, false);
}

}  // namespace

void add_embedding(DswKernels& table) {
  table.embedding_fwd = embedding_fwd;
  table.embedding_bwd = embedding_bwd;
  table.rope = rope;
  table.split_heads_fwd = split_heads_fwd;
  table.split_heads_bwd = split_heads_bwd;
}

}  // namespace dsw::kernels::DSW_ISA
