// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/search_line.h"

#include <cmath>

#include "ui/models/number_format.h"
#include "ui/models/run_data.h"
#include "ui/models/search_model.h"
#include "ui/panels/search_charts.h"

namespace dsw {

void showSearchFacts(FactLine& line, const RunData& run, const SearchModel& search) {
  const SearchSpaceInfo& space = search.data().space();
  const RunRow& row = run.row();
  std::vector<LineFact> parts;
  const double share = row.total_steps > 0 ? static_cast<double>(row.step) / static_cast<double>(row.total_steps) : 0;
  const Token tone = stateLook(QString::fromLatin1(run_status_name(row.status))).color;
  const int shown = search.epoch();
  parts.push_back({QObject::tr("Epoch"), shown < 0 ? QString(kMissing) : QString::number(shown),
                   space.epochs > 0 ? QObject::tr("of %1").arg(space.epochs) : QString()});
  if (const SearchEpoch* now = search.now()) {
    const CostUnit unit = costUnit(space.target_metric, std::isfinite(space.target) ? space.target : space.targetCost(space.largest));
    const auto cost = [&](const QString& label, double value) {
      if (!std::isfinite(value)) return;
      LineFact part{label, formatNumber(value / unit.scale, 3) + QLatin1Char(' ') + unit.name, {}};
      if (space.target > 0) {
        part.note = QObject::tr("%1 % to target").arg(formatDifference(100 * (value / space.target - 1), 1));
        part.note_tone = value <= space.target ? Token::Finished : Token::Warning;
      }
      parts.push_back(std::move(part));
    };
    cost(QObject::tr("derived"), space.targetCost(now->derived));
    cost(QObject::tr("expected"), space.targetCost(now->expected));
    const auto guard = [&](const QString& label, double value, double limit) {
      if (!std::isfinite(value)) return;
      LineFact part{label, formatFixed(value, 2), std::isfinite(limit) ? QObject::tr("limit %1").arg(formatFixed(limit, 2)) : QString()};
      if (std::isfinite(limit) && value > limit) part.tone = Token::Warning;
      parts.push_back(std::move(part));
    };
    guard(QObject::tr("skip share"), now->skip_share, space.skip_limit);
    guard(QObject::tr("eigenvalue"), now->eigenvalue, space.eigenvalue_limit);
  }
  if (row.status == RunStatus::Running && row.seconds_left > 0)
    parts.push_back({{}, QObject::tr("%1 left").arg(formatRemaining(row.seconds_left)), {}});
  line.setFacts(std::move(parts), share, tone);
}

}  // namespace dsw
