// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
// What kernels/cuda/device_code.h includes where nvcc is not the compiler: with it an unchanged .cu source is compiled by a C++ compiler
// and its kernels run on the host, thread by thread, with their exact meaning. Known limits: races between blocks are not seen (run the
// blocks in several orders and compare the bits); no wgmma, TMA, clusters, mbarrier; the rounding inside one mma is not modelled; static
// `__shared__` is not poisoned.
#include "tests/support/cuda_emulation/device_functions.h"
#include "tests/support/cuda_emulation/matrix.h"
#include "tests/support/cuda_emulation/runtime.h"
#include "tests/support/cuda_emulation/warp.h"
#include "tests/support/cuda_emulation/wrappers.h"
