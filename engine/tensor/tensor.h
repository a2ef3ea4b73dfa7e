// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "engine/tensor/device.h"
#include "engine/tensor/dtype.h"
#include "engine/tensor/shape.h"

namespace dsw {

class Node;  // engine/autograd/node.h

/// A strided view of device memory with a dtype, and its place in the gradient graph. A cheap handle: copies share the memory.
/// A default-made tensor is "undefined": it stands for "not given" and for "no gradient".
class Tensor {
 public:
  Tensor() = default;
  bool defined() const { return impl_ != nullptr; }
  explicit operator bool() const { return defined(); }

  const Shape& shape() const;
  int rank() const { return shape().rank(); }
  std::int64_t size(int axis) const { return shape()[axis]; }  ///< negative counts from the end
  std::int64_t elements() const { return shape().elements(); }
  DType dtype() const;
  Device& device() const;
  bool is_contiguous() const;
  /// For kernels. An undefined tensor gives data == NULL.
  DswView view() const;
  std::size_t bytes() const { return static_cast<std::size_t>(elements()) * dtype_bytes(dtype()); }

  /// Host access; only where device().host_memory() and the memory is contiguous. T must match dtype(); uint8 also reads bool.
  template <class T>
  T* data() const {
    return static_cast<T*>(raw_data(dtype_of<T>()));
  }
  /// Copies to the host in row-major order, converting to T (float, double, int32, int64, uint8).
  template <class T>
  std::vector<T> to_vector() const;
  double item() const;  ///< the only element, as double

  // Views that share memory; without gradient bookkeeping (the differentiable ones are in nn/ops/shape_ops.h).
  Tensor view_reshape(const Shape& shape) const;  ///< throws where only a copy could have that shape (can_view_as)
  bool can_view_as(const Shape& shape) const;     ///< the strides allow it: contiguous, or only whole axes split and joined
  Tensor view_permute(const std::vector<int>& axes) const;
  Tensor view_slice(int axis, std::int64_t begin, std::int64_t end) const;
  Tensor view_expand(const Shape& shape) const;  ///< zero strides where the length was 1
  Tensor contiguous_copy() const;

  // Gradient graph. A leaf that requires_grad is a parameter; others got their node from with_grad.
  bool requires_grad() const;
  Tensor& set_requires_grad(bool on);  ///< leaves only
  const std::shared_ptr<Node>& node() const;
  Tensor detach() const;                          ///< the same memory outside the graph
  const void* id() const { return impl_.get(); }  ///< identity of a leaf

  struct Impl;
  explicit Tensor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  const std::shared_ptr<Impl>& impl() const { return impl_; }

 private:
  void* raw_data(DType expected) const;
  std::shared_ptr<Impl> impl_;
};

Tensor empty(const Shape& shape, DType dtype, Device& device);  ///< content undefined
Tensor empty_like(const Tensor& x);                             ///< contiguous, same shape, dtype, device
Tensor full(const Shape& shape, double value, DType dtype, Device& device);
Tensor zeros(const Shape& shape, DType dtype, Device& device);
Tensor zeros_like(const Tensor& x);
template <class T>
Tensor from_host(std::span<const T> values, const Shape& shape, Device& device);
template <class T>
Tensor from_host(const std::vector<T>& values, const Shape& shape, Device& device) {
  return from_host(std::span<const T>(values), shape, device);
}
template <class T>
Tensor from_host(const std::vector<T>& values, Device& device) {
  return from_host(std::span<const T>(values), Shape{static_cast<std::int64_t>(values.size())}, device);
}
Tensor to_dtype_copy(const Tensor& x, DType dtype);  ///< contiguous, converted, outside the graph
/// Same content on another device, contiguous, outside the graph. The same device: a copy.
Tensor to_device_copy(const Tensor& x, Device& device);
/// A tensor for results that are to lie in memory as x does: x's order of axes, without gaps.
Tensor empty_in_order_of(const Tensor& x, DType dtype);
/// Overwrites y with x (same shape; converts dtypes and strides). y must not be the result of a recorded op: its gradient
/// would be computed from the new values. Throws Error{Internal} then.
void copy_into(const Tensor& x, const Tensor& y);
/// Whoever writes a tensor's memory through its view says so; backward() then refuses graphs that recorded the old values.
void mark_written(const Tensor& x);

}  // namespace dsw
