// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/padding.h"

#include <algorithm>

#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

struct Tokens {
  Tokens(const char* op, const Tensor& tokens, int leading_positions) : leading(static_cast<std::size_t>(leading_positions)) {
    op::check_rank(op, "tokens", tokens, 2);
    op::check_dtype(op, "tokens", tokens, DType::I32);
    ids = tokens.to_vector<std::int32_t>();
    batch = static_cast<std::size_t>(tokens.size(0));
    words = static_cast<std::size_t>(tokens.size(1));
    row = words + leading;
  }
  bool word(std::size_t b, std::size_t t) const { return ids[b * words + t] != 0; }

  std::vector<std::int32_t> ids;
  std::size_t batch = 0, words = 0, leading, row = 0;
};

}  // namespace

Tensor padding_mask(const Tensor& tokens, int leading) {
  const Tokens all("padding-mask", tokens, leading);
  std::vector<std::uint8_t> seen(all.batch * all.row, 1);
  for (std::size_t b = 0; b < all.batch; ++b)
    for (std::size_t t = 0; t < all.words; ++t) seen[b * all.row + all.leading + t] = all.word(b, t) ? 1 : 0;
  return with_grad(from_host(seen, {tokens.size(0), static_cast<std::int64_t>(all.row)}, tokens.device()), {tokens}, {}, "padding-mask",
                   {{"leading", 1.0 * leading}});
}

Tensor padding_share(const Tensor& tokens, int leading) {
  const Tokens all("padding-share", tokens, leading);
  std::vector<float> share(all.batch * all.row, 0);
  for (std::size_t b = 0; b < all.batch; ++b) {
    std::size_t count = 0;
    for (std::size_t t = 0; t < all.words; ++t) count += all.word(b, t) ? 1 : 0;
    for (std::size_t t = 0; t < all.words; ++t) share[b * all.row + all.leading + t] = all.word(b, t) ? 1 / static_cast<float>(count) : 0;
  }
  return with_grad(from_host(share, {tokens.size(0), 1, static_cast<std::int64_t>(all.row)}, tokens.device()), {tokens}, {},
                   "padding-share", {{"leading", 1.0 * leading}});
}

}  // namespace dsw
