// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "kernels/cpu/stream.h"
#include "kernels/view.h"

/// Static division of work over a stream's threads.
namespace DSW_KERNELS_NAMESPACE {

/// Share `thread` of [0, n) cut into `threads` parts of nearly equal length that start at multiples of `grain`.
struct Share {
  std::int64_t begin, end;
};
inline Share share_of(std::int64_t n, int thread, int threads, std::int64_t grain = 1) {
  const std::int64_t blocks = (n + grain - 1) / grain, base = blocks / threads, rest = blocks % threads;
  const std::int64_t begin = (thread * base + (thread < rest ? thread : rest)) * grain,
                     end = begin + (base + (thread < rest ? 1 : 0)) * grain;
  return {begin < n ? begin : n, end < n ? end : n};
}

// Work below this runs on the calling thread: waking another costs about as much.
inline constexpr double kSerialNanoseconds = 20000;

/// f(thread, threads) on all threads when the work (about, on one thread) is worth it, else f(0, 1) here.
template <class F>
void parallel(DswStream* stream, double nanoseconds, F&& f) {
  if (nanoseconds < kSerialNanoseconds || stream->threads() == 1)
    f(0, 1);
  else
    stream->pool.run(f);
}

/// f(begin, end, thread) on each thread's share of [0, n); `cost` in nanoseconds an element on one thread.
template <class F>
void parallel_for(DswStream* stream, std::int64_t n, double cost, std::int64_t grain, F&& f) {
  if (n <= 0) return;
  parallel(stream, static_cast<double>(n) * cost, [&](int thread, int threads) {
    const Share share = share_of(n, thread, threads, grain);
    if (share.begin < share.end) f(share.begin, share.end, thread);
  });
}

}  // namespace DSW_KERNELS_NAMESPACE
