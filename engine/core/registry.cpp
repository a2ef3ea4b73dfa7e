// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/registry.h"

#include <algorithm>
#include <cctype>

namespace dsw {
namespace {

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

/// Lower case, with one kind of separator: "Learning_Rate" and "learning-rate" are one name to a person.
std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    out += c == '_' || c == ' ' ? '-' : static_cast<char>(std::tolower(u));
  }
  return out;
}

/// "batch-size" holds "batch", "n-layers" holds "layers".
bool has_part(const std::string& whole, const std::string& part) {
  return part.size() > 1 && ("-" + whole + "-").find("-" + part + "-") != std::string::npos;
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& names) {
  constexpr std::size_t kLongestName = 64;  // keeps a hostile key of a megabyte from costing minutes
  if (name.size() < 2 || name.size() > kLongestName) return {};
  const std::string wanted = folded(name);
  std::size_t best = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  std::string nearest;
  for (const std::string& candidate : names) {
    if (candidate.size() > kLongestName) continue;
    const std::size_t distance = edit_distance(wanted, folded(candidate));
    if (distance < best) best = distance, nearest = candidate;
  }
  if (!nearest.empty()) return nearest;
  for (const std::string& candidate : names)
    if (has_part(wanted, folded(candidate)) || has_part(folded(candidate), wanted)) return candidate;
  return {};
}

}  // namespace dsw
