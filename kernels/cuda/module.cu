// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/stream.h"

namespace dsw::cuda {

std::string& last_error() {
  static thread_local std::string text;
  return text;
}

int status_of(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return DSW_OK;
  last_error() = std::string(what) + ": " + cudaGetErrorString(error);
  return error == cudaErrorMemoryAllocation ? DSW_OUT_OF_MEMORY : DSW_DEVICE_FAULT;
}

}  // namespace dsw::cuda
