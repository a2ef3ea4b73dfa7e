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

  int threads() const;
  /// body(context, i, n) on every thread i < n at once; returns when all are done. body must not throw.
  void run(Body body, void* context);
  template <class F>
  void run(F&& f) {
    run([](void* context, int thread, int threads) { (*static_cast<std::remove_reference_t<F>*>(context))(thread, threads); }, &f);
  }

 private:
  void work(int thread);

  std::vector<std::thread> workers_;
  Body body_ = nullptr;  // written before generation_ grows, read after
  void* context_ = nullptr;
  std::atomic<std::uint32_t> generation_{0};  // grows by one a call
  std::atomic<int> unfinished_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // only for sleeping on the two conditions
  std::condition_variable wake_, done_;
};

}  // namespace dsw::kernels
