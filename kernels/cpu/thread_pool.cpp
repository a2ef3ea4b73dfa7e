// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cpu/thread_pool.h"

namespace dsw::kernels {
namespace {

// Some tens of microseconds: longer than most gaps between two kernels of a step, about what waking a sleeper costs.
constexpr int kSpins = 2000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

template <class Condition>
bool spin_until(Condition&& condition) {
  for (int i = 0; i < kSpins; ++i) {
    if (condition()) return true;
    pause();
  }
  return condition();
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
  } catch (...) {
    stopping_ = true;
    { const std::lock_guard lock(mutex_); }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  stopping_ = true;
  { const std::lock_guard lock(mutex_); }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

int ThreadPool::threads() const { return static_cast<int>(workers_.size()) + 1; }

void ThreadPool::run(Body body, void* context) {
  const int count = threads();
  if (count == 1) return body(context, 0, 1);
  body_ = body;
  context_ = context;
  unfinished_.store(count - 1, std::memory_order_relaxed);
  generation_.fetch_add(1);
  { const std::lock_guard lock(mutex_); }  // a worker between its last look and its sleep gets the notification
  wake_.notify_all();
  body(context, 0, count);
  const auto finished = [this] { return unfinished_.load() == 0; };
  if (spin_until(finished)) return;
  std::unique_lock lock(mutex_);
  done_.wait(lock, finished);
}

void ThreadPool::work(int thread) {
  std::uint32_t seen = 0;
  for (;;) {
    const auto called = [this, &seen] { return generation_.load() != seen || stopping_.load(); };
    if (!spin_until(called)) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, called);
    }
    if (stopping_.load()) return;
    ++seen;
    body_(context_, thread, threads());
    if (unfinished_.fetch_sub(1) == 1) {
      { const std::lock_guard lock(mutex_); }
      done_.notify_one();
    }
  }
}

}  // namespace dsw::kernels
