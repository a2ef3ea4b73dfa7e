// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/cublas_lt_api.h"

#ifdef __CUDACC__
#include <dlfcn.h>
#endif

namespace dsw::cuda::lt {
namespace {

const Functions* system_functions() {
#ifdef __CUDACC__
  static Functions found;
  static const bool complete = [] {
    void* library = nullptr;
    for (const char* name : {"libcublasLt.so.13", "libcublasLt.so.12"})
      if (library == nullptr) library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return false;
    bool all = true;
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      all = all && function != nullptr;
    };
    find(found.create, "cublasLtCreate");
    find(found.destroy, "cublasLtDestroy");
    find(found.get_version, "cublasLtGetVersion");
    find(found.layout_create, "cublasLtMatrixLayoutCreate");
    find(found.layout_destroy, "cublasLtMatrixLayoutDestroy");
    find(found.layout_set, "cublasLtMatrixLayoutSetAttribute");
    find(found.desc_create, "cublasLtMatmulDescCreate");
    find(found.desc_destroy, "cublasLtMatmulDescDestroy");
    find(found.desc_set, "cublasLtMatmulDescSetAttribute");
    find(found.preference_create, "cublasLtMatmulPreferenceCreate");
    find(found.preference_destroy, "cublasLtMatmulPreferenceDestroy");
    find(found.preference_set, "cublasLtMatmulPreferenceSetAttribute");
    find(found.heuristic, "cublasLtMatmulAlgoGetHeuristic");
    find(found.matmul, "cublasLtMatmul");
    return all;
  }();
  return complete ? &found : nullptr;
#else
  return nullptr;  // it could not read the emulated device's memory
#endif
}

struct Chosen {
  bool others = false;
  const Functions* functions = nullptr;
};
Chosen& chosen() {
  static Chosen instance;
  return instance;
}

}  // namespace

const Functions* functions() { return chosen().others ? chosen().functions : system_functions(); }
void use(const Functions* others) { chosen() = {true, others}; }

}  // namespace dsw::cuda::lt
