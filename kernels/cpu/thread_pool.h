// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace dsw::kernels {

/// Fixed threads that share one call: thread `i` of `n` always gets share `i`, so results depend on `n` alone.
/// The caller is thread 0. Waiting threads spin for a few microseconds, then sleep, so that an idle or preempted pool
/// costs the other programs of the machine nothing. One thread at a time calls `run`; no call nests.
class ThreadPool {
 public:
  using Body = void (*)(void* context, int thread, int threads);

  /// Throws std::system_error when the system gives no thread.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }
  /// body(context, i, n) on every thread i < n at once; returns when all are done. body must not throw.
  void run(Body body, void* context);
  template <class F> void run(F&& f) {
    run([](void* context, int thread, int threads) { (*static_cast<std::remove_reference_t<F>*>(context))(thread, threads); }, &f);
  }

 private:
  void work(int thread);

  std::vector<std::thread> workers_;
  Body body_ = nullptr;                        // written before generation_ grows, read after
  void* context_ = nullptr;
  std::atomic<std::uint32_t> generation_{0};   // grows by one a call
  std::atomic<int> unfinished_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;                           // only for sleeping on the two conditions
  std::condition_variable wake_, done_;
};

/// Share `thread` of [0, n) cut into `threads` parts of nearly equal length; the parts start at multiples of `grain`.
struct Share {
  std::int64_t begin, end;
};
inline Share share_of(std::int64_t n, int thread, int threads, std::int64_t grain = 1) {
  const std::int64_t blocks = (n + grain - 1) / grain, base = blocks / threads, rest = blocks % threads;
  const std::int64_t first = thread * base + (thread < rest ? thread : rest), count = base + (thread < rest ? 1 : 0);
  const std::int64_t begin = first * grain, end = (first + count) * grain;
  return {begin < n ? begin : n, end < n ? end : n};
}

}  // namespace dsw::kernels
