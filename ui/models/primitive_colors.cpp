// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/primitive_colors.h"

#include <map>

#include "ui/models/search_data.h"

namespace dsw {
namespace {

constexpr int kColors = 8;

/// Series: 0 blue, 1 rust, 2 green, 3 violet, 4 rose, 5 sky, 6 olive, 7 stone.
int wanted(const SearchCandidate& candidate) {
  static const std::map<QString, int> kByOp = {{"zero", 7},      {"identity", 6},       {"avgpool2d", 1}, {"maxpool2d", 4},
                                               {"attention", 0}, {"relu-conv-bn", 0},   {"conv2d", 0},    {"conv1d", 2},
                                               {"mlp", 3},       {"separable-conv", 2}, {"linear", 4},    {"cell", 3}};
  const bool conv = candidate.op.contains(QLatin1String("conv"));
  if (conv && candidate.title.contains(QStringLiteral("1×1"))) return 5;
  if (conv && candidate.title.contains(QStringLiteral("5×5"))) return 3;
  if (conv && candidate.title.contains(QLatin1String("dil"))) return 4;
  if (candidate.op == QLatin1String("attention") && candidate.title.contains(QLatin1String("window"))) return 5;
  if (candidate.op == QLatin1String("attention") && candidate.title.contains(QLatin1String("block"))) return 3;
  const auto it = kByOp.find(candidate.op);
  return it == kByOp.end() ? -1 : it->second;
}

}  // namespace

void colorCandidates(SearchSpaceInfo& space) {
  std::map<QString, int> colors;
  int used[kColors] = {};
  const auto free = [&] {
    int least = 2;  // blue and rust stay with what is known
    for (int i = 0; i < kColors; ++i)
      if (used[i] < used[least]) least = i;
    return least;
  };
  for (SearchChoice& choice : space.choices) {
    int rank = 0;
    for (SearchCandidate& candidate : choice.candidates) {
      if (choice.kind != QLatin1String("operation")) {
        candidate.color = rank++ % kColors;
        continue;
      }
      const QString key = candidate.op + QLatin1Char('|') + candidate.title;
      auto it = colors.find(key);
      if (it == colors.end()) {
        int color = wanted(candidate);
        if (color < 0 || used[color] > 0) color = free();
        ++used[color];
        it = colors.emplace(key, color).first;
      }
      candidate.color = it->second;
    }
  }
}

}  // namespace dsw
