// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/isa/convert.h"

#include "kernels/cpu/isa/walk.h"

namespace dsw::kernels::DSW_ISA {

void read_numbers(int dtype, const void* from, float* to, std::int64_t n) { gather(dtype, from, 1, to, n); }

void write_numbers(int dtype, const float* from, const float* addend, void* to, std::int64_t n) {
  if (addend == nullptr) return scatter(dtype, from, to, 1, n);
  with_narrow(dtype, [&]<class T>(T) {
    T* numbers = static_cast<T*>(to);
    for (std::int64_t i = 0; i < n; i += kWidth)
      store_first(numbers + i, load_first(from + i, n - i) + load_first(addend + i, n - i), n - i);
  });
}

}  // namespace dsw::kernels::DSW_ISA
