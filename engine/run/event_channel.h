// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

#include "engine/run/event.h"

namespace dsw {

/// A bounded ring from one producer (the run's worker thread) to one consumer (whoever stores the events); no lock on either side.
/// Nothing but progress is ever dropped: a full ring makes `push` wait until the consumer took something. Progress that finds the
/// ring full is kept aside, where newer progress overwrites it, and goes out in order before the next other event.
class EventChannel {
 public:
  /// @param capacity  events that fit, >= 2; rounded up to a power of two
  explicit EventChannel(std::size_t capacity = 4096);

  // Producer.
  void push(Event event);
  /// No event follows. Waits for room for progress kept aside.
  void close();

  // Consumer.
  /// Waits until there is an event or the channel is closed; appends all that are there to `out`. False: closed and empty.
  bool take(std::vector<Event>& out);
  /// The same without waiting; false when there was nothing.
  bool try_take(std::vector<Event>& out);

 private:
  void push_waiting(Event event);
  bool full() const;

  std::vector<Event> ring_;
  std::atomic<std::size_t> head_{0};   ///< next to take; written by the consumer
  std::atomic<std::size_t> tail_{0};   ///< next to fill; written by the producer
  std::atomic<unsigned> produced_{0};  ///< changes with every push and at the close: what the consumer waits on
  std::atomic<bool> closed_{false};
  std::optional<Event> kept_progress_;  ///< producer only
};

}  // namespace dsw
