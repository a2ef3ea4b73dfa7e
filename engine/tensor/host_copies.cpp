// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/host_copies.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/tensor/dtype.h"
#include "kernels/narrow_float.h"
#include "kernels/view.h"

namespace dsw {
namespace {

using namespace kernels;

std::size_t element_bytes(const DswView& x) { return dtype_bytes(static_cast<DType>(x.dtype)); }

/// Bytes [first, last) that a view of at least one element touches.
std::pair<unsigned char*, unsigned char*> span_of(const DswView& x) {
  std::int64_t low = 0, high = 0;
  for (int axis = 0; axis < x.rank; ++axis) {
    const std::int64_t reach = (x.shape[axis] - 1) * x.stride[axis];
    (reach < 0 ? low : high) += reach;
  }
  const auto bytes = static_cast<std::int64_t>(element_bytes(x));
  return {data<unsigned char>(x) + low * bytes, data<unsigned char>(x) + (high + 1) * bytes};
}

double value_at(const DswView& x, std::int64_t offset) {
  switch (static_cast<DType>(x.dtype)) {
    case DType::F32:
      return static_cast<double>(data<float>(x)[offset]);
    case DType::F64:
      return data<double>(x)[offset];
    case DType::BF16:
      return static_cast<double>(to_float(data<Bf16>(x)[offset]));
    case DType::F16:
      return static_cast<double>(to_float(data<F16>(x)[offset]));
    case DType::E4M3:
      return static_cast<double>(to_float(data<E4m3>(x)[offset]));
    case DType::E5M2:
      return static_cast<double>(to_float(data<E5m2>(x)[offset]));
    default:
      return 0;
  }
}

bool is_float(const DswView& x) {
  const auto dtype = static_cast<DType>(x.dtype);
  return dtype_is_float(dtype) || dtype == DType::E4M3 || dtype == DType::E5M2;
}

/// How far two ways to compute a number may be apart, as a share of its size.
double allowed(DType dtype) {
  switch (dtype) {
    case DType::F64:
      return 1e-7;
    case DType::F32:
      return 2e-3;
    case DType::F16:
      return 1e-2;
    case DType::BF16:
      return 5e-2;
    default:
      return 0.3;  // an 8-bit float's neighbour
  }
}

template <class F>
void for_each(const DswView& x, F&& f) {
  const DswView* const views[] = {&x};
  for_each_element(x, views, [&](const std::int64_t* offsets) { f(offsets[0]); });
}

}  // namespace

void HostCopies::note(const DswView& x) {
  if (!given(x) || elements(x) == 0) return;
  const auto [begin, end] = span_of(x);
  ranges_.push_back({begin, end, {}});
}

void HostCopies::note(const DswAdamWMany* many) {
  for (std::int64_t i = 0; i < many->count; ++i)
    for (const DswView* view : {&many->pieces[i].w, &many->pieces[i].g, &many->pieces[i].m, &many->pieces[i].v}) note(*view);
}

std::size_t HostCopies::bytes() const {
  std::size_t sum = 0;
  for (const Range& range : ranges_) sum += static_cast<std::size_t>(range.end - range.begin);
  return sum;
}

void HostCopies::read(Device& device) {
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  std::vector<Range> apart;
  for (Range& range : ranges_) {
    if (!apart.empty() && range.begin < apart.back().end)
      apart.back().end = std::max(apart.back().end, range.end);
    else
      apart.push_back(std::move(range));
  }
  ranges_ = std::move(apart);
  for (Range& range : ranges_) {
    range.copy.resize(static_cast<std::size_t>(range.end - range.begin));
    device.copy_to_host(range.copy.data(), range.begin, range.copy.size());
  }
}

void HostCopies::write(Device& device, const HostCopies& device_has) const {
  for (std::size_t i = 0; i < ranges_.size(); ++i)
    if (ranges_[i].copy != device_has.ranges_[i].copy)
      device.copy_from_host(ranges_[i].begin, ranges_[i].copy.data(), ranges_[i].copy.size());
}

DswView HostCopies::here(const DswView& x) const {
  DswView view = x;
  if (!given(x) || elements(x) == 0) return view;
  auto* at = data<unsigned char>(x);
  for (const Range& range : ranges_)
    if (at >= range.begin && at < range.end) view.data = const_cast<unsigned char*>(range.copy.data()) + (at - range.begin);
  return view;
}

const DswAdamWMany* HostCopies::here(const DswAdamWMany* many) const {
  auto& pieces = pieces_.emplace_back(many->pieces, many->pieces + many->count);
  for (DswAdamWPiece& piece : pieces)
    for (DswView* view : {&piece.w, &piece.g, &piece.m, &piece.v}) *view = here(*view);
  return &many_.emplace_back(DswAdamWMany{many->settings, pieces.data(), many->count});
}

double largest_magnitude(const DswView& x) {
  double largest = 0;
  if (given(x) && is_float(x)) {
    for_each(x, [&](std::int64_t at) {
      const double value = std::abs(value_at(x, at));
      if (std::isfinite(value)) largest = std::max(largest, value);
    });
  }
  return largest;
}

bool agree(const DswView& ours, const DswView& truth, double scale) {
  if (!given(ours) || elements(ours) == 0) return true;
  const DswView* const views[] = {&ours, &truth};
  bool same = true;
  if (!is_float(ours)) {
    const std::size_t size = element_bytes(ours);
    for_each_element(ours, views, [&](const std::int64_t* at) {
      same = same && std::memcmp(data<char>(ours) + at[0] * static_cast<std::int64_t>(size),
                                 data<char>(truth) + at[1] * static_cast<std::int64_t>(size), size) == 0;
    });
    return same;
  }
  double squares = 0, finite = 0;
  for_each(truth, [&](std::int64_t at) {
    const double value = value_at(truth, at);
    if (!std::isfinite(value)) return;
    squares += value * value;
    ++finite;
  });
  const double usual = elements(truth) < 16 ? scale : std::sqrt(squares / std::max(1.0, finite));
  const double share = allowed(static_cast<DType>(ours.dtype));
  for_each_element(ours, views, [&](const std::int64_t* at) {
    const double mine = value_at(ours, at[0]), right = value_at(truth, at[1]);
    if (std::isfinite(right) && std::isfinite(mine))
      same = same && std::abs(mine - right) <= share * (std::abs(right) + usual);
    else
      same = same && (std::isnan(right) ? std::isnan(mine) : mine == right);
  });
  return same;
}

}  // namespace dsw
