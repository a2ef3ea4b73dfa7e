// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/tensor.h"

#include <algorithm>
#include <numeric>

#include "engine/core/result.h"
#include "engine/tensor/tensor_impl.h"

namespace dsw {
namespace {

using Strides = std::array<std::int64_t, DSW_MAX_RANK>;

std::size_t at(int axis) { return static_cast<std::size_t>(axis); }

Strides row_major(const Shape& shape) {
  Strides stride{};
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    stride[at(axis)] = step;
    step *= shape[axis];
  }
  return stride;
}

std::shared_ptr<Tensor::Impl> make_impl(const Shape& shape, const Strides& stride, DType dtype, Device& device) {
  auto impl = std::make_shared<Tensor::Impl>();
  impl->storage = device.allocate(static_cast<std::size_t>(shape.elements()) * dtype_bytes(dtype));
  impl->device = &device;
  impl->shape = shape;
  impl->stride = stride;
  impl->dtype = dtype;
  return impl;
}

/// A second view of the same memory, outside the graph.
std::shared_ptr<Tensor::Impl> share(const Tensor::Impl& from) {
  auto impl = std::make_shared<Tensor::Impl>(from);
  impl->requires_grad = false;
  impl->node.reset();
  return impl;
}

/// Strides with which `from` shows as `shape`, or false. Both have the same number of elements.
/// Groups of axes that hold the same elements must each lie in memory without gaps.
bool reshaped_strides(const Tensor::Impl& from, const Shape& shape, Strides& result) {
  if (from.shape.elements() == 0) {
    result = row_major(shape);
    return true;
  }
  Shape old_shape;
  Strides old_stride{};
  for (int axis = 0; axis < from.shape.rank(); ++axis) {
    if (from.shape[axis] == 1) continue;
    old_stride[at(old_shape.rank())] = from.stride[at(axis)];
    old_shape.push_back(from.shape[axis]);
  }
  result = row_major(shape);  // axes of length 1 that follow no group keep these
  int old_begin = 0, new_begin = 0;
  while (old_begin < old_shape.rank() && new_begin < shape.rank()) {
    int old_end = old_begin + 1, new_end = new_begin + 1;
    std::int64_t old_count = old_shape[old_begin], new_count = shape[new_begin];
    while (old_count != new_count) {
      if (new_count < old_count)
        new_count *= shape[new_end++];
      else
        old_count *= old_shape[old_end++];
    }
    for (int axis = old_begin; axis + 1 < old_end; ++axis)
      if (old_stride[at(axis)] != old_shape[axis + 1] * old_stride[at(axis + 1)]) return false;
    std::int64_t step = old_stride[at(old_end - 1)];
    for (int axis = new_end - 1; axis >= new_begin; --axis) {
      result[at(axis)] = step;
      step *= shape[axis];
    }
    old_begin = old_end;
    new_begin = new_end;
  }
  return true;
}

double host_value(const unsigned char* bytes, DType dtype) {
  const auto as = [bytes](auto value) {
    std::copy_n(bytes, sizeof value, reinterpret_cast<unsigned char*>(&value));
    return static_cast<double>(value);
  };
  switch (dtype) {
    case DType::F32:
      return as(float{});
    case DType::F64:
      return as(double{});
    case DType::I32:
      return as(std::int32_t{});
    case DType::I64:
      return as(std::int64_t{});
    default:
      return as(std::uint8_t{});
  }
}

bool host_readable(DType dtype) { return dtype_bytes(dtype) >= 4 || dtype == DType::U8 || dtype == DType::Bool; }

}  // namespace

const Shape& Tensor::shape() const {
  DSW_CHECK(impl_, "an undefined tensor has no shape");
  return impl_->shape;
}

DType Tensor::dtype() const {
  DSW_CHECK(impl_, "an undefined tensor has no dtype");
  return impl_->dtype;
}

Device& Tensor::device() const {
  DSW_CHECK(impl_, "an undefined tensor has no device");
  return *impl_->device;
}

bool Tensor::is_contiguous() const {
  std::int64_t step = 1;
  for (int axis = rank() - 1; axis >= 0; --axis) {
    const std::int64_t length = impl_->shape[axis];
    if (length != 1 && impl_->stride[at(axis)] != step) return impl_->shape.elements() == 0;
    step *= length;
  }
  return true;
}

DswView Tensor::view() const {
  DswView view{};
  if (!impl_) return view;
  view.data = static_cast<unsigned char*>(impl_->storage->data()) + impl_->offset * static_cast<std::int64_t>(dtype_bytes(impl_->dtype));
  view.dtype = static_cast<std::int32_t>(impl_->dtype);
  view.rank = impl_->shape.rank();
  std::copy_n(impl_->shape.begin(), view.rank, view.shape);
  std::copy_n(impl_->stride.begin(), view.rank, view.stride);
  if (view.rank == 0) {  // kernels need no case for rank 0
    view.rank = 1;
    view.shape[0] = view.stride[0] = 1;
  }
  return view;
}

void* Tensor::raw_data(DType expected) const {
  const bool bool_as_bytes = expected == DType::U8 && dtype() == DType::Bool;
  DSW_CHECK(dtype() == expected || bool_as_bytes, "host access uses the tensor's own dtype");
  DSW_CHECK(device().host_memory(), "host access needs a device in host memory");
  DSW_CHECK(is_contiguous(), "host access needs contiguous memory");
  device().host_access();
  return view().data;
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  const bool bool_as_bytes = dtype_of<T>() == DType::U8 && dtype() == DType::Bool;
  if (dtype() != dtype_of<T>() && !bool_as_bytes) return to_dtype_copy(*this, dtype_of<T>()).template to_vector<T>();
  if (!is_contiguous()) return contiguous_copy().template to_vector<T>();
  std::vector<T> values(static_cast<std::size_t>(elements()));
  if (!values.empty()) device().copy_to_host(values.data(), view().data, bytes());
  return values;
}
template std::vector<float> Tensor::to_vector() const;
template std::vector<double> Tensor::to_vector() const;
template std::vector<std::int32_t> Tensor::to_vector() const;
template std::vector<std::int64_t> Tensor::to_vector() const;
template std::vector<std::uint8_t> Tensor::to_vector() const;

double Tensor::item() const {
  if (elements() != 1)
    throw Error(ErrorCode::ShapeMismatch, fmt::format("item: the tensor is {}; only one element has a value", shape().text()));
  if (!host_readable(dtype())) return to_vector<double>()[0];
  unsigned char value[8];
  device().copy_to_host(value, view().data, dtype_bytes(dtype()));
  return host_value(value, dtype());
}

bool Tensor::can_view_as(const Shape& new_shape) const {
  Strides stride;
  return new_shape.elements() == elements() && reshaped_strides(*impl_, new_shape, stride);
}

Tensor Tensor::view_reshape(const Shape& new_shape) const {
  if (new_shape.elements() != elements()) {
    throw Error(ErrorCode::ShapeMismatch,
                fmt::format("reshape: {} has {} elements, {} has {}", shape().text(), elements(), new_shape.text(), new_shape.elements()));
  }
  auto impl = share(*impl_);
  DSW_CHECK(reshaped_strides(*impl_, new_shape, impl->stride), "a view with a new shape needs memory without gaps");
  impl->shape = new_shape;
  return Tensor(std::move(impl));
}

Tensor Tensor::view_permute(const std::vector<int>& axes) const {
  unsigned seen = 0;
  for (const int axis : axes)
    if (axis >= 0 && axis < rank()) seen |= 1u << axis;
  if (static_cast<int>(axes.size()) != rank() || seen != (1u << rank()) - 1) {
    throw Error(ErrorCode::ShapeMismatch,
                fmt::format("permute: the tensor is {}; its {} axes must each be named once", shape().text(), rank()));
  }
  auto impl = share(*impl_);
  for (int axis = 0; axis < rank(); ++axis) {
    impl->shape[axis] = impl_->shape[axes[at(axis)]];
    impl->stride[at(axis)] = impl_->stride[at(axes[at(axis)])];
  }
  return Tensor(std::move(impl));
}

Tensor Tensor::view_slice(int axis, std::int64_t begin, std::int64_t end) const {
  const int from_front = axis < 0 ? axis + rank() : axis;
  if (from_front < 0 || from_front >= rank() || begin < 0 || end < begin || end > impl_->shape[from_front]) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("slice: {} to {} of axis {} is not within {}", begin, end, axis, shape().text()));
  }
  auto impl = share(*impl_);
  impl->shape[from_front] = end - begin;
  impl->offset += begin * impl->stride[at(from_front)];
  return Tensor(std::move(impl));
}

Tensor Tensor::view_expand(const Shape& new_shape) const {
  const int added = new_shape.rank() - rank();
  auto impl = share(*impl_);
  impl->shape = new_shape;
  impl->stride = {};
  bool fits = added >= 0;
  for (int axis = 0; fits && axis < rank(); ++axis) {
    const std::int64_t length = impl_->shape[axis];
    fits = length == new_shape[axis + added] || length == 1;
    if (length == new_shape[axis + added]) impl->stride[at(axis + added)] = impl_->stride[at(axis)];
  }
  if (!fits)
    throw Error(ErrorCode::ShapeMismatch,
                fmt::format("expand: {} cannot be repeated to {}; only axes of length 1 can", shape().text(), new_shape.text()));
  return Tensor(std::move(impl));
}

Tensor Tensor::contiguous_copy() const { return to_dtype_copy(*this, dtype()); }

bool Tensor::requires_grad() const { return impl_ && (impl_->requires_grad || impl_->node); }

Tensor& Tensor::set_requires_grad(bool on) {
  DSW_CHECK(impl_ && !impl_->node, "only a leaf is told whether it requires a gradient");
  DSW_CHECK(!on || dtype_is_float(impl_->dtype), "a gradient needs a float dtype");
  impl_->requires_grad = on;
  return *this;
}

const std::shared_ptr<Node>& Tensor::node() const {
  static const std::shared_ptr<Node> none;
  return impl_ ? impl_->node : none;
}

Tensor Tensor::detach() const { return impl_ ? Tensor(share(*impl_)) : Tensor(); }

Tensor empty(const Shape& shape, DType dtype, Device& device) { return Tensor(make_impl(shape, row_major(shape), dtype, device)); }
Tensor empty_like(const Tensor& x) { return empty(x.shape(), x.dtype(), x.device()); }

Tensor empty_in_order_of(const Tensor& x, DType dtype) {
  std::array<int, DSW_MAX_RANK> order{};
  std::iota(order.begin(), order.begin() + x.rank(), 0);
  const Strides& stride = x.impl()->stride;
  std::stable_sort(order.begin(), order.begin() + x.rank(), [&stride](int a, int b) { return stride[at(a)] > stride[at(b)]; });
  Strides dense{};
  std::int64_t step = 1;
  for (int i = x.rank() - 1; i >= 0; --i) {
    dense[at(order[at(i)])] = step;
    step *= x.size(order[at(i)]);
  }
  return Tensor(make_impl(x.shape(), dense, dtype, x.device()));
}

Tensor full(const Shape& shape, double value, DType dtype, Device& device) {
  Tensor y = empty(shape, dtype, device);
  if (y.elements() > 0) check_status(device.kernels().fill(device.stream(), y.view(), value), "fill", device);
  return y;
}
Tensor zeros(const Shape& shape, DType dtype, Device& device) { return full(shape, 0, dtype, device); }
Tensor zeros_like(const Tensor& x) { return zeros(x.shape(), x.dtype(), x.device()); }

template <class T>
Tensor from_host(std::span<const T> values, const Shape& shape, Device& device) {
  Tensor y = empty(shape, dtype_of<T>(), device);
  if (static_cast<std::int64_t>(values.size()) != y.elements()) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("from_host: {} values for a tensor of shape {}", values.size(), shape.text()));
  }
  if (!values.empty()) device.copy_from_host(y.view().data, values.data(), y.bytes());
  return y;
}
template Tensor from_host(std::span<const float>, const Shape&, Device&);
template Tensor from_host(std::span<const double>, const Shape&, Device&);
template Tensor from_host(std::span<const std::int32_t>, const Shape&, Device&);
template Tensor from_host(std::span<const std::int64_t>, const Shape&, Device&);
template Tensor from_host(std::span<const std::uint8_t>, const Shape&, Device&);

Tensor to_dtype_copy(const Tensor& x, DType dtype) {
  Tensor y = empty(x.shape(), dtype, x.device());
  if (y.elements() > 0) check_status(x.device().kernels().copy(x.device().stream(), x.view(), y.view()), "copy", x.device());
  return y;
}

Tensor to_device_copy(const Tensor& x, Device& device) {
  const Tensor source = x.is_contiguous() ? x : x.contiguous_copy();
  Tensor y = empty(x.shape(), x.dtype(), device);
  if (y.elements() == 0) return y;
  if (source.device().host_memory()) {
    source.device().synchronize();
    device.copy_from_host(y.view().data, source.view().data, y.bytes());
  } else {
    std::vector<unsigned char> host(y.bytes());
    source.device().copy_to_host(host.data(), source.view().data, y.bytes());
    device.copy_from_host(y.view().data, host.data(), y.bytes());
  }
  return y;
}

void copy_into(const Tensor& x, const Tensor& y) {
  DSW_CHECK(!y.node(), "a recorded op's result is never overwritten");
  if (!(x.shape() == y.shape())) {
    throw Error(ErrorCode::ShapeMismatch,
                fmt::format("copy_into: x is {}, y is {}; they must be equal", x.shape().text(), y.shape().text()));
  }
  DSW_CHECK(&x.device() == &y.device(), "both tensors of a copy are on one device");
  if (y.elements() > 0) check_status(y.device().kernels().copy(y.device().stream(), x.view(), y.view()), "copy", y.device());
  mark_written(y);
}

void mark_written(const Tensor& x) { ++x.impl()->storage->version; }

}  // namespace dsw
