// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/example_order.h"

#include <algorithm>
#include <numeric>

namespace dsw {

const std::vector<std::int64_t>& ExampleOrder::part(Split split) const {
  return split == Split::Train ? parts_.train : split == Split::Val ? parts_.val : parts_.test;
}

std::pair<std::int64_t, std::int64_t> ExampleOrder::range(TrainShare share) const {
  const double count = static_cast<double>(size(Split::Train));
  return {static_cast<std::int64_t>(share.begin * count), static_cast<std::int64_t>(share.end * count)};
}

std::int64_t ExampleOrder::training_batches(TrainShare share, std::int64_t batch) const {
  const auto [begin, end] = range(share);
  return (end - begin + batch - 1) / batch;
}

ExampleOrder::Order ExampleOrder::shuffled(std::uint64_t seed, std::int64_t epoch, TrainShare share) const {
  constexpr std::size_t kMost = 4;  // runs with several seeds on one set, one after another or at a time
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < kept_.size(); ++i)
    if (kept_[i].seed == seed && kept_[i].epoch == epoch && kept_[i].share == share) {
      std::rotate(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(i), kept_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return kept_.front().order;
    }
  auto order = std::make_shared<std::vector<std::int64_t>>(parts_.train.size());
  std::iota(order->begin(), order->end(), 0);
  if (!share.whole()) {  // what belongs to a share is the same in all epochs
    Rng(seed, "shares").shuffle(order->begin(), order->end());
    const auto [begin, end] = range(share);
    *order = std::vector<std::int64_t>(order->begin() + begin, order->begin() + end);
  }
  Rng rng(Rng(seed, "shuffle").key() + static_cast<std::uint64_t>(epoch), "epoch");
  rng.shuffle(order->begin(), order->end());
  kept_.insert(kept_.begin(), {seed, epoch, share, order});
  if (kept_.size() > kMost) kept_.pop_back();
  return order;
}

ExampleOrder::Selection ExampleOrder::training(std::uint64_t seed, std::int64_t step, std::int64_t batch, TrainShare share) const {
  const std::int64_t per_epoch = training_batches(share, batch);
  DSW_CHECK(per_epoch > 0, "a share of the training part has examples");
  const std::int64_t epoch = step / per_epoch, begin = step % per_epoch * batch;
  const Order order = shuffled(seed, epoch, share);
  const std::int64_t end = std::min(begin + batch, static_cast<std::int64_t>(order->size()));
  return {{order->begin() + begin, order->begin() + end}, epoch};
}

std::vector<std::int64_t> ExampleOrder::evaluation(Split split, std::int64_t index, std::int64_t batch) const {
  DSW_CHECK(index >= 0 && index < batches(split, batch), "a batch of evaluation is asked for by its number");
  std::vector<std::int64_t> positions(static_cast<std::size_t>(std::min(batch, size(split) - index * batch)));
  std::iota(positions.begin(), positions.end(), index * batch);
  return positions;
}

}  // namespace dsw
