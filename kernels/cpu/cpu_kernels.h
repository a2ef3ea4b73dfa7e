/* SPDX-License-Identifier: GPL-3.0-or-later
 * The CPU table: float32, and bfloat16 and float16 in memory, with vector instructions and threads; what it has no fast way for goes
 * to the reference kernels. Products of narrow floats run in float32 copies unless the processor multiplies bfloat16 itself.
 * Every entry needs a stream made here. Results depend on the stream's thread count, never on timing. */
#ifndef DSW_CPU_KERNELS_H
#define DSW_CPU_KERNELS_H
#include "kernels/kernel_table.h"
#ifdef __cplusplus
extern "C" {
#endif
const DswKernels* dsw_cpu_kernels(void);

/* A stream owns its threads (the caller is the first of them), scratch memory and prepared products and convolutions.
 * One thread at a time may use it. NULL when the system gives no thread or memory. threads >= 1. */
DswStream* dsw_cpu_stream_create(int32_t threads);
void dsw_cpu_stream_destroy(DswStream*);
int32_t dsw_cpu_stream_threads(const DswStream*);
/* Products and convolutions prepared so far: stands still in a steady training step. */
uint64_t dsw_cpu_stream_prepared(DswStream*);

/* "AVX-512", "AVX2" or "baseline": what the table's kernels run on here. */
const char* dsw_cpu_instruction_set(void);
/* 1 where the processor multiplies bfloat16, so that products in it are faster than in float32; else 0. */
int32_t dsw_cpu_multiplies_bfloat16(void);
/* The table for one of these names, for tests of all of them on one machine; NULL where the processor lacks it. */
const DswKernels* dsw_cpu_kernels_of(const char* instruction_set);
#ifdef __cplusplus
}
#endif
#endif
