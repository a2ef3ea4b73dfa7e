// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/cpu_kernels.h"

#include "kernels/cpu/float_copies.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/stream.h"
#include "kernels/reference/reference_kernels.h"

namespace dsw::kernels {
namespace baseline {
void add_all(DswKernels& table);
}
namespace v3 {
void add_all(DswKernels& table);
}
namespace v4 {
void add_all(DswKernels& table);
}
namespace v4_bf16 {
void add_attention(DswKernels& table);
}

namespace {

enum class InstructionSet { Baseline, Avx2, Avx512 };

InstructionSet instruction_set() {
#ifdef DSW_X86_LEVELS
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                  __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return v4 ? InstructionSet::Avx512 : v3 ? InstructionSet::Avx2 : InstructionSet::Baseline;
#else
  return InstructionSet::Baseline;
#endif
}

DswKernels make_table(InstructionSet set) {
  DswKernels table = *dsw_reference_kernels();
  table.name = "cpu";
  switch (set) {
#ifdef DSW_X86_LEVELS
    case InstructionSet::Avx512:
      v4::add_all(table);
      add_gemm<v4::few_rows>(table);
      if (__builtin_cpu_supports("avx512bf16")) v4_bf16::add_attention(table);
      break;
    case InstructionSet::Avx2:
      v3::add_all(table);
      add_gemm<v3::few_rows>(table);
      break;
#endif
    default:
      baseline::add_all(table);
      add_gemm<baseline::few_rows>(table);
      break;
  }
  return table;
}

}  // namespace
}  // namespace dsw::kernels

namespace k = dsw::kernels;

const DswKernels* dsw_cpu_kernels(void) {
  static const DswKernels table = k::make_table(k::instruction_set());
  return &table;
}

const DswKernels* dsw_cpu_kernels_of(const char* name) {
  const std::string wanted = name;
  static const DswKernels baseline = k::make_table(k::InstructionSet::Baseline);
  if (wanted == "baseline") return &baseline;
  const k::InstructionSet best = k::instruction_set();
  if (wanted == "AVX2" && best >= k::InstructionSet::Avx2) {
    static const DswKernels avx2 = k::make_table(k::InstructionSet::Avx2);
    return &avx2;
  }
  return wanted == "AVX-512" && best == k::InstructionSet::Avx512 ? dsw_cpu_kernels() : nullptr;
}

const char* dsw_cpu_instruction_set(void) {
  switch (k::instruction_set()) {
    case k::InstructionSet::Avx512:
      return "AVX-512";
    case k::InstructionSet::Avx2:
      return "AVX2";
    default:
      return "baseline";
  }
}

int32_t dsw_cpu_multiplies_bfloat16(void) { return k::multiplies_bfloat16() ? 1 : 0; }

DswStream* dsw_cpu_stream_create(int32_t threads) {
  try {
    return new DswStream(threads < 1 ? 1 : threads);
  } catch (...) {
    return nullptr;
  }
}
void dsw_cpu_stream_destroy(DswStream* stream) { delete stream; }
int32_t dsw_cpu_stream_threads(const DswStream* stream) { return stream->threads(); }
uint64_t dsw_cpu_stream_prepared(DswStream* stream) { return k::onednn::cache_of(stream).made(); }
