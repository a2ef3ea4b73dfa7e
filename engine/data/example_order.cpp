// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/example_order.h"

#include <algorithm>
#include <numeric>

namespace dsw {

const std::vector<std::int64_t>& ExampleOrder::part(Split split) const {
  return split == Split::Train ? parts_.train : split == Split::Val ? parts_.val : parts_.test;
}

ExampleOrder::Order ExampleOrder::shuffled(std::uint64_t seed, std::int64_t epoch) const {
  constexpr std::size_t kMost = 4;  // runs with several seeds on one set, one after another or at a time
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < kept_.size(); ++i)
    if (kept_[i].seed == seed && kept_[i].epoch == epoch) {
      std::rotate(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(i), kept_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return kept_.front().order;
    }
  auto order = std::make_shared<std::vector<std::int64_t>>(parts_.train.size());
  std::iota(order->begin(), order->end(), 0);
  Rng rng(Rng(seed, "shuffle").key() + static_cast<std::uint64_t>(epoch), "epoch");
  rng.shuffle(order->begin(), order->end());
  kept_.insert(kept_.begin(), {seed, epoch, order});
  if (kept_.size() > kMost) kept_.pop_back();
  return order;
}

ExampleOrder::Selection ExampleOrder::training(std::uint64_t seed, std::int64_t step, std::int64_t batch) const {
  const std::int64_t per_epoch = batches(Split::Train, batch), epoch = step / per_epoch, begin = step % per_epoch * batch;
  const Order order = shuffled(seed, epoch);
  const std::int64_t end = std::min(begin + batch, size(Split::Train));
  return {{order->begin() + begin, order->begin() + end}, epoch};
}

std::vector<std::int64_t> ExampleOrder::evaluation(Split split, std::int64_t index, std::int64_t batch) const {
  DSW_CHECK(index >= 0 && index < batches(split, batch), "a batch of evaluation is asked for by its number");
  std::vector<std::int64_t> positions(static_cast<std::size_t>(std::min(batch, size(split) - index * batch)));
  std::iota(positions.begin(), positions.end(), index * batch);
  return positions;
}

}  // namespace dsw
