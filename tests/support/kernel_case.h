// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/kernel_table.h"

namespace dsw::test {

/// How a tensor of a kernel case lies in memory.
enum class Layout {
  Dense,
  Transposed,  ///< the last two axes are swapped in memory
  Spread,      ///< every second element of the last axis
  Padded,      ///< rows are further apart than they are long
  Expanded,    ///< the first axis has stride 0; inputs only
};

using Lengths = std::vector<std::int64_t>;

/// One call of a kernel, made with the reference in float64 and with every CPU table of this machine in float32 on 1, 2 and 3
/// threads: outputs must agree within sum of squared errors / sum of squares <= 1e-10 (STYLE.md section 7), NaN and infinity
/// must be at the same places, and memory between the elements of a view must stay untouched.
class KernelCase {
 public:
  explicit KernelCase(std::string name, std::uint64_t seed = 1);

  /// Uniform in [low, high); float32 in one call, the same numbers as float64 in the other.
  KernelCase& input(const Lengths& shape, Layout layout = Layout::Dense, double low = -1, double high = 1);
  /// The given values, row-major.
  KernelCase& values(const Lengths& shape, const std::vector<double>& values, Layout layout = Layout::Dense);
  KernelCase& integers(const Lengths& shape, const std::vector<std::int64_t>& values, DswDType dtype = DSW_I32);
  KernelCase& missing();                                                    ///< an argument that is not given
  KernelCase& output(const Lengths& shape, Layout layout = Layout::Dense);  ///< starts as NaN
  KernelCase& changed(const Lengths& shape, Layout layout = Layout::Dense, double low = -1, double high = 1);  ///< read and written
  KernelCase& integer_output(const Lengths& shape, DswDType dtype = DSW_I32);                                  ///< must be equal
  KernelCase& double_output(const Lengths& shape);  ///< float64 in both calls, starts as 1
  /// Replaces one element of the last added argument (row-major number).
  KernelCase& put(std::int64_t element, double value);

  /// Float arguments that follow lie in memory as this dtype, bfloat16 or float16; the reference takes them so too. The usual
  /// tolerance is then 1e-5.
  KernelCase& narrow(DswDType dtype);
  /// Float arguments that follow are float32 again, as statistics are.
  KernelCase& wide();

  KernelCase& tolerance(double t) {
    tolerance_ = t;
    return *this;
  }
  /// For results that are 0 but for rounding (a softmax over one key): this error an element is allowed besides.
  KernelCase& cancels(double absolute) {
    absolute_ = absolute;
    return *this;
  }
  KernelCase& exact() {
    tolerance_ = 0;
    reference_in_float32_ = true;
    return *this;
  }  ///< bit-equal to the reference in float32

  using Call = std::function<int(const DswKernels&, DswStream*, const std::vector<DswView>&)>;
  void run(const Call& call);
  /// The same once with the CUDA kernels on the emulated device (cuda_emulation::options() say how), whose memory ends where the views do,
  /// or on a real one (cuda_module_under_test).
  void run_on_cuda(const Call& call);
  /// With the CUDA device's compatible kernels.
  void run_on_cuda_plainly(const Call& call);

 private:
  void run_on_cuda_with(const DswKernels& kernels, const Call& call);
  struct Argument {
    Lengths shape, stride;
    std::int64_t span = 0;      // elements of memory
    std::vector<double> start;  // row-major values
    std::vector<std::int64_t> integers;
    DswDType dtype = DSW_F32, narrow = DSW_F32;
    bool is_output = false, is_missing = false, is_float = true;
  };
  struct Memory;
  Argument& add(const Lengths& shape, Layout layout);
  std::vector<DswView> prepare(DswDType dtype, std::vector<Memory>& memory) const;
  int reference(const Call& call, std::vector<Memory>& expected) const;
  void compare(const std::vector<Memory>& got, const std::vector<Memory>& expected) const;

  std::string name_;
  std::uint64_t seed_;
  double tolerance_ = 1e-10, absolute_ = 0;
  bool reference_in_float32_ = false;
  DswDType narrow_ = DSW_F32;
  std::vector<Argument> arguments_;
};

/// The CPU tables that run on this machine, by name: "baseline", "AVX2", "AVX-512".
std::vector<std::pair<std::string, const DswKernels*>> cpu_tables();

/// A stream that ends with its scope.
class Stream {
 public:
  explicit Stream(int threads);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  DswStream* get() const { return stream_; }

 private:
  DswStream* stream_;
};

/// A dense view of host memory.
DswView dense_view(void* data, const Lengths& shape, DswDType dtype);

}  // namespace dsw::test
