// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/limits.h"

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/parallel.h"

namespace dsw::kernels {
namespace baseline {
double multiply_adds(std::int64_t rounds);
float read_all(const float* memory, std::int64_t count);
}  // namespace baseline
namespace v3 {
double multiply_adds(std::int64_t rounds);
float read_all(const float* memory, std::int64_t count);
}  // namespace v3
namespace v4 {
double multiply_adds(std::int64_t rounds);
float read_all(const float* memory, std::int64_t count);
}  // namespace v4

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

struct Loops {
  double (*multiply_adds)(std::int64_t);
  float (*read_all)(const float*, std::int64_t);
};

Loops loops() {
#ifdef DSW_X86_LEVELS
  if (dsw_cpu_kernels_of("AVX-512")) return {v4::multiply_adds, v4::read_all};
  if (dsw_cpu_kernels_of("AVX2")) return {v3::multiply_adds, v3::read_all};
#endif
  return {baseline::multiply_adds, baseline::read_all};
}

/// The best rate of `work`, which returns how much it did.
template <class Work>
double best_rate(double seconds, Work&& work) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  double best = 0;
  do {
    const auto begin = Clock::now();
    const double done = work();
    best = std::max(best, done / std::chrono::duration<double>(Clock::now() - begin).count());
  } while (Clock::now() < end);
  return best;
}

}  // namespace

double peak_flops(DswStream* stream, double seconds) {
  constexpr std::int64_t kRounds = 1 << 20;  // about 5 ms
  const Loops run = loops();
  std::vector<double> done(static_cast<std::size_t>(stream->threads()));
  return best_rate(seconds, [&] {
    stream->pool.run([&](int thread, int) { done[static_cast<std::size_t>(thread)] = run.multiply_adds(kRounds); });
    double all = 0;
    for (const double d : done) all += d;
    return all;
  });
}

double read_bandwidth(DswStream* stream, double seconds, std::int64_t bytes) {
  const std::int64_t count = bytes / static_cast<std::int64_t>(sizeof(float));
  const std::unique_ptr<float, decltype(&std::free)> memory(
      static_cast<float*>(std::aligned_alloc(kHugePage, (static_cast<std::size_t>(bytes) + kHugePage - 1) / kHugePage * kHugePage)),
      &std::free);
  if (!memory) return 0;
  madvise(memory.get(), static_cast<std::size_t>(bytes), MADV_HUGEPAGE);  // as tensors lie; small pages are read a quarter slower
  std::fill_n(memory.get(), count, 1.0F);                                 // pages that were never written are all the same one
  const Loops run = loops();
  std::vector<float> sums(static_cast<std::size_t>(stream->threads()));
  return best_rate(seconds, [&] {
    stream->pool.run([&](int thread, int threads) {
      const Share share = share_of(count, thread, threads, 1024);
      sums[static_cast<std::size_t>(thread)] = run.read_all(memory.get() + share.begin, share.end - share.begin);
    });
    return static_cast<double>(count) * sizeof(float);
  });
}

}  // namespace dsw::kernels
