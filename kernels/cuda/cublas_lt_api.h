// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>

/// The part of cuBLASLt's interface that our products call, so that the module needs neither its header nor its library to be built; names
/// in our style, the numbers are cublasLt.h's (a test compares them where that header is). Handles are opaque, stream: a cudaStream_t.
/// Matrices lie by columns. Source: cuBLAS library reference, "Using the cuBLASLt API".
namespace dsw::cuda::lt {

enum Status : int { kSuccess = 0, kNotInitialized = 1, kInvalidValue = 7, kExecutionFailed = 13, kNotSupported = 15 };
enum DataType : int { kF32 = 0, kF16 = 2, kBf16 = 14, kE4m3 = 28, kE5m2 = 29 };
constexpr int kComputeF32 = 68;  // float32 sums of float32 products: not TF32
constexpr int kAsItLies = 0, kTurned = 1;
constexpr std::uint32_t kEpilogueBias = 4;
enum LayoutAttribute : int { kBatchCount = 5, kBatchOffset = 6 };  // int32; int64, in elements
enum DescAttribute : int {
  kTurnA = 3,  // int32
  kTurnB = 4,
  kEpilogue = 7,        // uint32
  kBiasPointer = 8,     // a vector as long as D has rows
  kAScalePointer = 17,  // float32 on the device, one for the whole matrix; of 8-bit floats
  kBScalePointer = 18,
  kBiasType = 26  // int32 DataType; by default D's
};
enum PreferenceAttribute : int {
  kMostWorkspace = 1,
  kAlignmentA = 5,
  kAlignmentB = 6,
  kAlignmentC = 7,
  kAlignmentD = 8
};  // size_t, uint32

struct Algorithm {
  std::uint64_t data[8];
};
struct HeuristicResult {
  Algorithm algorithm;
  std::size_t workspace_bytes;
  int state;
  float waves;
  int reserved[4];
};
using Handle = void*;
using Desc = void*;
using Layout = void*;
using Preference = void*;

/// The functions: cublasLt + the name here in capitals at its parts (cublasLtMatmulDescCreate).
struct Functions {
  int (*create)(Handle*);
  int (*destroy)(Handle);
  std::size_t (*get_version)();
  int (*layout_create)(Layout*, int type, std::uint64_t rows, std::uint64_t columns, std::int64_t leading);
  int (*layout_destroy)(Layout);
  int (*layout_set)(Layout, int attribute, const void* value, std::size_t bytes);
  int (*desc_create)(Desc*, int compute_type, int scale_type);
  int (*desc_destroy)(Desc);
  int (*desc_set)(Desc, int attribute, const void* value, std::size_t bytes);
  int (*preference_create)(Preference*);
  int (*preference_destroy)(Preference);
  int (*preference_set)(Preference, int attribute, const void* value, std::size_t bytes);
  int (*heuristic)(Handle, Desc, Layout a, Layout b, Layout c, Layout d, Preference, int most, HeuristicResult* results, int* count);
  /// d = alpha op(a) op(b) + beta c (+ bias)
  int (*matmul)(Handle, Desc, const void* alpha, const void* a, Layout, const void* b, Layout, const void* beta, const void* c, Layout,
                void* d, Layout, const Algorithm*, void* workspace, std::size_t workspace_bytes, void* stream);
};

/// Those of the system's library of CUDA 13 or 12, opened once and never closed; null where there is none.
const Functions* functions();
/// Instead of them, for streams that are opened from now on; null: none. For tests.
void use(const Functions* others);

}  // namespace dsw::cuda::lt
