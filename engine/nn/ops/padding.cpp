// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ops/padding.h"

#include "engine/nn/ops/op_support.h"

namespace dsw {
namespace {

void check_tokens(const char* op, const Tensor& tokens) {
  op::check_rank(op, "tokens", tokens, 2);
  op::check_dtype(op, "tokens", tokens, DType::I32);
}

/// Whether each token is a word: bool [B, T].
void write_words(const Tensor& tokens, const Tensor& words) {
  if (tokens.elements() > 0) op::run(tokens, "copy", &DswKernels::copy, tokens.view(), words.view());  // not 0 is true
}

Tensor behind(const Tensor& x, int leading) { return x.view_slice(-1, leading, x.size(-1)); }

}  // namespace

Tensor padding_mask(const Tensor& tokens, int leading) {
  check_tokens("padding-mask", tokens);
  const Tensor seen = full({tokens.size(0), tokens.size(1) + leading}, 1, DType::Bool, tokens.device());
  write_words(tokens, behind(seen, leading));
  return with_grad(seen, {tokens}, {}, "padding-mask", {{"leading", 1.0 * leading}});
}

Tensor padding_share(const Tensor& tokens, int leading) {
  check_tokens("padding-share", tokens);
  const std::int64_t batch = tokens.size(0), words = tokens.size(1);
  const Tensor is_word = empty({batch, words}, DType::Bool, tokens.device());
  write_words(tokens, is_word);
  const Tensor share = zeros({batch, 1, words + leading}, DType::F32, tokens.device());
  if (tokens.elements() > 0) {
    const Tensor ones = to_dtype_copy(is_word, DType::F32), count = empty({batch, 1}, DType::F32, tokens.device());
    op::run(ones, "reduce", &DswKernels::reduce, DSW_SUM, ones.view(), count.view());
    const Tensor at_least_one = full({1, 1}, 1, DType::F32, tokens.device());  // a text without a word has no share to give
    op::run(count, "binary", &DswKernels::binary, DSW_MAXIMUM, count.view(), op::broadcast_view(at_least_one, count.shape()), count.view());
    const Tensor part = behind(share, leading).view_reshape({batch, words});
    op::run(ones, "binary", &DswKernels::binary, DSW_DIV, ones.view(), op::broadcast_view(count, ones.shape()), part.view());
  }
  return with_grad(share, {tokens}, {}, "padding-share", {{"leading", 1.0 * leading}});
}

}  // namespace dsw
