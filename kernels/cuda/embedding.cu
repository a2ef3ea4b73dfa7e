// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/sort.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {
namespace {

DSW_DEVICE std::int64_t token_of(const DswView& index, std::int64_t i) {
  return load(data<const std::int32_t>(index) + element_offset(index, i));
}

/// y[i, :] = weight[index[i], :]; a token outside the table is met with zeros and a complaint.
__global__ void embedding_fwd_kernel(std::int64_t count, std::int64_t columns, DswView weight, DswView index, DswView y,
                                     unsigned* complaints) {
  for_each_row(count, [&](std::int64_t i) {
    const RowOf to(y, i);
    const std::int64_t token = token_of(index, i);
    const bool known = token >= 0 && token < weight.shape[0];
    if (!known && threadIdx.x == 0) complain(complaints, Complaint::Token);
    for_each_column(columns,
                    [&](std::int64_t c) { to.set(c, known ? read<float>(weight, token * weight.stride[0] + c * weight.stride[1]) : 0); });
  });
}
int embedding_fwd(DswStream* stream, DswView weight, DswView index, DswView y) {
  if (!computable({&weight, &y}) || index.dtype != DSW_I32) return DSW_UNSUPPORTED;
  const std::int64_t count = elements(index);
  return launch(stream, "embedding_fwd", embedding_fwd_kernel, row_grid(count), kRowThreads, 0, count, weight.shape[1], weight, index, y,
                stream_of(stream).complaints_on_device);
}

/// A key sorts by token, then by place, so that the gradients of a token are added in the order of the text.
__global__ void token_keys_kernel(std::int64_t count, std::int64_t padded, DswView index, std::int64_t tokens, std::uint64_t* keys,
                                  unsigned* complaints) {
  for_each_of_grid(padded, [&](std::int64_t i) {
    const std::int64_t token = i < count ? token_of(index, i) : -1;
    const bool known = token >= 0 && token < tokens;
    if (i < count && !known) complain(complaints, Complaint::Token);
    store(keys + i, known ? static_cast<std::uint64_t>(token) << 32 | static_cast<std::uint64_t>(i) : ~std::uint64_t{0});
  });
}
/// A block for each key; the first one of a token adds up all of that token.
__global__ void embedding_bwd_kernel(std::int64_t count, std::int64_t columns, const std::uint64_t* keys, DswView dy, DswView dweight) {
  for_each_row(count, [&](std::int64_t first) {
    const auto token_at = [&](std::int64_t i) { return load(keys + i) >> 32; };
    const std::uint64_t token = token_at(first);
    if (token == 0xFFFFFFFFu || (first > 0 && token_at(first - 1) == token)) return;
    for_each_column(columns, [&](std::int64_t c) {
      const std::int64_t to = static_cast<std::int64_t>(token) * dweight.stride[0] + c * dweight.stride[1];
      float sum = read<float>(dweight, to);
      for (std::int64_t i = first; i < count && token_at(i) == token; ++i)
        sum += RowOf(dy, static_cast<std::int64_t>(load(keys + i) & 0xFFFFFFFFu)).at(c);
      write(dweight, to, sum);
    });
  });
}
int embedding_bwd(DswStream* stream, DswView index, DswView dy, DswView dweight, std::int32_t accumulate) {
  if (!computable({&dy, &dweight}) || index.dtype != DSW_I32) return DSW_UNSUPPORTED;
  const std::int64_t count = elements(index), padded = sort_length(count);
  if (accumulate == 0) {
    if (const int status = kernels()->fill(stream, dweight, 0); status != DSW_OK) return status;
  }
  if (count == 0) return DSW_OK;
  const Scratch<std::uint64_t> keys(stream, padded);
  if (keys.status() != DSW_OK) return keys.status();
  int status = launch(stream, "embedding_bwd", token_keys_kernel, element_grid(padded), kElementThreads, 0, count, padded, index,
                      dweight.shape[0], keys.data(), stream_of(stream).complaints_on_device);
  if (status == DSW_OK) status = sort(stream, keys.data(), padded);
  if (status != DSW_OK) return status;
  return launch(stream, "embedding_bwd", embedding_bwd_kernel, row_grid(count), kRowThreads, 0, count, dweight.shape[1], keys.data(), dy,
                dweight);
}

}  // namespace

void add_embedding(DswKernels& table) {
  table.embedding_fwd = embedding_fwd;
  table.embedding_bwd = embedding_bwd;
}

}  // namespace dsw::cuda
