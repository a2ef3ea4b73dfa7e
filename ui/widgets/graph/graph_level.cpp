// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/graph/graph_level.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dsw {
namespace {

constexpr qreal kRowGap = 18, kLane = 16;

/// Indexes of `links` that close a cycle are dropped; the rest is acyclic.
std::vector<GraphLink> acyclic(int count, const std::vector<GraphLink>& links) {
  std::vector<std::vector<int>> out(static_cast<std::size_t>(count));
  for (int k = 0; k < static_cast<int>(links.size()); ++k)
    out[static_cast<std::size_t>(links[static_cast<std::size_t>(k)].from)].push_back(k);
  std::vector<char> color(static_cast<std::size_t>(count), 0), dropped(links.size(), 0);
  std::vector<std::pair<int, std::size_t>> stack;
  for (int root = 0; root < count; ++root) {
    if (color[static_cast<std::size_t>(root)] != 0) continue;
    stack.emplace_back(root, 0);
    color[static_cast<std::size_t>(root)] = 1;
    while (!stack.empty()) {
      auto& [at, next] = stack.back();
      const auto& edges = out[static_cast<std::size_t>(at)];
      if (next == edges.size()) {
        color[static_cast<std::size_t>(at)] = 2;
        stack.pop_back();
        continue;
      }
      const int k = edges[next++];
      const int to = links[static_cast<std::size_t>(k)].to;
      char& c = color[static_cast<std::size_t>(to)];
      if (c == 1) dropped[static_cast<std::size_t>(k)] = 1;
      if (c == 0) {
        c = 1;
        stack.emplace_back(to, 0);
      }
    }
  }
  std::vector<GraphLink> kept;
  for (std::size_t k = 0; k < links.size(); ++k)
    if (!dropped[k]) kept.push_back(links[k]);
  return kept;
}

}  // namespace

GraphLevel::GraphLevel(std::vector<GraphUnit> units, const std::vector<GraphLink>& links, QSizeF view, qreal gap)
    : units_(std::move(units)), links_(acyclic(static_cast<int>(units_.size()), links)), view_(view), gap_(gap) {}

QSizeF GraphLevel::place() {
  if (units_.empty()) return {};
  assignLayers();
  addBends();
  orderLayers();
  alignLayers();
  return wrapRows();
}

void GraphLevel::assignLayers() {
  std::vector<int> waiting(n(), 0);
  std::vector<std::vector<int>> out(n());
  for (const GraphLink& l : links_) {
    ++waiting[static_cast<std::size_t>(l.to)];
    out[static_cast<std::size_t>(l.from)].push_back(l.to);
  }
  std::vector<int> ready;
  for (std::size_t i = 0; i < n(); ++i)
    if (waiting[i] == 0) ready.push_back(static_cast<int>(i));
  for (std::size_t head = 0; head < ready.size(); ++head) {
    const int at = ready[head];
    for (const int to : out[static_cast<std::size_t>(at)]) {
      GraphUnit& target = units_[static_cast<std::size_t>(to)];
      target.layer = std::max(target.layer, units_[static_cast<std::size_t>(at)].layer + 1);
      if (--waiting[static_cast<std::size_t>(to)] == 0) ready.push_back(to);
    }
  }
  // A source stands just before what it feeds ("position" beside "token embed", not far away at the left).
  for (auto it = ready.rbegin(); it != ready.rend(); ++it) {
    const auto i = static_cast<std::size_t>(*it);
    if (out[i].empty()) continue;
    int nearest = std::numeric_limits<int>::max();
    for (const int to : out[i]) nearest = std::min(nearest, units_[static_cast<std::size_t>(to)].layer);
    const bool source = std::none_of(links_.begin(), links_.end(), [&](const GraphLink& l) { return l.to == *it; });
    if (source) units_[i].layer = nearest - 1;
  }
}

void GraphLevel::addBends() {
  bends_.assign(links_.size(), {});
  chains_.clear();
  for (std::size_t k = 0; k < links_.size(); ++k) {
    const GraphLink l = links_[k];
    if (l.residual) continue;  // runs in a lane under the row
    int before = l.from;
    for (int layer = units_[static_cast<std::size_t>(l.from)].layer + 1; layer < units_[static_cast<std::size_t>(l.to)].layer; ++layer) {
      GraphUnit bend;
      bend.bend = true;
      bend.layer = layer;
      bend.size = QSizeF(0, 8);
      bend.anchor = 4;
      units_.push_back(bend);
      const int at = static_cast<int>(units_.size()) - 1;
      bends_[k].push_back(at);
      chains_.push_back({before, at, false});
      before = at;
    }
    chains_.push_back({before, l.to, false});
  }
  int most = 0;
  for (const GraphUnit& u : units_) most = std::max(most, u.layer);
  layers_.assign(static_cast<std::size_t>(most) + 1, {});
  for (std::size_t i = 0; i < n(); ++i) layers_[static_cast<std::size_t>(units_[i].layer)].push_back(static_cast<int>(i));
  before_.assign(n(), {});
  after_.assign(n(), {});
  for (const GraphLink& l : chains_) {
    after_[static_cast<std::size_t>(l.from)].push_back(l.to);
    before_[static_cast<std::size_t>(l.to)].push_back(l.from);
  }
}

void GraphLevel::orderLayers() {
  std::vector<double> rank(n(), 0);
  const auto number = [&](const std::vector<int>& layer) {
    for (std::size_t k = 0; k < layer.size(); ++k)
      rank[static_cast<std::size_t>(layer[k])] = static_cast<double>(k) - static_cast<double>(layer.size()) / 2;
  };
  for (const auto& layer : layers_) number(layer);
  for (int sweep = 0; sweep < 6; ++sweep) {
    const bool down = sweep % 2 == 0;
    for (std::size_t s = 0; s < layers_.size(); ++s) {
      auto& layer = layers_[down ? s : layers_.size() - 1 - s];
      const auto& neighbours = down ? before_ : after_;
      std::vector<double> key(layer.size());
      for (std::size_t k = 0; k < layer.size(); ++k) {
        const auto& ns = neighbours[static_cast<std::size_t>(layer[k])];
        double sum = 0;
        for (const int i : ns) sum += rank[static_cast<std::size_t>(i)];
        key[k] = ns.empty() ? rank[static_cast<std::size_t>(layer[k])] : sum / static_cast<double>(ns.size());
      }
      std::vector<std::size_t> order(layer.size());
      std::iota(order.begin(), order.end(), 0U);
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
      std::vector<int> sorted;
      for (const std::size_t k : order) sorted.push_back(layer[k]);
      layer = std::move(sorted);
      number(layer);
    }
  }
}

void GraphLevel::alignLayers() {
  for (auto& layer : layers_) {
    qreal at = 0;
    for (const int i : layer) {
      GraphUnit& u = units_[static_cast<std::size_t>(i)];
      u.y = at + u.anchor;
      at += u.size.height() + kRowGap;
    }
    const qreal shift = (at - kRowGap) / 2;
    for (const int i : layer) units_[static_cast<std::size_t>(i)].y -= shift;
  }
  for (int sweep = 0; sweep < 6; ++sweep) {
    const bool down = sweep % 2 == 0;
    for (std::size_t s = 0; s < layers_.size(); ++s) {
      const auto& layer = layers_[down ? s : layers_.size() - 1 - s];
      for (const int i : layer) {
        const auto& ns = (down ? before_ : after_)[static_cast<std::size_t>(i)];
        if (ns.empty()) continue;
        double sum = 0;
        for (const int k : ns) sum += units_[static_cast<std::size_t>(k)].y;
        units_[static_cast<std::size_t>(i)].y = sum / static_cast<double>(ns.size());
      }
      pushApart(layer);
    }
  }
}

void GraphLevel::pushApart(const std::vector<int>& layer) {
  const auto unit = [&](std::size_t k) -> GraphUnit& { return units_[static_cast<std::size_t>(layer[k])]; };
  qreal pushed = 0;
  for (std::size_t k = 1; k < layer.size(); ++k) {
    const qreal least = unit(k - 1).bottom() + kRowGap + unit(k).anchor;
    if (unit(k).y < least) {
      pushed += least - unit(k).y;
      unit(k).y = least;
    }
  }
  // Half of what was pushed down is given back, so that a crowded layer stays centred.
  if (layer.size() > 1 && pushed > 0)
    for (std::size_t k = 0; k < layer.size(); ++k) unit(k).y -= pushed / static_cast<qreal>(2 * (layer.size() - 1));
}

/// Links that run across the border before layer `at`, weighed.
double GraphLevel::crossing(std::size_t at) const {
  double count = 0;
  for (const GraphLink& l : links_) {
    const int from = units_[static_cast<std::size_t>(l.from)].layer, to = units_[static_cast<std::size_t>(l.to)].layer,
              border = static_cast<int>(at);
    // A residual that begins just before the border runs along with the link beside it.
    if (from < border && to >= border) count += !l.residual ? 1 : from + 1 == border ? 0.2 : 3;
  }
  return count;
}

std::vector<GraphLevel::Row> GraphLevel::rowsFor(int wanted, const std::vector<qreal>& widths, const std::vector<double>& crossings) const {
  const qreal total = std::accumulate(widths.begin(), widths.end(), 0.0) + gap_ * static_cast<qreal>(widths.size());
  const qreal ideal = total / wanted;
  std::vector<Row> rows{{0, 0}};
  qreal used = 0;
  std::size_t best = 0;
  double best_cost = 1e300;
  for (std::size_t s = 0; s < widths.size(); ++s) {
    if (s > rows.back().from && static_cast<int>(rows.size()) < wanted) {
      // Breaking before layer s: far from the ideal width or across many links is bad.
      const double cost = std::abs(used - ideal) / ideal + 0.35 * crossings[s];
      if (cost < best_cost) best_cost = cost, best = s;
      if (used > ideal * 1.35) {
        rows.back().to = best;
        rows.push_back({best, 0});
        s = best;
        used = 0;
        best_cost = 1e300;
      }
    }
    used += widths[s] + gap_;
  }
  rows.back().to = widths.size();
  if (static_cast<int>(rows.size()) < wanted && best > rows.back().from && best_cost < 1e299) {
    rows.back().to = best;
    rows.push_back({best, widths.size()});
  }
  return rows;
}

void GraphLevel::measure(Row& row, const std::vector<qreal>& widths) const {
  row.top = std::numeric_limits<qreal>::infinity();
  row.bottom = -row.top;
  row.width = -gap_;
  for (std::size_t s = row.from; s < row.to; ++s) {
    row.width += widths[s] + gap_;
    for (const int i : layers_[s]) {
      const GraphUnit& u = units_[static_cast<std::size_t>(i)];
      row.top = std::min(row.top, u.top());
      row.bottom = std::max(row.bottom, u.bottom());
    }
  }
  for (const GraphLink& l : links_) {
    const auto from = static_cast<std::size_t>(units_[static_cast<std::size_t>(l.from)].layer),
               to = static_cast<std::size_t>(units_[static_cast<std::size_t>(l.to)].layer);
    if (l.residual && to >= row.from && from < row.to) row.lanes = 1;
  }
}

QSizeF GraphLevel::wrapRows() {
  std::vector<qreal> widths(layers_.size(), 0);
  for (std::size_t s = 0; s < layers_.size(); ++s)
    for (const int i : layers_[s]) widths[s] = std::max(widths[s], units_[static_cast<std::size_t>(i)].size.width());
  std::vector<double> crossings(layers_.size(), 0);
  for (std::size_t s = 1; s < layers_.size(); ++s) crossings[s] = crossing(s);
  std::vector<Row> best_rows;
  double best_scale = -1;
  QSizeF best_size;
  const int most = std::min<int>(24, static_cast<int>(layers_.size()));
  for (int wanted = 1; wanted <= most; ++wanted) {
    std::vector<Row> rows = rowsFor(wanted, widths, crossings);
    if (static_cast<int>(rows.size()) < wanted) break;
    qreal width = 0, height = -kGraphWrapGap;
    double crossed = 0;
    for (Row& row : rows) {
      measure(row, widths);
      width = std::max(width, row.width);
      height += row.bottom - row.top + row.lanes * kLane + kGraphWrapGap;
      if (row.from > 0) crossed += crossings[row.from];
    }
    // The scale at which it fits the view; each link that a wrap leads around costs the reader a little.
    const double scale =
        std::min({1.0, view_.width() / std::max(width, 1.0), view_.height() / std::max(height, 1.0)}) * std::pow(0.93, crossed);
    if (scale > best_scale * 1.001) {
      best_scale = scale;
      best_rows = rows;
      best_size = QSizeF(width, height);
    }
    if (height > width && height > view_.height()) break;
  }
  first_anchor_ = 0;
  if (!best_rows.empty() && !layers_.front().empty())
    first_anchor_ = units_[static_cast<std::size_t>(layers_.front().front())].y - best_rows.front().top;
  qreal y = 0;
  for (const Row& row : best_rows) {
    qreal x = 0;
    for (std::size_t s = row.from; s < row.to; ++s) {
      for (const int i : layers_[s]) {
        GraphUnit& u = units_[static_cast<std::size_t>(i)];
        const QPointF corner(x + (widths[s] - u.size.width()) / 2, y + u.top() - row.top);
        u.place = QRectF(corner, u.size);
      }
      x += widths[s] + gap_;
    }
    y += row.bottom - row.top + row.lanes * kLane + kGraphWrapGap;
  }
  return best_size;
}

}  // namespace dsw
