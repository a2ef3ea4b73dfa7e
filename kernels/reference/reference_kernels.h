/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reference table: the meaning of every kernel in plain loops, one thread, sums in double. Float32 and float64 as they are;
 * bfloat16, float16 and mixed float dtypes: computed in float64, every result rounded once to its own dtype, to nearest even.
 * Its entries ignore the stream, which may be NULL. Entries that it has no type for return DSW_UNSUPPORTED. */
#ifndef DSW_REFERENCE_KERNELS_H
#define DSW_REFERENCE_KERNELS_H
#include "kernels/kernel_table.h"
#ifdef __cplusplus
extern "C" {
#endif
const DswKernels* dsw_reference_kernels(void);
#ifdef __cplusplus
}
#endif
#endif
