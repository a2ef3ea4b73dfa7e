// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/library_products.h"

#include <algorithm>

#include "kernels/cuda/checks.h"
#include "kernels/cuda/scratch.h"

namespace dsw::cuda {
namespace {

constexpr std::size_t kMostWorkspace = std::size_t{32} << 20;  // what NVIDIA advises for Hopper
constexpr std::int64_t kFp8Multiple = 16;                      // of every length of a product of 8-bit floats

/// -1: a dtype that the library's products have not.
int type_of(int dtype) {
  switch (dtype) {
    case DSW_F32:
      return lt::kF32;
    case DSW_BF16:
      return lt::kBf16;
    case DSW_F16:
      return lt::kF16;
    case DSW_E4M3:
      return lt::kE4m3;
    case DSW_E5M2:
      return lt::kE5m2;
    default:
      return -1;
  }
}
std::uint32_t alignment_of(const void* data) {
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  std::uint32_t bytes = 16;
  while (address % bytes != 0) bytes /= 2;
  return bytes;
}

/// A matrix of the last two axes as the library sees it, that is by columns: our rows are its columns unless it is turned.
struct Matrix {
  bool fits, turned;
  std::int64_t leading;
};
Matrix matrix_of(const DswView& x) {
  const int row = x.rank - 2, column = x.rank - 1;
  const std::int64_t rows = x.shape[row], columns = x.shape[column];
  if (columns == 1 || x.stride[column] == 1) {
    const std::int64_t leading = rows == 1 ? columns : x.stride[row];
    if (leading >= columns) return {true, false, leading};
  }
  if (rows == 1 || x.stride[row] == 1) {
    const std::int64_t leading = columns == 1 ? rows : x.stride[column];
    if (leading >= rows) return {true, true, leading};
  }
  return {false, false, 0};
}

/// The leading axes as one. fits false: they are not evenly apart.
struct Batches {
  bool fits;
  std::int64_t count, offset;
};
Batches batches_of(const DswView& x) {
  Batches all{true, 1, 0};
  for (int axis = x.rank - 3; axis >= 0; --axis) {
    if (x.shape[axis] == 1) continue;
    if (all.count != 1 && x.stride[axis] != all.offset * all.count) all.fits = false;
    if (all.count == 1) all.offset = x.stride[axis];
    all.count *= x.shape[axis];
  }
  return all;
}

}  // namespace

/// The library's descriptors of one product. `status`: what making them gave.
struct LibraryProducts::Descriptors {
  Descriptors(const lt::Functions& functions, const LibraryProduct& p, const Pointers& pointers) : lt(functions) {
    try_to(lt.desc_create(&desc, lt::kComputeF32, lt::kF32));
    const std::int32_t turn_a = p.turn_a ? lt::kTurned : lt::kAsItLies, turn_b = p.turn_b ? lt::kTurned : lt::kAsItLies;
    set(lt::kTurnA, turn_a);
    set(lt::kTurnB, turn_b);
    if (p.bias_type >= 0) {
      set(lt::kEpilogue, lt::kEpilogueBias);
      set(lt::kBiasPointer, pointers.bias);
      set(lt::kBiasType, std::int32_t{p.bias_type});
    }
    if (pointers.a_scale != nullptr) {
      set(lt::kAScalePointer, pointers.a_scale);
      set(lt::kBScalePointer, pointers.b_scale);
    }
    make(a, p.a_type, p.turn_a ? p.sum : p.rows, p.turn_a ? p.rows : p.sum, p.a_leading, p.batches, p.a_offset);
    make(b, p.b_type, p.turn_b ? p.columns : p.sum, p.turn_b ? p.sum : p.columns, p.b_leading, p.batches, p.b_offset);
    make(d, p.d_type, p.rows, p.columns, p.d_leading, p.batches, p.d_offset);
  }
  ~Descriptors() {
    for (const lt::Layout layout : {a, b, d})
      if (layout != nullptr) lt.layout_destroy(layout);
    if (desc != nullptr) lt.desc_destroy(desc);
  }
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;

  void try_to(int result) {
    if (status == lt::kSuccess) status = result;
  }
  template <class T>
  void set(int attribute, const T& value) {
    if (status == lt::kSuccess) status = lt.desc_set(desc, attribute, &value, sizeof(value));
  }
  void make(lt::Layout& layout, int type, std::int64_t rows, std::int64_t columns, std::int64_t leading, std::int64_t batches,
            std::int64_t offset) {
    if (status != lt::kSuccess) return;
    status = lt.layout_create(&layout, type, static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns), leading);
    const auto count = static_cast<std::int32_t>(batches);
    if (count == 1 || status != lt::kSuccess) return;
    try_to(lt.layout_set(layout, lt::kBatchCount, &count, sizeof(count)));
    try_to(lt.layout_set(layout, lt::kBatchOffset, &offset, sizeof(offset)));
  }

  const lt::Functions& lt;
  lt::Desc desc = nullptr;
  lt::Layout a = nullptr, b = nullptr, d = nullptr;
  int status = lt::kSuccess;
};

std::unique_ptr<LibraryProducts> LibraryProducts::open() {
  const lt::Functions* functions = lt::functions();
  if (functions == nullptr) return nullptr;
  std::unique_ptr<LibraryProducts> library(new LibraryProducts(*functions));
  return functions->create(&library->handle_) == lt::kSuccess ? std::move(library) : nullptr;
}
LibraryProducts::~LibraryProducts() {
  if (handle_ != nullptr) lt_.destroy(handle_);
}

const lt::HeuristicResult* LibraryProducts::algorithm_for(const LibraryProduct& p, const Descriptors& descriptors) {
  auto found = chosen_.find(p);
  if (found == chosen_.end()) {
    lt::HeuristicResult result{};
    result.state = lt::kNotSupported;
    lt::Preference preference = nullptr;
    int count = 0, status = lt_.preference_create(&preference);
    const auto set = [&](int attribute, const auto& value) {
      if (status == lt::kSuccess) status = lt_.preference_set(preference, attribute, &value, sizeof(value));
    };
    set(lt::kMostWorkspace, std::uint64_t{kMostWorkspace});
    set(lt::kAlignmentA, p.a_alignment);
    set(lt::kAlignmentB, p.b_alignment);
    set(lt::kAlignmentC, p.d_alignment);
    set(lt::kAlignmentD, p.d_alignment);
    if (status == lt::kSuccess)
      status = lt_.heuristic(handle_, descriptors.desc, descriptors.a, descriptors.b, descriptors.d, descriptors.d, preference, 1, &result,
                             &count);
    if (status != lt::kSuccess || count == 0) result.state = lt::kNotSupported;
    if (preference != nullptr) lt_.preference_destroy(preference);
    found = chosen_.emplace(p, result).first;
  }
  return found->second.state == lt::kSuccess ? &found->second : nullptr;
}

int LibraryProducts::multiply(DswStream* stream, const LibraryProduct& p, const Pointers& pointers, float alpha, float beta) {
  const Descriptors descriptors(lt_, p, pointers);
  const lt::HeuristicResult* chosen = descriptors.status == lt::kSuccess ? algorithm_for(p, descriptors) : nullptr;
  if (chosen == nullptr) return DSW_UNSUPPORTED;
  const Scratch<char> workspace(stream, static_cast<std::int64_t>(chosen->workspace_bytes));
  if (workspace.status() != DSW_OK) return DSW_DEVICE_FAULT;  // also in a capture: by another way it would have other bits
  const int status =
      lt_.matmul(handle_, descriptors.desc, &alpha, pointers.a, descriptors.a, pointers.b, descriptors.b, &beta, pointers.d, descriptors.d,
                 pointers.d, descriptors.d, &chosen->algorithm, workspace.data(), chosen->workspace_bytes, stream_of(stream).stream);
  if (status == lt::kSuccess) return DSW_OK;
  last_error() = "cuBLASLt: matmul gave status " + std::to_string(status);
  return DSW_DEVICE_FAULT;
}

int LibraryProducts::matmul(DswStream* stream, const DswView& a, const DswView& b, const DswView& bias, const DswView& c, double alpha,
                            double beta) {
  const int axis = c.rank - 2;
  const Matrix left = matrix_of(b), right = matrix_of(a), result = matrix_of(c);  // c^T = b^T a^T, by columns
  Batches a_batches = batches_of(a), b_batches = batches_of(b), c_batches = batches_of(c);
  const std::int64_t K = a.shape[axis + 1], N = c.shape[axis + 1];
  std::int64_t M = c.shape[axis];
  if (M == 0 || N == 0 || K == 0 || c_batches.count == 0) return DSW_UNSUPPORTED;
  if (!left.fits || !right.fits || !result.fits || result.turned || !a_batches.fits || !b_batches.fits || !c_batches.fits)
    return DSW_UNSUPPORTED;
  if (a.dtype != b.dtype || (c.dtype != a.dtype && c.dtype != DSW_F32) || type_of(a.dtype) < 0) return DSW_UNSUPPORTED;
  if (given(bias) && (bias.dtype != c.dtype || (N != 1 && bias.stride[0] != 1))) return DSW_UNSUPPORTED;
  if (b_batches.offset == 0 && !right.turned && a_batches.offset == M * right.leading && c_batches.offset == M * result.leading) {
    M *= c_batches.count;  // one weight for all: one matrix
    a_batches = b_batches = c_batches = {true, 1, 0};
  }
  const LibraryProduct product{type_of(b.dtype),
                               type_of(a.dtype),
                               type_of(c.dtype),
                               given(bias) ? type_of(bias.dtype) : -1,
                               left.turned,
                               right.turned,
                               N,
                               M,
                               K,
                               left.leading,
                               right.leading,
                               result.leading,
                               c_batches.count,
                               b_batches.offset,
                               a_batches.offset,
                               c_batches.offset,
                               alignment_of(b.data),
                               alignment_of(a.data),
                               alignment_of(c.data)};
  return multiply(stream, product, {b.data, a.data, bias.data, nullptr, nullptr, c.data}, static_cast<float>(alpha),
                  static_cast<float>(beta));
}

int LibraryProducts::matmul_blocks(DswStream* stream, const DswView& a, const DswView& a_scale, const DswView& b, const DswView& b_scale,
                                   const DswView& bias, const DswView& c) {
  const std::int64_t M = c.shape[0], N = c.shape[1], K = a.shape[1];
  if (stream_of(stream).capability < 89 || M == 0 || N == 0 || K == 0) return DSW_UNSUPPORTED;
  for (const std::int64_t length : {M, N, K})
    if (length % kFp8Multiple != 0) return DSW_UNSUPPORTED;
  if (elements(a_scale) != 1 || elements(b_scale) != 1 || (a.dtype == DSW_E5M2 && b.dtype == DSW_E5M2)) return DSW_UNSUPPORTED;
  const Matrix left = matrix_of(b), right = matrix_of(a), result = matrix_of(c);
  if (!left.fits || left.turned || !right.fits || right.turned || !result.fits || result.turned) return DSW_UNSUPPORTED;
  if (left.leading % kFp8Multiple != 0 || right.leading % kFp8Multiple != 0 || result.leading % kFp8Multiple != 0) return DSW_UNSUPPORTED;
  if (alignment_of(a.data) < 16 || alignment_of(b.data) < 16 || alignment_of(c.data) < 16) return DSW_UNSUPPORTED;
  const int bias_type = c.dtype == DSW_F16 ? DSW_F16 : DSW_BF16;  // also beside a float32 result
  if (given(bias) && (bias.dtype != bias_type || bias.stride[0] != 1)) return DSW_UNSUPPORTED;
  const LibraryProduct product{type_of(b.dtype),
                               type_of(a.dtype),
                               type_of(c.dtype),
                               given(bias) ? type_of(bias.dtype) : -1,
                               true,  // the library wants both along the sum, which is how they lie
                               false,
                               N,
                               M,
                               K,
                               left.leading,
                               right.leading,
                               result.leading,
                               1,
                               0,
                               0,
                               0,
                               16,
                               16,
                               16};
  return multiply(stream, product, {b.data, a.data, bias.data, b_scale.data, a_scale.data, c.data}, 1, 0);
}

}  // namespace dsw::cuda
