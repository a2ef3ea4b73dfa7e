// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "kernels/cuda/cublas_lt_api.h"
#include "kernels/cuda/stream.h"

/// Matrix products by cuBLASLt. A call that the library does not take (odd strides, dtypes, nothing to multiply) gives DSW_UNSUPPORTED and
/// belongs to our own kernels; one that fails gives DSW_DEVICE_FAULT.
namespace dsw::cuda {

/// What is asked of the library, by columns: d [rows, columns] = op(a) op(b), of `batches` matrices. Leading dimensions and offsets between
/// matrices in elements. Two equal ones are served by the same algorithm.
struct LibraryProduct {
  int a_type, b_type, d_type, bias_type;  // bias_type -1: no bias
  bool turn_a, turn_b;
  std::int64_t rows, columns, sum, a_leading, b_leading, d_leading;
  std::int64_t batches, a_offset, b_offset, d_offset;
  std::uint32_t a_alignment, b_alignment, d_alignment;  // bytes that the addresses are multiples of, 16 at most

  auto key() const {
    return std::tie(a_type, b_type, d_type, bias_type, turn_a, turn_b, rows, columns, sum, a_leading, b_leading, d_leading, batches,
                    a_offset, b_offset, d_offset, a_alignment, b_alignment, d_alignment);
  }
  bool operator<(const LibraryProduct& other) const { return key() < other.key(); }
};

/// One stream's; used by its thread.
class LibraryProducts {
 public:
  /// Null: there is no library, or it does not start.
  static std::unique_ptr<LibraryProducts> open();
  ~LibraryProducts();
  LibraryProducts(const LibraryProducts&) = delete;
  LibraryProducts& operator=(const LibraryProducts&) = delete;

  /// Those of kernel_table.h. Of 8-bit floats only products with one scale for each matrix, from sm_89 on: the rules of the library.
  int matmul(DswStream* stream, const DswView& a, const DswView& b, const DswView& bias, const DswView& c, double alpha, double beta);
  int matmul_blocks(DswStream* stream, const DswView& a, const DswView& a_scale, const DswView& b, const DswView& b_scale,
                    const DswView& bias, const DswView& c);

 private:
  struct Descriptors;
  struct Pointers {
    const void *a, *b, *bias, *a_scale, *b_scale;
    void* d;
  };
  explicit LibraryProducts(const lt::Functions& functions) : lt_(functions) {}
  int multiply(DswStream* stream, const LibraryProduct& product, const Pointers& pointers, float alpha, float beta);
  /// The library's choice for it, asked for once; null: it has none.
  const lt::HeuristicResult* algorithm_for(const LibraryProduct& product, const Descriptors& descriptors);

  const lt::Functions& lt_;
  lt::Handle handle_ = nullptr;
  std::map<LibraryProduct, lt::HeuristicResult> chosen_;  // state other than kSuccess: none
};

}  // namespace dsw::cuda
