// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/stream.h"

/// Rotary positions (Su et al. 2021) and the splitting of a joined product into heads, which turns them on the way.
namespace dsw::cuda {
namespace {

/// cos and sin of position / base^(2i/D), [T, D/2]. In double: a float32 of a large angle has no digits left of its place on the circle.
__global__ void turns_kernel(std::int64_t count, DswView position, double base, std::int64_t pairs, bool inverse, float2* turns) {
  for_each_of_grid(count, [&](std::int64_t i) {
    const double p = load(data<const std::int32_t>(position) + i / pairs * position.stride[0]);
    const double angle = p * pow(base, -static_cast<double>(i % pairs) / static_cast<double>(pairs));
    store(turns + i, make_float2(static_cast<float>(cos(angle)), static_cast<float>(inverse ? -sin(angle) : sin(angle))));
  });
}
int make_turns(DswStream* stream, const char* name, const DswView& position, double base, std::int64_t pairs, bool inverse,
               const Scratch<float2>& turns) {
  if (turns.status() != DSW_OK) return turns.status();
  const std::int64_t count = position.shape[0] * pairs;
  return launch(stream, name, turns_kernel, element_grid(count), kElementThreads, 0, count, position, base, pairs, inverse, turns.data());
}

/// Pair i of rows of D numbers at `from`, turned, to `to`.
DSW_DEVICE void turn(const DswView& x, std::int64_t from, const DswView& y, std::int64_t to, std::int64_t i, std::int64_t pairs,
                     bool interleaved, float2 by) {
  const std::int64_t a = interleaved ? 2 * i : i, b = interleaved ? 2 * i + 1 : i + pairs;
  const std::int64_t x_step = x.stride[x.rank - 1], y_step = y.stride[y.rank - 1];
  const float xa = read<float>(x, from + a * x_step), xb = read<float>(x, from + b * x_step);
  write(y, to + a * y_step, xa * by.x - xb * by.y);
  write(y, to + b * y_step, xa * by.y + xb * by.x);
}

__global__ void rope_kernel(std::int64_t count, std::int64_t pairs, DswView x, DswView y, bool interleaved, const float2* turns) {
  const std::int64_t T = x.shape[x.rank - 2];
  for_each_of_grid(count, [&](std::int64_t i) {
    const std::int64_t row = i / pairs, pair = i % pairs;
    turn(x, offset_of(x, row, x.rank - 1), y, offset_of(y, row, y.rank - 1), pair, pairs, interleaved,
         load(turns + row % T * pairs + pair));
  });
}
int rope(DswStream* stream, DswView x, DswView position, double base, std::int32_t interleaved, std::int32_t inverse, DswView y) {
  const std::int64_t D = last_length(x), pairs = D / 2, count = elements(x) / 2;
  if (D % 2 != 0) return DSW_BAD_ARGUMENT;
  if (!computable({&x, &y}) || position.dtype != DSW_I32) return DSW_UNSUPPORTED;
  const Scratch<float2> turns(stream, position.shape[0] * pairs);
  if (const int status = make_turns(stream, "rope", position, base, pairs, inverse != 0, turns); status != DSW_OK) return status;
  return launch(stream, "rope", rope_kernel, element_grid(count), kElementThreads, 0, count, pairs, x, y, interleaved != 0, turns.data());
}

/// The parts of joined [B, T, heads, D] and their heads; forward reads joined and writes parts, backward the other way round.
struct Parts {
  DswView joined, part[3];  // q, k, v [B, H, T, D]; backward: zero where not given
  std::int64_t first[4];    // head at which a part begins
  bool turns[3], interleaved, backward;
};
/// An element is a pair that turns together, in a part that does not turn two neighbours (the last one alone where D is odd).
__global__ void split_heads_kernel(std::int64_t count, std::int64_t pairs, Parts parts, const float2* turns) {
  const DswView& joined = parts.joined;
  const std::int64_t T = joined.shape[1], heads = joined.shape[2], D = joined.shape[3];
  for_each_of_grid(count, [&](std::int64_t i) {
    const std::int64_t pair = i % pairs, head = i / pairs % heads, t = i / pairs / heads % T, b = i / pairs / heads / T;
    const int k = head < parts.first[1] ? 0 : head < parts.first[2] ? 1 : 2;
    const DswView& part = parts.part[k];
    const std::int64_t whole = b * joined.stride[0] + t * joined.stride[1] + head * joined.stride[2];
    const std::int64_t own = b * part.stride[0] + (head - parts.first[k]) * part.stride[1] + t * part.stride[2];
    const bool given_part = part.data != nullptr;
    if (given_part && parts.turns[k]) {
      const float2 by = load(turns + t * pairs + pair);
      if (parts.backward)
        turn(part, own, joined, whole, pair, pairs, parts.interleaved, by);
      else
        turn(joined, whole, part, own, pair, pairs, parts.interleaved, by);
      return;
    }
    for (std::int64_t d = 2 * pair; d < 2 * pair + 2 && d < D; ++d) {
      const std::int64_t in_joined = whole + d * joined.stride[3], in_part = own + d * part.stride[3];
      if (!parts.backward)
        write(part, in_part, read<float>(joined, in_joined));
      else
        write(joined, in_joined, given_part ? read<float>(part, in_part) : 0.0f);
    }
  });
}
int split_heads(DswStream* stream, const char* name, const DswView& joined, const DswView (&parts)[3], const DswView& position, double base,
                bool interleaved, bool backward) {
  if (!computable({&joined, &parts[0], &parts[1], &parts[2]}) || (given(position) && position.dtype != DSW_I32)) return DSW_UNSUPPORTED;
  const std::int64_t D = joined.shape[3], pairs = (D + 1) / 2, heads = joined.shape[2];
  if (given(position) && D % 2 != 0) return DSW_BAD_ARGUMENT;
  const std::int64_t keys = given(parts[1]) ? parts[1].shape[1] : given(parts[2]) ? parts[2].shape[1] : (heads - parts[0].shape[1]) / 2;
  const bool turns = given(position);
  const Parts all{joined,  {parts[0], parts[1], parts[2]}, {0, heads - 2 * keys, heads - keys, heads}, {turns, turns, false}, interleaved,
                  backward};
  const Scratch<float2> table(stream, turns ? position.shape[0] * pairs : 0);
  if (turns) {
    if (const int status = make_turns(stream, name, position, base, pairs, backward, table); status != DSW_OK) return status;
  }
  const std::int64_t count = joined.shape[0] * joined.shape[1] * heads * pairs;
  return launch(stream, name, split_heads_kernel, element_grid(count), kElementThreads, 0, count, pairs, all, table.data());
}
int split_heads_fwd(DswStream* stream, DswView joined, DswView position, double base, std::int32_t interleaved, DswView q, DswView k,
                    DswView v) {
  return split_heads(stream, "split_heads_fwd", joined, {q, k, v}, position, base, interleaved != 0, false);
}
int split_heads_bwd(DswStream* stream, DswView dq, DswView dk, DswView dv, DswView position, double base, std::int32_t interleaved,
                    DswView djoined) {
  return split_heads(stream, "split_heads_bwd", djoined, {dq, dk, dv}, position, base, interleaved != 0, true);
}

}  // namespace

void add_rope(DswKernels& table) {
  table.rope = rope;
  table.split_heads_fwd = split_heads_fwd;
  table.split_heads_bwd = split_heads_bwd;
}

}  // namespace dsw::cuda
