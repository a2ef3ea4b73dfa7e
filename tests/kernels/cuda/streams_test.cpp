// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// Streams, events and graphs of the emulated runtime, and what the module builds on them: copies that travel while kernels run, scratch
// memory, captured work. Each order in which streams may go on gives the same.
#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "kernels/cuda/module.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/staging.h"
#include "tests/support/cuda_emulation/device_memory.h"
#include "tests/support/cuda_emulation/options.h"
#include "tests/support/cuda_emulation/runtime.h"

namespace dsw::test {
namespace {

using cuda_emulation::Streams;

class CudaStreams : public testing::TestWithParam<Streams> {
 protected:
  CudaStreams() {
    cuda_emulation::reset_device();
    cuda_emulation::options().streams = GetParam();
    EXPECT_EQ(module.open_stream(0, &stream), DSW_OK);
  }
  ~CudaStreams() override {
    module.close_stream(stream);
    cuda_emulation::reset_device();
    cuda_emulation::options() = {};
  }
  float* device_floats(std::size_t count) {
    void* memory = nullptr;
    EXPECT_EQ(module.allocate(stream, count * sizeof(float), &memory), DSW_OK);
    return static_cast<float*>(memory);
  }
  std::vector<float> read(const float* device, std::size_t count) {
    std::vector<float> host(count);
    EXPECT_EQ(module.copy_to_host(stream, host.data(), device, count * sizeof(float)), DSW_OK);
    return host;
  }
  static DswView view(float* data, std::size_t count) {
    DswView x{};
    x.data = data;
    x.rank = 1;
    x.shape[0] = static_cast<std::int64_t>(count);
    x.stride[0] = 1;
    return x;
  }
  int add_to(float* sum, float* x, std::size_t count) {
    return module.kernels->binary(stream, DSW_ADD, view(sum, count), view(x, count), view(sum, count));
  }

  const DswDeviceModule& module = *dsw_device_module();
  DswStream* stream = nullptr;
};

TEST_P(CudaStreams, EventsOrderWorkOfTwoStreams) {
  cudaStream_t first = nullptr, second = nullptr;
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  void* memory = cuda_emulation::allocate_device_memory(4);
  const auto* seen = static_cast<const unsigned char*>(cuda_emulation::host_address(memory, 4));
  ASSERT_EQ(cudaMemsetAsync(memory, 1, 4, first), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, first), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(second, event, 0), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(memory, 2, 4, second), cudaSuccess);
  EXPECT_EQ(seen[0], GetParam() == Streams::AtOnce ? 2 : 0xFF);  // else nobody has waited yet
  ASSERT_EQ(cudaStreamSynchronize(second), cudaSuccess);
  EXPECT_EQ(seen[0], 2);
  ASSERT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  EXPECT_EQ(seen[0], 2);
  cudaEventDestroy(event);
  cudaStreamDestroy(first);
  cudaStreamDestroy(second);
}

TEST_P(CudaStreams, WithoutAnEventOneOrderOrAnotherGoesWrong) {
  cudaStream_t first = nullptr, second = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking), cudaSuccess);
  void* memory = cuda_emulation::allocate_device_memory(4);
  const auto* seen = static_cast<const unsigned char*>(cuda_emulation::host_address(memory, 4));
  cudaMemsetAsync(memory, 1, 4, first);
  cudaMemsetAsync(memory, 2, 4, second);
  cudaStreamSynchronize(first);
  cudaStreamSynchronize(second);
  EXPECT_EQ(seen[0], GetParam() == Streams::LastMadeFirst ? 1 : 2);
  cudaStreamDestroy(first);
  cudaStreamDestroy(second);
}

TEST_P(CudaStreams, LongCopiesTravelBesideKernelsAndArriveInOrder) {
  constexpr std::size_t kCount = 3 * cuda::Staging::kSlotBytes / sizeof(float) + 77;  // four pieces
  std::vector<float> host(kCount);
  float *x = device_floats(kCount), *sum = device_floats(kCount);
  ASSERT_EQ(module.kernels->fill(stream, view(sum, 1000), 0), DSW_OK);
  for (int round = 1; round <= 3; ++round) {
    for (std::size_t i = 0; i < kCount; ++i) host[i] = static_cast<float>(round) + static_cast<float>(i % 7);
    ASSERT_EQ(module.copy_to_device(stream, x, host.data(), kCount * sizeof(float)), DSW_OK);
    std::fill(host.begin(), host.end(), -1.0f);  // the host's memory is free at once
    ASSERT_EQ(add_to(sum, x, 1000), DSW_OK);
  }
  const std::vector<float> sums = read(sum, 1000), last = read(x, kCount);
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_EQ(sums[i], 6 + 3 * static_cast<float>(i % 7)) << i;
  for (std::size_t i = 0; i < kCount; ++i) ASSERT_EQ(last[i], 3 + static_cast<float>(i % 7)) << i;
  ASSERT_EQ(module.release(stream, x), DSW_OK);
  ASSERT_EQ(module.release(stream, sum), DSW_OK);
}

TEST_P(CudaStreams, CapturedKernelsRunWhenTheyAreLaunched) {
  float *x = device_floats(40), *sum = device_floats(40), *other = device_floats(4);
  ASSERT_EQ(module.kernels->fill(stream, view(sum, 40), 0), DSW_OK);
  ASSERT_EQ(module.kernels->fill(stream, view(x, 40), 1), DSW_OK);
  DswGraph* graph = nullptr;
  ASSERT_EQ(module.begin_capture(stream), DSW_OK);
  ASSERT_EQ(add_to(sum, x, 40), DSW_OK);
  std::thread([&] { EXPECT_EQ(module.release(stream, other), DSW_OK); }).join();  // frees nothing in the graph
  ASSERT_EQ(module.end_capture(stream, &graph), DSW_OK);
  EXPECT_EQ(read(sum, 1)[0], 0);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(module.launch_graph(stream, graph), DSW_OK);
  EXPECT_EQ(read(sum, 40), std::vector<float>(40, 3));

  DswGraph* const first = graph;  // the same kernels with other arguments are put in its place
  ASSERT_EQ(module.begin_capture(stream), DSW_OK);
  ASSERT_EQ(add_to(x, sum, 40), DSW_OK);
  ASSERT_EQ(module.end_capture(stream, &graph), DSW_OK);
  EXPECT_EQ(graph, first);
  ASSERT_EQ(module.launch_graph(stream, graph), DSW_OK);
  EXPECT_EQ(read(x, 1)[0], 4);
  EXPECT_EQ(read(sum, 1)[0], 3);
  ASSERT_EQ(module.begin_capture(stream), DSW_OK);  // others too
  ASSERT_EQ(module.kernels->fill(stream, view(x, 40), 7), DSW_OK);
  ASSERT_EQ(module.end_capture(stream, &graph), DSW_OK);
  ASSERT_EQ(module.launch_graph(stream, graph), DSW_OK);
  EXPECT_EQ(read(x, 1)[0], 7);
  module.destroy_graph(graph);
  module.release(stream, x);
  module.release(stream, sum);
}

TEST_P(CudaStreams, ACaptureThatWaitsIsRefused) {
  DswGraph* graph = nullptr;
  ASSERT_EQ(module.begin_capture(stream), DSW_OK);
  EXPECT_NE(module.synchronize(stream), DSW_OK);
  EXPECT_NE(module.end_capture(stream, &graph), DSW_OK);
  EXPECT_EQ(graph, nullptr);
  EXPECT_STREQ(module.last_error(), "a captured step: operation failed due to a previous error during capture");
  EXPECT_EQ(module.synchronize(stream), DSW_OK);
}

TEST_P(CudaStreams, ScratchMemoryIsUsedAgainAndVoidsGraphsWhenItGoes) {
  cuda::Stream& own = cuda::stream_of(stream);
  const void* first = nullptr;
  {
    const cuda::Scratch<float> a(stream, 100), b(stream, 50);
    EXPECT_EQ(a.status(), DSW_OK);
    EXPECT_EQ(b.status(), DSW_OK);
    EXPECT_NE(a.data(), b.data());
    EXPECT_EQ(cuda::Scratch<float>(stream, 0).data(), nullptr);
  }
  {
    const cuda::Scratch<float> a(stream, 100), b(stream, 50);  // both of one block now
    EXPECT_EQ(reinterpret_cast<const char*>(b.data()) - reinterpret_cast<const char*>(a.data()), 512);
    first = a.data();
  }
  DswGraph* graph = nullptr;
  float* x = device_floats(4);
  ASSERT_EQ(module.begin_capture(stream), DSW_OK);
  {
    const cuda::Scratch<float> a(stream, 100);
    EXPECT_EQ(a.data(), first);
    const cuda::Scratch<float> too_much(stream, 10000);
    EXPECT_EQ(too_much.status(), DSW_UNSUPPORTED);
  }
  ASSERT_EQ(module.kernels->fill(stream, view(x, 4), 1), DSW_OK);
  ASSERT_EQ(module.end_capture(stream, &graph), DSW_OK);
  ASSERT_EQ(module.launch_graph(stream, graph), DSW_OK);
  ASSERT_EQ(module.trim(stream), DSW_OK);
  EXPECT_EQ(own.scratch.bytes, 0u);
  EXPECT_EQ(module.launch_graph(stream, graph), DSW_UNSUPPORTED);
  module.destroy_graph(graph);
  module.release(stream, x);
}

INSTANTIATE_TEST_SUITE_P(Orders, CudaStreams, testing::Values(Streams::AtOnce, Streams::AsLateAsWaits, Streams::LastMadeFirst),
                         [](const auto& streams) {
                           return streams.param == Streams::AtOnce ? "AtOnce" : streams.param == Streams::AsLateAsWaits ? "Late" : "Mixed";
                         });

}  // namespace
}  // namespace dsw::test
