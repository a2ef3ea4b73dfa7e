/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a module of devices gives to the engine, in plain C: libdsw_cuda.so, opened at run time, exports dsw_device_module(). Each call gives
 * a DswStatus; after another one than DSW_OK last_error() says more. No exception crosses. Calls of one stream come from one thread at a
 * time, but release() from any.
 */
#ifndef DSW_DEVICE_MODULE_H
#define DSW_DEVICE_MODULE_H
#include "kernels/kernel_table.h"
/* clang-format off */
#ifdef __cplusplus
extern "C" {
#endif

#define DSW_DEVICE_MODULE_ABI 2

typedef struct DswDeviceInfo {
  char name[256];                      /* "NVIDIA A100-SXM4-80GB" */
  uint64_t memory_bytes, free_bytes;
  int32_t major, minor;                /* compute capability */
  int32_t multiprocessors;
  int32_t busy_percent;                /* of the last moment, in which it computed; -1: unknown */
  uint64_t peers;                      /* bit i: it reaches the memory of device i by itself */
} DswDeviceInfo;

typedef struct DswStreamMemory {
  uint64_t reserved_bytes;             /* that the stream's pool holds of the device, used or not */
} DswStreamMemory;

typedef struct DswGraph DswGraph;      /* captured work of a stream, to be repeated as one piece */

typedef struct DswDeviceModule {
  int32_t abi;                         /* DSW_DEVICE_MODULE_ABI; another number: nothing else may be read */
  int32_t size;                        /* sizeof(DswDeviceModule) */
  const DswKernels* kernels;           /* for streams that open_stream gave; a null entry is unsupported */
  const DswKernels* compatible;        /* the same in simpler and slower ways, to fall back on; null entries: there is none */

  const char* (*last_error)(void);     /* of the calling thread: one sentence without a full stop; "" before the first */
  int (*device_count)(int32_t* count); /* DSW_UNSUPPORTED: no driver, or too old a one */
  int (*device_info)(int32_t device, DswDeviceInfo* info);  /* takes none of its memory, where NVML is there */

  int (*open_stream)(int32_t device, DswStream** stream);
  void (*close_stream)(DswStream*);    /* after everything that was allocated through it was released */
  /* Memory in the order of the stream's work: released memory may be given out again at once. bytes > 0, aligned to 256 */
  int (*allocate)(DswStream*, size_t bytes, void** memory);
  int (*release)(DswStream*, void* memory);
  int (*trim)(DswStream*);             /* gives unused memory of the pool back to the device */
  int (*memory)(DswStream*, DswStreamMemory* memory);
  /* Copies: in the stream's order. `host` may be used again when the call comes back; copy_to_host waits for it to be written, and a longer
   * copy_to_device travels while earlier work of the stream runs. */
  int (*copy_to_device)(DswStream*, void* device, const void* host, size_t bytes);
  int (*copy_to_host)(DswStream*, void* host, const void* device, size_t bytes);
  /* Waits for the stream. Faults of kernels show here at the latest; DSW_BAD_ARGUMENT: since the last time one of them met an index out of
   * its range, whose results are not to be used. copy_to_host says so as well. */
  int (*synchronize)(DswStream*);

  /* From begin_capture on kernels are kept instead of run; the stream must not be copied to, from or waited for until end_capture. It gives
   * what was kept, by changing *graph where that is not null and can be; null after another status than DSW_OK. Nothing of it has run. */
  int (*begin_capture)(DswStream*);
  int (*end_capture)(DswStream*, DswGraph** graph);
  /* Its memory must be as it was. DSW_UNSUPPORTED: what the kernels had of their own is not, capture it anew */
  int (*launch_graph)(DswStream*, DswGraph*);
  void (*destroy_graph)(DswGraph*);    /* before the stream is closed */
} DswDeviceModule;

typedef const DswDeviceModule* (*DswDeviceModuleEntry)(void);
#define DSW_DEVICE_MODULE_ENTRY "dsw_device_module"

#ifdef __cplusplus
}
#endif
#endif
