// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/random.h"
#include "kernels/cuda/stream.h"

namespace dsw::cuda {
namespace {

/// As kernels/reference/memory.h converts: narrow floats through float32, integers towards zero.
DSW_DEVICE void write_any(const DswView& y, std::int64_t at, double value) {
  switch (y.dtype) {
    case DSW_E4M3:
      return store(data<E4m3>(y) + at, narrow<E4m3>(static_cast<float>(value)));
    case DSW_E5M2:
      return store(data<E5m2>(y) + at, narrow<E5m2>(static_cast<float>(value)));
    case DSW_I32:
      return store(data<std::int32_t>(y) + at, static_cast<std::int32_t>(value));
    case DSW_I64:
      return store(data<std::int64_t>(y) + at, static_cast<std::int64_t>(value));
    case DSW_U8:
      return store(data<std::uint8_t>(y) + at, static_cast<std::uint8_t>(value));
    case DSW_BOOL:
      return store(data<bool>(y) + at, value != 0);
    default:
      return write(y, at, value);
  }
}
/// int64 beyond 2^53 is rounded; copies from int64 to int64 do not come here.
DSW_DEVICE double read_any(const DswView& x, std::int64_t at) {
  switch (x.dtype) {
    case DSW_E4M3:
      return widen(load(data<const E4m3>(x) + at));
    case DSW_E5M2:
      return widen(load(data<const E5m2>(x) + at));
    case DSW_I32:
      return load(data<const std::int32_t>(x) + at);
    case DSW_I64:
      return static_cast<double>(load(data<const std::int64_t>(x) + at));
    case DSW_U8:
      return load(data<const std::uint8_t>(x) + at);
    case DSW_BOOL:
      return load(data<const bool>(x) + at) ? 1 : 0;
    default:
      return read<double>(x, at);
  }
}

__global__ void fill_kernel(DswView y, bool is_flat, double value, std::int64_t count) {
  for_each_of_grid(count, [&](std::int64_t i) { write_any(y, is_flat ? i : element_offset(y, i), value); });
}
__global__ void convert_kernel(DswView x, DswView y, bool is_flat, std::int64_t count) {
  for_each_of_grid(
      count, [&](std::int64_t i) { write_any(y, is_flat ? i : element_offset(y, i), read_any(x, is_flat ? i : element_offset(x, i))); });
}
/// Elements of equal dtype, as the bits they are.
template <class Bits>
__global__ void copy_kernel(DswView x, DswView y, bool is_flat, std::int64_t count) {
  for_each_of_grid(count, [&](std::int64_t i) {
    store(data<Bits>(y) + (is_flat ? i : element_offset(y, i)), load(data<const Bits>(x) + (is_flat ? i : element_offset(x, i))));
  });
}

int fill(DswStream* stream, DswView y, double value) {
  const std::int64_t count = elements(y);
  return launch(stream, "fill", fill_kernel, element_grid(count), kElementThreads, 0, y, flat({&y}), value, count);
}

int copy(DswStream* stream, DswView x, DswView y) {
  const std::int64_t count = elements(y);
  const auto run = [&](auto kernel) {
    return launch(stream, "copy", kernel, element_grid(count), kElementThreads, 0, x, y, flat({&x, &y}), count);
  };
  if (x.dtype != y.dtype) return run(convert_kernel);
  switch (x.dtype) {
    case DSW_F64:
    case DSW_I64:
      return run(copy_kernel<std::uint64_t>);
    case DSW_F32:
    case DSW_I32:
      return run(copy_kernel<std::uint32_t>);
    case DSW_BF16:
    case DSW_F16:
      return run(copy_kernel<std::uint16_t>);
    default:
      return run(copy_kernel<std::uint8_t>);
  }
}

/// Thread i makes elements 4 i … 4 i + 3, which share a Philox block.
__global__ void random_uniform_kernel(DswView y, std::uint64_t key, double low, double high, std::int64_t count) {
  for_each_of_grid((count + 3) / 4, [&](std::int64_t i) {
    const PhiloxWords words = philox(key, static_cast<std::uint64_t>(i));
    for (int j = 0; j < 4 && 4 * i + j < count; ++j)
      write(y, 4 * i + j, low + (high - low) * static_cast<double>(unit_from_word(words.word[j])));
  });
}
/// Two standard normal numbers of two words. Source: Box & Muller 1958.
DSW_DEVICE void normal_pair(std::uint32_t a, std::uint32_t b, double (&pair)[2]) {
  const double radius = sqrt(-2.0 * log((static_cast<double>(a) + 1.0) * 0x1p-32));
  const double angle = 6.283185307179586476925 * static_cast<double>(b) * 0x1p-32;
  pair[0] = radius * cos(angle);
  pair[1] = radius * sin(angle);
}
__global__ void random_normal_kernel(DswView y, std::uint64_t key, double mean, double sd, std::int64_t count) {
  for_each_of_grid((count + 3) / 4, [&](std::int64_t i) {
    const PhiloxWords words = philox(key, static_cast<std::uint64_t>(i));
    double pair[2];
    for (int j = 0; j < 4 && 4 * i + j < count; ++j) {
      if (j % 2 == 0) normal_pair(words.word[j], words.word[j + 1], pair);
      write(y, 4 * i + j, mean + sd * pair[j % 2]);
    }
  });
}

int random_uniform(DswStream* stream, DswView y, std::uint64_t key, double low, double high) {
  const std::int64_t count = elements(y);
  return launch(stream, "random_uniform", random_uniform_kernel, element_grid((count + 3) / 4), kElementThreads, 0, y, key, low, high,
                count);
}
int random_normal(DswStream* stream, DswView y, std::uint64_t key, double mean, double sd) {
  const std::int64_t count = elements(y);
  return launch(stream, "random_normal", random_normal_kernel, element_grid((count + 3) / 4), kElementThreads, 0, y, key, mean, sd, count);
}

}  // namespace

void add_memory(DswKernels& table) {
  table.fill = fill;
  table.copy = copy;
  table.random_uniform = random_uniform;
  table.random_normal = random_normal;
}

}  // namespace dsw::cuda
