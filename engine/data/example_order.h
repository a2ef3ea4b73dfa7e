// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/data/data_file.h"
#include "engine/data/dataset.h"

namespace dsw {

/// Which examples of a labelled set a batch holds. Immutable to its users; any thread.
class ExampleOrder {
 public:
  explicit ExampleOrder(SplitIndices parts) : parts_(std::move(parts)) {}

  const std::vector<std::int64_t>& part(Split split) const;
  std::int64_t size(Split split) const { return static_cast<std::int64_t>(part(split).size()); }
  /// ceil(size / batch).
  std::int64_t batches(Split split, std::int64_t batch) const { return (size(split) + batch - 1) / batch; }

  /// Positions within the split. Training: each epoch in its own order, drawn by (seed, epoch); its last batch is short.
  struct Selection {
    std::vector<std::int64_t> positions;
    std::int64_t epoch = 0;
  };
  Selection training(std::uint64_t seed, std::int64_t step, std::int64_t batch, TrainShare share = {}) const;
  std::int64_t training_batches(TrainShare share, std::int64_t batch) const;
  std::vector<std::int64_t> evaluation(Split split, std::int64_t index, std::int64_t batch) const;

 private:
  using Order = std::shared_ptr<const std::vector<std::int64_t>>;
  Order shuffled(std::uint64_t seed, std::int64_t epoch, TrainShare share) const;
  std::pair<std::int64_t, std::int64_t> range(TrainShare share) const;

  SplitIndices parts_;
  struct Kept {
    std::uint64_t seed;
    std::int64_t epoch;
    TrainShare share;
    Order order;
  };
  mutable std::mutex mutex_;        ///< guards kept_
  mutable std::vector<Kept> kept_;  ///< the orders that were asked for last: an epoch's is made once, not at each step
};

}  // namespace dsw
