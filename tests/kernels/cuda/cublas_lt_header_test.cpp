// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Our declarations of cuBLASLt against its own header, where that is installed.
#include "kernels/cuda/cublas_lt_api.h"

#include <gtest/gtest.h>

#if __has_include(<cublasLt.h>)
#include <cublasLt.h>

namespace dsw::cuda::lt {
namespace {

/// Whether two functions take and give parameters of the same sizes.
template <class A, class B>
struct Alike : std::false_type {};
template <class RA, class... A, class RB, class... B>
struct Alike<RA (*)(A...), RB (*)(B...)> {
  static constexpr bool value = sizeof(RA) == sizeof(RB) && sizeof...(A) == sizeof...(B) && ((sizeof(A) == sizeof(B)) && ...);
};
#define DSW_ALIKE(ours, theirs) static_assert(Alike<decltype(Functions::ours), decltype(&theirs)>::value)

TEST(CublasLtHeader, HasTheSameNumbersAndSizes) {
  EXPECT_EQ(int{kNotInitialized}, int{CUBLAS_STATUS_NOT_INITIALIZED});
  EXPECT_EQ(int{kInvalidValue}, int{CUBLAS_STATUS_INVALID_VALUE});
  EXPECT_EQ(int{kExecutionFailed}, int{CUBLAS_STATUS_EXECUTION_FAILED});
  EXPECT_EQ(int{kNotSupported}, int{CUBLAS_STATUS_NOT_SUPPORTED});
  EXPECT_EQ(int{kF32}, int{CUDA_R_32F});
  EXPECT_EQ(int{kF16}, int{CUDA_R_16F});
  EXPECT_EQ(int{kBf16}, int{CUDA_R_16BF});
  EXPECT_EQ(int{kE4m3}, int{CUDA_R_8F_E4M3});
  EXPECT_EQ(int{kE5m2}, int{CUDA_R_8F_E5M2});
  EXPECT_EQ(kComputeF32, int{CUBLAS_COMPUTE_32F});
  EXPECT_EQ(kAsItLies, int{CUBLAS_OP_N});
  EXPECT_EQ(kTurned, int{CUBLAS_OP_T});
  EXPECT_EQ(kEpilogueBias, std::uint32_t{CUBLASLT_EPILOGUE_BIAS});
  EXPECT_EQ(int{kBatchCount}, int{CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT});
  EXPECT_EQ(int{kBatchOffset}, int{CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET});
  EXPECT_EQ(int{kTurnA}, int{CUBLASLT_MATMUL_DESC_TRANSA});
  EXPECT_EQ(int{kTurnB}, int{CUBLASLT_MATMUL_DESC_TRANSB});
  EXPECT_EQ(int{kEpilogue}, int{CUBLASLT_MATMUL_DESC_EPILOGUE});
  EXPECT_EQ(int{kBiasPointer}, int{CUBLASLT_MATMUL_DESC_BIAS_POINTER});
  EXPECT_EQ(int{kBiasType}, int{CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE});
  EXPECT_EQ(int{kAScalePointer}, int{CUBLASLT_MATMUL_DESC_A_SCALE_POINTER});
  EXPECT_EQ(int{kBScalePointer}, int{CUBLASLT_MATMUL_DESC_B_SCALE_POINTER});
  EXPECT_EQ(int{kMostWorkspace}, int{CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES});
  EXPECT_EQ(int{kAlignmentA}, int{CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES});
  EXPECT_EQ(int{kAlignmentD}, int{CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES});
  EXPECT_EQ(sizeof(Algorithm), sizeof(cublasLtMatmulAlgo_t));
  EXPECT_EQ(sizeof(HeuristicResult), sizeof(cublasLtMatmulHeuristicResult_t));
  EXPECT_EQ(offsetof(HeuristicResult, workspace_bytes), offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize));
  EXPECT_EQ(offsetof(HeuristicResult, state), offsetof(cublasLtMatmulHeuristicResult_t, state));
  DSW_ALIKE(create, cublasLtCreate);
  DSW_ALIKE(destroy, cublasLtDestroy);
  DSW_ALIKE(get_version, cublasLtGetVersion);
  DSW_ALIKE(layout_create, cublasLtMatrixLayoutCreate);
  DSW_ALIKE(layout_set, cublasLtMatrixLayoutSetAttribute);
  DSW_ALIKE(desc_create, cublasLtMatmulDescCreate);
  DSW_ALIKE(desc_set, cublasLtMatmulDescSetAttribute);
  DSW_ALIKE(preference_create, cublasLtMatmulPreferenceCreate);
  DSW_ALIKE(preference_set, cublasLtMatmulPreferenceSetAttribute);
  DSW_ALIKE(heuristic, cublasLtMatmulAlgoGetHeuristic);
  DSW_ALIKE(matmul, cublasLtMatmul);
}

}  // namespace
}  // namespace dsw::cuda::lt
#else
TEST(CublasLtHeader, HasTheSameNumbersAndSizes) { GTEST_SKIP() << "cublasLt.h is not installed"; }
#endif
