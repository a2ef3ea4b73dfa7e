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

ThreadPool::ThreadPool(int threads)
    : shares_(threads < 1 ? 1 : threads), claimed_(new std::atomic<std::uint32_t>[static_cast<std::size_t>(shares_)]) {
  for (int i = 0; i < shares_; ++i) claimed_[static_cast<std::size_t>(i)] = 0;
  try {
    for (int i = 1; i < shares_; ++i) workers_.emplace_back([this, i] { work(i); });
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping_ = true;
  { const std::lock_guard lock(mutex_); }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

int ThreadPool::threads() const { return shares_; }

bool ThreadPool::claim(int share, std::uint32_t call) {
  // Every share of every call is taken once, before the call ends; so a worker that looked at an older call fails here.
  std::uint32_t before = call - 1;
  return claimed_[static_cast<std::size_t>(share)].compare_exchange_strong(before, call);
}

void ThreadPool::finish_share() {
  if (unfinished_.fetch_sub(1) != 1) return;
  { const std::lock_guard lock(mutex_); }
  done_.notify_one();
}

void ThreadPool::run(Body body, void* context) {
  if (shares_ == 1) return body(context, 0, 1);
  body_ = body;
  context_ = context;
  unfinished_.store(shares_ - 1);
  const std::uint32_t call = call_.fetch_add(1) + 1;
  { const std::lock_guard lock(mutex_); }  // a worker between its last look and its sleep gets the notification
  wake_.notify_all();
  body(context, 0, shares_);
  for (int share = 1; share < shares_; ++share) {
    if (!claim(share, call)) continue;
    body(context, share, shares_);
    finish_share();
  }
  const auto finished = [this] { return unfinished_.load() == 0; };
  if (spin_until(finished)) return;
  std::unique_lock lock(mutex_);
  done_.wait(lock, finished);
}

void ThreadPool::work(int share) {
  std::uint32_t seen = 0;
  for (;;) {
    const auto called = [this, &seen] { return call_.load() != seen || stopping_.load(); };
    if (!spin_until(called)) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, called);
    }
    if (stopping_.load()) return;
    seen = call_.load();
    if (!claim(share, seen)) continue;
    body_(context_, share, shares_);
    finish_share();
  }
}

}  // namespace dsw::kernels
