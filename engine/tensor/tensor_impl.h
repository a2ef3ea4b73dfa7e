// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <memory>

#include "engine/tensor/tensor.h"

namespace dsw {

/// What a tensor handle points to. Only engine/tensor and engine/autograd look inside.
struct Tensor::Impl {
  std::shared_ptr<Storage> storage;
  Device* device = nullptr;
  Shape shape;
  std::array<std::int64_t, DSW_MAX_RANK> stride{};  ///< in elements
  std::int64_t offset = 0;                          ///< in elements from the storage's begin
  DType dtype = DType::F32;
  bool requires_grad = false;  ///< a leaf that gradients are wanted for
  std::shared_ptr<Node> node;  ///< the op that made it; null for leaves and outside graphs
};

}  // namespace dsw
