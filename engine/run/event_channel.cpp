// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/event_channel.h"

#include <bit>

namespace dsw {

EventChannel::EventChannel(std::size_t capacity) : ring_(std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity)) {}

bool EventChannel::full() const { return tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_acquire) == ring_.size(); }

void EventChannel::push_waiting(Event event) {
  const std::size_t tail = tail_.load(std::memory_order_relaxed);
  for (std::size_t head = head_.load(std::memory_order_acquire); tail - head == ring_.size(); head = head_.load(std::memory_order_acquire))
    head_.wait(head, std::memory_order_acquire);
  ring_[tail & (ring_.size() - 1)] = std::move(event);
  tail_.store(tail + 1, std::memory_order_release);
  produced_.fetch_add(1, std::memory_order_release);
  produced_.notify_one();
}

void EventChannel::push(Event event) {
  if (std::holds_alternative<ProgressBody>(event.body) && full()) {
    kept_progress_ = std::move(event);
    return;
  }
  if (kept_progress_) {
    Event kept = std::move(*kept_progress_);
    kept_progress_.reset();
    if (!std::holds_alternative<ProgressBody>(event.body)) push_waiting(std::move(kept));  // else the newer one replaces it
  }
  push_waiting(std::move(event));
}

void EventChannel::close() {
  if (kept_progress_) {
    push_waiting(std::move(*kept_progress_));
    kept_progress_.reset();
  }
  closed_.store(true, std::memory_order_release);
  produced_.fetch_add(1, std::memory_order_release);
  produced_.notify_one();
}

bool EventChannel::try_take(std::vector<Event>& out) {
  std::size_t head = head_.load(std::memory_order_relaxed);
  const std::size_t tail = tail_.load(std::memory_order_acquire);
  if (head == tail) return false;
  for (; head != tail; ++head) out.push_back(std::move(ring_[head & (ring_.size() - 1)]));
  head_.store(head, std::memory_order_release);
  head_.notify_one();
  return true;
}

bool EventChannel::take(std::vector<Event>& out) {
  for (;;) {
    const unsigned seen = produced_.load(std::memory_order_acquire);
    const bool closed = closed_.load(std::memory_order_acquire);
    if (try_take(out)) return true;
    if (closed) return false;
    produced_.wait(seen, std::memory_order_acquire);
  }
}

}  // namespace dsw
