// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "kernels/cuda/cublas_lt_api.h"

/// A cuBLASLt for tests: it multiplies on the host what lies in the emulated device's memory, and refuses what NVIDIA's documentation of
/// cublasLtMatmul says that the library does not take: leading dimensions shorter than a column, combinations of types, 8-bit floats that
/// are not turned and even, addresses that are not the device's or less aligned than was promised, a workspace shorter than asked.
namespace dsw::test {

struct FakeCublasLt {
  int heuristics = 0, products = 0;  ///< asked, multiplied
  int failures = 0;                  ///< so many of the next products fail
  bool knows_no_algorithm = false;
  std::vector<std::string> complaints;  ///< of the caller
  int last_columns = 0, last_batches = 0;
};
/// What it was asked since it was reset.
FakeCublasLt& fake_cublas_lt();
const cuda::lt::Functions* fake_cublas_lt_functions();

}  // namespace dsw::test
