// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace dsw::kernels {

/// Threads that share one call: it is cut into `threads()` shares by number, so results depend on that number alone, never on
/// timing. The caller takes share 0 and then every share that nobody has begun, because a worker that the system does not run
/// (another program has its core) must not hold up the call. Idle workers spin for some tens of microseconds, then sleep.
/// One thread at a time calls `run`; no call nests.
class ThreadPool {
 public:
  using Body = void (*)(void* context, int share, int shares);

  /// Throws std::system_error when the system gives no thread.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;
  /// body(context, i, n) once for every i < n; returns when all are done. body must not throw.
  void run(Body body, void* context);
  template <class F>
  void run(F&& f) {
    run([](void* context, int share, int shares) { (*static_cast<std::remove_reference_t<F>*>(context))(share, shares); }, &f);
  }

 private:
  void work(int share);
  void stop();
  /// True for the one thread that gets this share of this call.
  bool claim(int share, std::uint32_t call);
  void finish_share();

  const int shares_;
  std::vector<std::thread> workers_;
  Body body_ = nullptr;  // of the current call: written before call_ grows, read only by who claimed a share of it
  void* context_ = nullptr;
  std::atomic<std::uint32_t> call_{0};                     // number of the current call
  std::unique_ptr<std::atomic<std::uint32_t>[]> claimed_;  // [share]: the last call for which somebody took it
  std::atomic<int> unfinished_{0};                         // shares of the current call beside the caller's first
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // only for sleeping on the two conditions
  std::condition_variable wake_, done_;
};

}  // namespace dsw::kernels
