// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/train/recompute_plan.h"

#include <algorithm>
#include <cmath>

namespace dsw {
namespace {

/// One way to keep the blocks up to some place.
struct Way {
  std::uint64_t stored = 0;  ///< live above the base when the next block begins
  std::uint64_t peak = 0;    ///< above the base, in the backward pass of the blocks so far
  std::int64_t time = 0;
  std::size_t from = 0, before = 0;  ///< where the last part began, and which of that place's ways it goes on from
  bool again = false;
};

constexpr double kTimeUnits = 500;       // of the chain's forward pass
constexpr std::size_t kManyWays = 4096;  // to one place, before those that are worse go

/// Ways that are worse than another one in time and memory go.
void thin(std::vector<Way>& ways) {
  std::sort(ways.begin(), ways.end(), [](const Way& a, const Way& b) {
    return a.time != b.time ? a.time < b.time : a.stored != b.stored ? a.stored < b.stored : a.peak < b.peak;
  });
  std::vector<Way> good;
  for (const Way& way : ways)
    if (good.empty() || way.stored < good.back().stored) good.push_back(way);
  ways = std::move(good);
}

/// The backward pass of a block before which `live` bytes are live.
std::uint64_t peak_of(const BlockMeasure& block, std::uint64_t live) { return live + block.later_bytes + block.needed_bytes; }

std::uint64_t whole_peak(const ChainMeasure& chain, const Way& way) {
  return chain.base_bytes + std::max(way.peak, way.stored + chain.head_bytes);
}

}  // namespace

std::vector<RecomputedBlocks> every_block(std::size_t blocks) {
  std::vector<RecomputedBlocks> parts;
  for (std::size_t i = 0; i < blocks; ++i) parts.push_back({i, i + 1});
  return parts;
}

std::vector<RecomputedBlocks> sqrt_blocks(std::size_t blocks) {
  const auto count = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(blocks))));
  std::vector<RecomputedBlocks> parts;
  for (std::size_t i = 0; i < count; ++i) parts.push_back({blocks * i / count, blocks * (i + 1) / count});
  return parts;
}

std::uint64_t predicted_peak(const ChainMeasure& chain, const std::vector<RecomputedBlocks>& recomputed) {
  Way way;
  auto next = recomputed.begin();
  for (std::size_t i = 0; i < chain.blocks.size();) {
    const bool again = next != recomputed.end() && next->begin == i;
    const std::size_t end = again ? std::min(next->end, chain.blocks.size()) : i + 1;
    std::uint64_t live = way.stored;
    for (; i < end; ++i) {
      way.peak = std::max(way.peak, peak_of(chain.blocks[i], live));
      live += chain.blocks[i].kept_bytes;
    }
    way.stored = again ? way.stored + chain.blocks[end - 1].output_bytes : live;
    if (again) ++next;
  }
  return whole_peak(chain, way);
}

std::optional<RecomputeChoice> choose_recomputed(const ChainMeasure& chain, std::uint64_t limit) {
  const std::size_t count = chain.blocks.size();
  double total = 0;
  for (const BlockMeasure& block : chain.blocks) total += block.seconds;
  std::vector<std::int64_t> time;
  for (const BlockMeasure& block : chain.blocks)
    time.push_back(total > 0 ? std::max<std::int64_t>(1, std::llround(block.seconds / total * kTimeUnits)) : 1);
  std::vector<std::vector<Way>> ways(count + 1);
  ways[0].push_back({});
  const auto arrive = [&](std::size_t at, const Way& way) {
    ways[at].push_back(way);
    if (ways[at].size() > kManyWays) thin(ways[at]);
  };
  for (std::size_t begin = 0; begin < count; ++begin) {
    thin(ways[begin]);
    for (std::size_t w = 0; w < ways[begin].size(); ++w) {
      const Way before = ways[begin][w];
      Way way = before;
      way.from = begin;
      way.before = w;
      std::uint64_t live = before.stored;
      for (std::size_t end = begin + 1; end <= count; ++end) {
        const BlockMeasure& block = chain.blocks[end - 1];
        way.peak = std::max(way.peak, peak_of(block, live));
        if (chain.base_bytes + way.peak > limit) break;  // a longer part needs more
        live += block.kept_bytes;
        if (end == begin + 1) {
          way.again = false;
          way.stored = live;
          arrive(end, way);
        }
        way.again = true;
        way.time += time[end - 1];
        way.stored = before.stored + block.output_bytes;
        arrive(end, way);
      }
    }
  }
  std::vector<Way>& last = ways[count];
  std::erase_if(last, [&](const Way& way) { return whole_peak(chain, way) > limit; });
  if (last.empty()) return std::nullopt;
  const auto best = std::min_element(last.begin(), last.end(), [&](const Way& a, const Way& b) {
    return a.time != b.time ? a.time < b.time : whole_peak(chain, a) < whole_peak(chain, b);
  });
  RecomputeChoice choice;
  choice.peak_bytes = whole_peak(chain, *best);
  std::size_t end = count;
  for (Way way = *best; end > 0; way = ways[way.from][way.before]) {
    if (way.again) choice.recomputed.push_back({way.from, end});
    end = way.from;
  }
  std::reverse(choice.recomputed.begin(), choice.recomputed.end());
  for (const RecomputedBlocks& part : choice.recomputed)
    for (std::size_t i = part.begin; i < part.end; ++i) choice.seconds += chain.blocks[i].seconds;
  return choice;
}

}  // namespace dsw
