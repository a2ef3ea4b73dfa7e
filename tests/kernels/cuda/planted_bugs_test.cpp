// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Kernels that work together through shared memory: every order of threads and of copies gives the same bits, and each planted bug is
// caught, by another result in one of the orders or by a report.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace {
std::string planted;  // the name of the bug that the kernels below have
}
#define DSW_PLANTED(name) (planted == #name ? 1 : 0)
#define cuda cuda_planted  // a namespace of their own: the linker keeps one of two functions of the same name
#include "kernels/cuda/conv.cu"
#include "kernels/cuda/norm.cu"
#include "kernels/cuda/reduce.cu"
#include "kernels/cuda/scratch.cu"
#include "kernels/cuda/softmax.cu"
#include "kernels/cuda/sort.cu"
#undef cuda
#include "tests/support/cuda_emulation/options.h"

namespace dsw::cuda_planted {
class LibraryProducts {};
class Staging {};
Stream::Stream() = default;
Stream::~Stream() = default;
std::string& last_error() {
  static std::string text;
  return text;
}
int status_of(cudaError_t error, const char*) { return error == cudaSuccess ? DSW_OK : DSW_DEVICE_FAULT; }
}  // namespace dsw::cuda_planted

namespace dsw::test {
namespace {

using cuda_emulation::AsyncCopies;
using cuda_emulation::Order;

/// float32 [shape] on the emulated device: numbers that sums round, by a simple rule.
DswView numbers(const std::vector<std::int64_t>& shape) {
  DswView view{};
  view.rank = static_cast<std::int32_t>(shape.size());
  view.dtype = DSW_F32;
  std::size_t count = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    view.shape[axis] = shape[axis];
    view.stride[axis] = static_cast<std::int64_t>(count);
    count *= static_cast<std::size_t>(shape[axis]);
  }
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>((i * 2654435761u) % 1000) * 0.00317f - 1.5f;
  EXPECT_EQ(cudaMallocAsync(&view.data, count * 4, nullptr), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(view.data, values.data(), count * 4, cudaMemcpyHostToDevice, nullptr), cudaSuccess);
  return view;
}
std::vector<std::uint32_t> bits_of(const DswView& x) {
  std::vector<std::uint32_t> bits(static_cast<std::size_t>(kernels::elements(x)));
  EXPECT_EQ(cudaMemcpyAsync(bits.data(), x.data, bits.size() * 4, cudaMemcpyDeviceToHost, nullptr), cudaSuccess);
  return bits;
}

struct PlantedCase {
  const char* name;
  std::vector<const char*> bugs;
  std::function<std::vector<DswView>(const DswKernels&, DswStream*)> call;  ///< gives the outputs
};

std::vector<PlantedCase> planted_cases() {
  const auto check = [](int status) { EXPECT_TRUE(status == DSW_OK || status == DSW_DEVICE_FAULT) << status; };
  return {
      {"softmax",
       {"combine_before_all_came"},
       [=](const DswKernels& kernels, DswStream* stream) {
         const DswView y = numbers({3, 300});
         check(kernels.softmax_fwd(stream, numbers({3, 300}), y));
         return std::vector{y};
       }},
      {"layer norm",
       {"combine_over_the_last"},
       [=](const DswKernels& kernels, DswStream* stream) {
         const DswView y = numbers({3, 300}), mean = numbers({3}), rstd = numbers({3});
         check(kernels.layer_norm_fwd(stream, numbers({3, 300}), numbers({300}), numbers({300}), 1e-5, y, mean, rstd));
         return std::vector{y, mean, rstd};
       }},
      {"gradients of layer norm",
       {"column_before_all_came", "row_too_far"},
       [=](const DswKernels& kernels, DswStream* stream) {
         const DswView dweight = numbers({40}), dbias = numbers({40});
         check(kernels.layer_norm_bwd(stream, numbers({24, 40}), numbers({40}), numbers({24}), numbers({24}), numbers({24, 40}), DswView{},
                                      dweight, dbias));
         return std::vector{dweight, dbias};
       }},
      {"convolution",
       {"tile_before_it_is_filled", "tile_over_the_last"},
       [=](const DswKernels& kernels, DswStream* stream) {
         const DswConv conv{1, 1, 1, 1, 1, 1, 1};
         const DswView y = numbers({1, 5, 6, 6});
         check(kernels.conv2d_fwd(stream, &conv, numbers({1, 7, 6, 6}), numbers({5, 7, 3, 3}), DswView{}, y));
         return std::vector{y};
       }},
      {"sort",
       {"sort_step_too_early"},
       [=](const DswKernels&, DswStream* stream) {
         const std::int64_t length = cuda_planted::sort_length(600);
         const DswView keys = numbers({2 * length});
         check(cuda_planted::sort(stream, static_cast<std::uint64_t*>(keys.data), length));
         return std::vector{keys};
       }},
  };
}

/// The bits of all outputs, or nothing and a report.
std::vector<std::uint32_t> outcome(const PlantedCase& planted_case, Order order) {
  cuda_emulation::options() = {order, AsyncCopies::Deferred, 3};
  DswKernels kernels{};
  cuda_planted::add_conv(kernels);
  cuda_planted::add_norm(kernels);
  cuda_planted::add_softmax(kernels);
  cuda_planted::Stream stream;
  std::vector<std::uint32_t> all;
  const std::vector<DswView> outputs = planted_case.call(kernels, reinterpret_cast<DswStream*>(&stream));
  if (cuda_emulation::fault_report().empty())
    for (const DswView& output : outputs)
      for (const std::uint32_t bits : bits_of(output)) all.push_back(bits);
  cuda_emulation::reset_device();
  cuda_emulation::options() = {};
  return all;
}

TEST(PlantedBugs, EveryOrderOfThreadsGivesTheSameBits) {
  planted.clear();
  for (const PlantedCase& planted_case : planted_cases()) {
    const auto forward = outcome(planted_case, Order::Forward);
    EXPECT_FALSE(forward.empty()) << planted_case.name;
    EXPECT_EQ(forward, outcome(planted_case, Order::Reverse)) << planted_case.name;
    EXPECT_EQ(forward, outcome(planted_case, Order::Shuffled)) << planted_case.name;
  }
}

TEST(PlantedBugs, EachIsCaught) {
  for (const PlantedCase& planted_case : planted_cases()) {
    planted.clear();
    const auto right = outcome(planted_case, Order::Forward);
    for (const char* bug : planted_case.bugs) {
      planted = bug;
      int caught = 0;
      for (const Order order : {Order::Forward, Order::Reverse, Order::Shuffled}) caught += outcome(planted_case, order) != right;
      EXPECT_GT(caught, 0) << bug;
    }
  }
  planted.clear();
}

}  // namespace
}  // namespace dsw::test
