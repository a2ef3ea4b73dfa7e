/* SPDX-License-Identifier: GPL-3.0-or-later
 * The reference table: the meaning of every kernel in plain loops, one thread, float32 and float64, sums in double.
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
