// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/cpu_kernels.h"

#include "kernels/cpu/stream.h"
#include "kernels/reference/reference_kernels.h"

const DswKernels* dsw_cpu_kernels(void) {
  static const DswKernels table = [] {
    DswKernels t = *dsw_reference_kernels();
    t.name = "cpu";
    return t;
  }();
  return &table;
}

DswStream* dsw_cpu_stream_create(int32_t threads) {
  try {
    return new DswStream(threads < 1 ? 1 : threads);
  } catch (...) {
    return nullptr;
  }
}
void dsw_cpu_stream_destroy(DswStream* stream) { delete stream; }
int32_t dsw_cpu_stream_threads(const DswStream* stream) { return stream->pool.threads(); }

const char* dsw_cpu_instruction_set(void) { return "baseline"; }
