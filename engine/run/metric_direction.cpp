// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/metric_direction.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace dsw {
namespace {

constexpr std::array<std::string_view, 9> kHigher{"accuracy", "recall", "precision", "f1", "auc", "score", "retention", "r2", "bleu"};

bool has_word(std::string_view name, std::string_view word) {
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('-', begin), name.size());
    if (name.substr(begin, end - begin) == word) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

MetricDirection metric_direction(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  if (name == "lr" || name == "grad-norm") return MetricDirection::Last;
  if (has_word(name, "loss") || has_word(name, "error")) return MetricDirection::Lower;
  if (name.size() > 6 && name.substr(name.size() - 6) == "-per-s") return MetricDirection::Higher;
  for (const std::string_view word : kHigher) {
    if (has_word(name, word)) return MetricDirection::Higher;
  }
  return MetricDirection::Lower;
}

bool lower_is_better(std::string_view key) { return metric_direction(key) != MetricDirection::Higher; }

bool is_better(std::string_view key, double value, double best) {
  if (std::isnan(value)) return false;
  if (std::isnan(best)) return true;
  switch (metric_direction(key)) {
    case MetricDirection::Lower:
      return value < best;
    case MetricDirection::Higher:
      return value > best;
    case MetricDirection::Last:
      return true;
  }
  return false;
}

}  // namespace dsw
