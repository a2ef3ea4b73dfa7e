// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cmath>

#include "kernels/reference/memory.h"
#include "kernels/view.h"

/// Token embeddings and rotary positions.
namespace dsw::kernels::reference {

/// y[i, :] = weight[index[i], :]; an index outside 0 … V-1 is DSW_BAD_ARGUMENT.
template <class T>
int embedding_fwd(const DswView& weight, const DswView& index, const DswView& y) {
  const std::int64_t n = elements(index), V = weight.shape[0], C = weight.shape[1], ys = last_stride(y);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t v = data<std::int32_t>(index)[element_offset(index, i)];
    if (v < 0 || v >= V) return DSW_BAD_ARGUMENT;
    T* row = data<T>(y) + row_offset(y, i);
    for (std::int64_t c = 0; c < C; ++c) row[c * ys] = data<T>(weight)[v * weight.stride[0] + c * weight.stride[1]];
  }
  return DSW_OK;
}

template <class T>
int embedding_bwd(const DswView& index, const DswView& dy, const DswView& dweight, bool accumulate) {
  const std::int64_t n = elements(index), V = dweight.shape[0], C = dweight.shape[1], gs = last_stride(dy);
  if (!accumulate) for_each_element(dweight, {&dweight}, [&](const std::int64_t* at) { data<T>(dweight)[at[0]] = 0; });
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t v = data<std::int32_t>(index)[element_offset(index, i)];
    if (v < 0 || v >= V) return DSW_BAD_ARGUMENT;
    const T* row = data<T>(dy) + row_offset(dy, i);
    for (std::int64_t c = 0; c < C; ++c) data<T>(dweight)[v * dweight.stride[0] + c * dweight.stride[1]] += row[c * gs];
  }
  return DSW_OK;
}

template <class T>
int rope(const DswView& x, const DswView& position, double base, bool interleaved, bool inverse, const DswView& y) {
  const std::int64_t rows = row_count(x), T_ = x.shape[x.rank - 2], D = last_length(x), xs = last_stride(x), ys = last_stride(y);
  if (D % 2 != 0) return DSW_BAD_ARGUMENT;
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* xr = data<T>(x) + row_offset(x, r);
    T* yr = data<T>(y) + row_offset(y, r);
    const double p = data<std::int32_t>(position)[r % T_ * position.stride[0]];
    for (std::int64_t i = 0; i < D / 2; ++i) {
      const double angle = p * std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(D));
      const double c = std::cos(angle), s = inverse ? -std::sin(angle) : std::sin(angle);
      const std::int64_t a = interleaved ? 2 * i : i, b = interleaved ? 2 * i + 1 : i + D / 2;
      const double xa = xr[a * xs], xb = xr[b * xs];
      yr[a * ys] = static_cast<T>(xa * c - xb * s);
      yr[b * ys] = static_cast<T>(xa * s + xb * c);
    }
  }
  return DSW_OK;
}

/// Heads `first` … `first + count - 1` of joined [B, T, heads, D] as [B, count, T, D].
inline DswView heads_of(const DswView& joined, std::int64_t first, std::int64_t count, std::size_t element_bytes) {
  DswView part = joined;
  part.data = static_cast<char*>(joined.data) + first * joined.stride[2] * static_cast<std::int64_t>(element_bytes);
  part.shape[1] = count;
  part.stride[1] = joined.stride[2];
  part.shape[2] = joined.shape[1];
  part.stride[2] = joined.stride[1];
  return part;
}

template <class T>
int split_heads_fwd(const DswView& joined, const DswView& position, double base, bool interleaved, const DswView& q, const DswView& k,
                    const DswView& v) {
  std::int64_t first = 0;
  for (const DswView* part : {&q, &k, &v}) {
    const DswView heads = heads_of(joined, first, part->shape[1], sizeof(T));
    first += part->shape[1];
    const bool turns = part != &v && given(position);
    if (const int status = turns ? rope<T>(heads, position, base, interleaved, false, *part) : copy(heads, *part); status != DSW_OK)
      return status;
  }
  return DSW_OK;
}

template <class T>
int split_heads_bwd(const DswView& dq, const DswView& dk, const DswView& dv, const DswView& position, double base, bool interleaved,
                    const DswView& djoined) {
  const std::int64_t Hq = given(dq) ? dq.shape[1] : djoined.shape[2] - 2 * (given(dk) ? dk : dv).shape[1],
                     Hkv = (djoined.shape[2] - Hq) / 2;
  std::int64_t first = 0;
  for (const DswView* part : {&dq, &dk, &dv}) {
    const std::int64_t count = part == &dq ? Hq : Hkv;
    const DswView heads = heads_of(djoined, first, count, sizeof(T));
    first += count;
    const bool turns = part != &dv && given(position);
    const int status = !given(*part) ? fill(heads, 0)
                       : turns       ? rope<T>(*part, position, base, interleaved, true, heads)
                                     : copy(*part, heads);
    if (status != DSW_OK) return status;
  }
  return DSW_OK;
}

}  // namespace dsw::kernels::reference
