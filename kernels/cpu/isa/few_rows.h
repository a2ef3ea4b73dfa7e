// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "kernels/kernel_table.h"

namespace dsw::kernels {

/// At most this many rows are worth a pass over the weights without packing them: what counts is how fast they are read.
inline constexpr std::int64_t kFewRows = 4;

/// c = a b^T + bias for a [M, K], b [N, K], c [M, N] in float32, M <= kFewRows; each row is dense, `lda`, `ldb`, `ldc` apart; bias [N] or
/// null. Each column is one sum over K in the same order whatever M and the number of threads are.
struct FewRowsProduct {
  const float* a;
  std::int64_t lda;
  const float* b;
  std::int64_t ldb;
  const float* bias;
  float* c;
  std::int64_t ldc;
  std::int64_t M, N, K;
};
using FewRows = void (*)(DswStream*, const FewRowsProduct&);

namespace baseline {
void few_rows(DswStream* stream, const FewRowsProduct& p);
}
namespace v3 {
void few_rows(DswStream* stream, const FewRowsProduct& p);
}
namespace v4 {
void few_rows(DswStream* stream, const FewRowsProduct& p);
}

}  // namespace dsw::kernels
