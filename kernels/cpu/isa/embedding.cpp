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
      if (interleaved != 0) {
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
      finish_row(y, r, to);
    }
  });
  return DSW_OK;
}

}  // namespace

void add_embedding(DswKernels& table) {
  table.embedding_fwd = embedding_fwd;
  table.embedding_bwd = embedding_bwd;
  table.rope = rope;
}

}  // namespace dsw::kernels::DSW_ISA
