// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/kernel_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/narrow_float.h"
#include "kernels/philox.h"
#include "kernels/reference/reference_kernels.h"
#include "tests/support/emulated_device.h"
#include "tests/support/emulated_stream.h"

namespace dsw::test {
namespace {

constexpr double kGap = -77.0;  // what lies between a view's elements

std::int64_t count(const Lengths& shape) {
  std::int64_t n = 1;
  for (const std::int64_t length : shape) n *= length;
  return n;
}

std::size_t bytes_of(DswDType dtype) {
  switch (dtype) {
    case DSW_F64:
    case DSW_I64:
      return 8;
    case DSW_F32:
    case DSW_I32:
      return 4;
    case DSW_BF16:
    case DSW_F16:
      return 2;
    default:
      return 1;
  }
}

void write(void* memory, DswDType dtype, std::int64_t at, double value) {
  switch (dtype) {
    case DSW_F64:
      static_cast<double*>(memory)[at] = value;
      break;
    case DSW_F32:
      static_cast<float*>(memory)[at] = static_cast<float>(value);
      break;
    case DSW_BF16:
      static_cast<kernels::Bf16*>(memory)[at] = kernels::to_bf16(static_cast<float>(value));
      break;
    case DSW_F16:
      static_cast<kernels::F16*>(memory)[at] = kernels::to_f16(static_cast<float>(value));
      break;
    case DSW_I64:
      static_cast<std::int64_t*>(memory)[at] = static_cast<std::int64_t>(value);
      break;
    case DSW_I32:
      static_cast<std::int32_t*>(memory)[at] = static_cast<std::int32_t>(value);
      break;
    default:
      static_cast<std::uint8_t*>(memory)[at] = static_cast<std::uint8_t>(value);
      break;
  }
}
double read(const void* memory, DswDType dtype, std::int64_t at) {
  switch (dtype) {
    case DSW_F64:
      return static_cast<const double*>(memory)[at];
    case DSW_F32:
      return static_cast<double>(static_cast<const float*>(memory)[at]);
    case DSW_BF16:
      return static_cast<double>(kernels::to_float(static_cast<const kernels::Bf16*>(memory)[at]));
    case DSW_F16:
      return static_cast<double>(kernels::to_float(static_cast<const kernels::F16*>(memory)[at]));
    case DSW_I64:
      return static_cast<double>(static_cast<const std::int64_t*>(memory)[at]);
    case DSW_I32:
      return static_cast<const std::int32_t*>(memory)[at];
    default:
      return static_cast<const std::uint8_t*>(memory)[at];
  }
}

std::int64_t offset(const Lengths& shape, const Lengths& stride, std::int64_t element) {
  std::int64_t at = 0;
  for (std::size_t a = shape.size(); a-- > 0;) {
    at += element % shape[a] * stride[a];
    element /= shape[a];
  }
  return at;
}

/// Threads are slow to start: all cases of a program share three streams, as kernels of a run share theirs.
DswStream* shared_stream(int threads) {
  static const Stream one(1), two(2), three(3);
  return threads == 1 ? one.get() : threads == 2 ? two.get() : three.get();
}

}  // namespace

/// One argument's memory in one dtype, filled with its starting values.
struct KernelCase::Memory {
  DswDType dtype;
  std::vector<std::uint64_t> words;  // 8-byte aligned bytes
  DswView view{};

  Memory(const Argument& a, DswDType float_dtype) : dtype(!a.is_float ? a.dtype : a.narrow != DSW_F32 ? a.narrow : float_dtype) {
    if (a.is_missing) return;
    words.resize(static_cast<std::size_t>(a.span) * bytes_of(dtype) / 8 + 2);
    for (std::int64_t i = 0; i < a.span; ++i) write(words.data(), dtype, i, a.is_float ? kGap : 0);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(a.start.size()); ++i)
      write(words.data(), dtype, offset(a.shape, a.stride, i), a.start[static_cast<std::size_t>(i)]);
    view.data = words.data();
    view.rank = static_cast<std::int32_t>(a.shape.size());
    view.dtype = dtype;
    for (std::size_t i = 0; i < a.shape.size(); ++i) {
      view.shape[i] = a.shape[i];
      view.stride[i] = a.stride[i];
    }
  }
  std::size_t bytes(const Argument& a) const { return static_cast<std::size_t>(a.span) * bytes_of(dtype); }
  double at(const Argument& a, std::int64_t element) const { return read(words.data(), dtype, offset(a.shape, a.stride, element)); }
};

KernelCase::KernelCase(std::string name, std::uint64_t seed) : name_(std::move(name)), seed_(seed) {}

KernelCase::Argument& KernelCase::add(const Lengths& shape, Layout layout) {
  Argument a;
  a.shape = shape;
  a.narrow = narrow_;
  a.stride.assign(shape.size(), 0);
  std::vector<std::size_t> order(shape.size());  // outermost first
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (layout == Layout::Transposed && order.size() >= 2) std::swap(order[order.size() - 1], order[order.size() - 2]);
  std::int64_t step = layout == Layout::Spread ? 2 : 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    a.stride[order[i]] = step;
    step *= shape[order[i]];
    if (layout == Layout::Padded && i + 1 == order.size()) step += 3;
  }
  a.span = std::max<std::int64_t>(1, step);
  if (layout == Layout::Expanded && !shape.empty()) a.stride[0] = 0;
  arguments_.push_back(a);
  return arguments_.back();
}

KernelCase& KernelCase::input(const Lengths& shape, Layout layout, double low, double high) {
  Argument& a = add(shape, layout);
  const std::uint64_t key = seed_ * 1000 + arguments_.size();
  a.start.resize(static_cast<std::size_t>(count(shape)));
  for (std::int64_t i = 0; i < count(shape); ++i) {
    // By place in memory, so that elements that share memory get one value.
    const auto place = static_cast<std::uint64_t>(offset(shape, a.stride, i));
    a.start[static_cast<std::size_t>(i)] =
        static_cast<double>(static_cast<float>(low + (high - low) * kernels::unit_from_word(kernels::philox(key, place)[0])));
  }
  return *this;
}
KernelCase& KernelCase::values(const Lengths& shape, const std::vector<double>& values, Layout layout) {
  Argument& a = add(shape, layout);
  for (const double value : values) a.start.push_back(static_cast<double>(static_cast<float>(value)));
  return *this;
}
KernelCase& KernelCase::integers(const Lengths& shape, const std::vector<std::int64_t>& values, DswDType dtype) {
  Argument& a = add(shape, Layout::Dense);
  a.start.assign(values.begin(), values.end());
  a.dtype = dtype;
  a.is_float = false;
  return *this;
}
KernelCase& KernelCase::missing() {
  add({}, Layout::Dense).is_missing = true;
  return *this;
}
KernelCase& KernelCase::output(const Lengths& shape, Layout layout) {
  Argument& a = add(shape, layout);
  a.start.assign(static_cast<std::size_t>(count(shape)), std::numeric_limits<double>::quiet_NaN());
  a.is_output = true;
  return *this;
}
KernelCase& KernelCase::changed(const Lengths& shape, Layout layout, double low, double high) {
  input(shape, layout, low, high);
  arguments_.back().is_output = true;
  return *this;
}
KernelCase& KernelCase::integer_output(const Lengths& shape, DswDType dtype) {
  integers(shape, std::vector<std::int64_t>(static_cast<std::size_t>(count(shape)), 0), dtype);
  arguments_.back().is_output = true;
  return *this;
}
KernelCase& KernelCase::double_output(const Lengths& shape) {
  integers(shape, std::vector<std::int64_t>(static_cast<std::size_t>(count(shape)), 1), DSW_F64);
  arguments_.back().is_output = true;
  return *this;
}
KernelCase& KernelCase::put(std::int64_t element, double value) {
  arguments_.back().start[static_cast<std::size_t>(element)] = value;
  return *this;
}

KernelCase& KernelCase::narrow(DswDType dtype) {
  narrow_ = dtype;
  tolerance_ = std::max(tolerance_, 1e-5);
  return *this;
}
KernelCase& KernelCase::wide() {
  narrow_ = DSW_F32;
  return *this;
}

std::vector<DswView> KernelCase::prepare(DswDType dtype, std::vector<Memory>& memory) const {
  std::vector<DswView> views;
  memory.reserve(arguments_.size());
  for (const Argument& a : arguments_) {
    memory.emplace_back(a, dtype);
    views.push_back(memory.back().view);
  }
  return views;
}

int KernelCase::reference(const Call& call, std::vector<Memory>& expected) const {
  return call(*dsw_reference_kernels(), nullptr, prepare(reference_in_float32_ ? DSW_F32 : DSW_F64, expected));
}

void KernelCase::compare(const std::vector<Memory>& got, const std::vector<Memory>& expected) const {
  for (std::size_t k = 0; k < arguments_.size(); ++k) {
    const Argument& a = arguments_[k];
    if (a.is_missing) continue;
    double error = 0, square = 0;
    std::vector<bool> used(static_cast<std::size_t>(a.span), false);
    for (std::int64_t i = 0; i < count(a.shape); ++i) {
      used[static_cast<std::size_t>(offset(a.shape, a.stride, i))] = true;
      const double x = got[k].at(a, i), want = expected[k].at(a, i);
      const bool whole = std::isfinite(want);
      const bool must_equal = !a.is_output || !a.is_float || tolerance_ == 0;
      const double slack = a.dtype == DSW_F64 && !a.is_float ? 1e-6 * std::fabs(want) : 0;
      // Plain comparisons: an assertion object for each of millions of elements takes longer than the kernels.
      const bool wrong = whole              ? !std::isfinite(x) || (must_equal && std::fabs(x - want) > slack)
                         : std::isnan(want) ? !std::isnan(x)
                                            : x != want;
      if (wrong) FAIL() << "argument " << k << ", element " << i << ": " << x << " for " << want;
      if (!whole) continue;
      error += (x - want) * (x - want);
      square += want * want;
    }
    ASSERT_LE(error, tolerance_ * square + absolute_ * absolute_ * static_cast<double>(count(a.shape)) + 1e-30)
        << "argument " << k << ": relative squared error " << error / square;
    for (std::int64_t i = 0; a.is_float && i < a.span; ++i) {
      if (used[static_cast<std::size_t>(i)]) continue;
      if (read(got[k].words.data(), got[k].dtype, i) != kGap) FAIL() << "argument " << k << ": memory between elements was written";
    }
  }
}

void KernelCase::run(const Call& call) {
  std::vector<Memory> expected;
  const int expected_status = reference(call, expected);
  for (const auto& [table_name, table] : cpu_tables()) {
    for (int threads = 1; threads <= 3; ++threads) {
      SCOPED_TRACE(name_ + ", " + table_name + ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads"));
      std::vector<Memory> got;
      const std::vector<DswView> views = prepare(DSW_F32, got);
      ASSERT_EQ(call(*table, shared_stream(threads), views), expected_status);
      if (expected_status != DSW_OK) continue;
      ASSERT_NO_FATAL_FAILURE(compare(got, expected));
    }
  }
}

void KernelCase::run_on_cuda(const Call& call) { run_on_cuda_with(*cuda_module_under_test()->kernels, call); }
void KernelCase::run_on_cuda_plainly(const Call& call) { run_on_cuda_with(*cuda_module_under_test()->compatible, call); }

void KernelCase::run_on_cuda_with(const DswKernels& kernels, const Call& call) {
  SCOPED_TRACE(name_ + ", CUDA");
  std::vector<Memory> expected, got;
  const int expected_status = reference(call, expected);
  const std::vector<DswView> host = prepare(DSW_F32, got);
  const EmulatedStream stream;
  std::vector<DswView> views = host;
  for (std::size_t k = 0; k < views.size(); ++k) {
    if (!arguments_[k].is_missing) views[k].data = stream.copy_in(host[k].data, got[k].bytes(arguments_[k]));
  }
  int status = call(kernels, stream.get(), views);
  if (status == DSW_OK) status = stream.synchronize();
  ASSERT_EQ(status, expected_status) << stream.report();
  if (status != DSW_OK) return;
  for (std::size_t k = 0; k < views.size(); ++k) {
    if (!arguments_[k].is_missing) stream.copy_out(views[k].data, host[k].data, got[k].bytes(arguments_[k]));
  }
  compare(got, expected);
}

std::vector<std::pair<std::string, const DswKernels*>> cpu_tables() {
  std::vector<std::pair<std::string, const DswKernels*>> tables;
  for (const char* name : {"baseline", "AVX2", "AVX-512"}) {
    if (const DswKernels* table = dsw_cpu_kernels_of(name)) tables.emplace_back(name, table);
  }
  return tables;
}

Stream::Stream(int threads) : stream_(dsw_cpu_stream_create(threads)) {}
Stream::~Stream() { dsw_cpu_stream_destroy(stream_); }

DswView dense_view(void* data, const Lengths& shape, DswDType dtype) {
  DswView view{};
  view.data = data;
  view.rank = static_cast<std::int32_t>(shape.size());
  view.dtype = dtype;
  std::int64_t step = 1;
  for (std::size_t a = shape.size(); a-- > 0;) {
    view.shape[a] = shape[a];
    view.stride[a] = step;
    step *= shape[a];
  }
  return view;
}

}  // namespace dsw::test
