// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/search_line.h"

#include <QPainter>
#include <cmath>

#include "ui/models/number_format.h"
#include "ui/models/run_data.h"
#include "ui/models/search_model.h"
#include "ui/panels/search_charts.h"
#include "ui/widgets/sparkline.h"

namespace dsw {

namespace {
constexpr int kHeight = 32, kMargin = 12, kGap = 5, kApart = 22, kBar = 72;
}

SearchLine::SearchLine(QWidget* parent) : QWidget(parent) {
  setFixedHeight(kHeight);
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void SearchLine::show(const RunData& run, const SearchModel& search) {
  const SearchSpaceInfo& space = search.data().space();
  const RunRow& row = run.row();
  parts_.clear();
  share_ = row.total_steps > 0 ? static_cast<double>(row.step) / static_cast<double>(row.total_steps) : 0;
  share_tone_ = stateLook(QString::fromLatin1(run_status_name(row.status))).color;
  const int shown = search.epoch();
  parts_.push_back(
      {tr("Epoch"), shown < 0 ? QString(kMissing) : QString::number(shown), space.epochs > 0 ? tr("of %1").arg(space.epochs) : QString()});
  if (const SearchEpoch* now = search.now()) {
    const CostUnit unit = costUnit(space.target_metric, std::isfinite(space.target) ? space.target : space.targetCost(space.largest));
    const auto cost = [&](const QString& label, double value) {
      if (!std::isfinite(value)) return;
      Part part{label, formatNumber(value / unit.scale, 3) + QLatin1Char(' ') + unit.name, {}};
      if (space.target > 0) {
        part.note = tr("%1 % to target").arg(formatDifference(100 * (value / space.target - 1), 1));
        part.note_tone = value <= space.target ? Token::Finished : Token::Warning;
      }
      parts_.push_back(std::move(part));
    };
    cost(tr("derived"), space.targetCost(now->derived));
    cost(tr("expected"), space.targetCost(now->expected));
    const auto guard = [&](const QString& label, double value, double limit) {
      if (!std::isfinite(value)) return;
      Part part{label, formatFixed(value, 2), std::isfinite(limit) ? tr("limit %1").arg(formatFixed(limit, 2)) : QString()};
      if (std::isfinite(limit) && value > limit) part.tone = Token::Warning;
      parts_.push_back(std::move(part));
    };
    guard(tr("skip share"), now->skip_share, space.skip_limit);
    guard(tr("eigenvalue"), now->eigenvalue, space.eigenvalue_limit);
  }
  if (row.status == RunStatus::Running && row.seconds_left > 0)
    parts_.push_back({{}, tr("%1 left").arg(formatRemaining(row.seconds_left)), {}});
  setAccessibleName(text());
  update();
}

QString SearchLine::text() const {
  QStringList all;
  for (const Part& part : parts_) all << QStringList{part.label, part.value, part.note}.join(QLatin1Char(' ')).simplified();
  return all.join(QStringLiteral(", "));
}

void SearchLine::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface1));
  p.fillRect(QRect(0, height() - 1, width(), 1), themeColor(Token::Line));
  qreal x = kMargin;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    const std::pair<QString, FontRole> words[] = {
        {part.label, FontRole::Hint}, {part.value, FontRole::Number}, {part.note, FontRole::Hint}};
    const Token tones[] = {Token::Text2, part.tone, part.note_tone};
    qreal needed = 0;
    for (const auto& [word, role] : words)
      if (!word.isEmpty()) needed += QFontMetricsF(themeFont(role)).horizontalAdvance(word) + kGap;
    if (x + needed > width() - kMargin) break;
    for (std::size_t w = 0; w < 3; ++w) {
      const auto& [word, role] = words[w];
      if (word.isEmpty()) continue;
      p.setFont(themeFont(role));
      p.setPen(themeColor(tones[w]));
      const qreal wide = QFontMetricsF(p.font()).horizontalAdvance(word);
      p.drawText(QRectF(x, 0, wide + 2, height() - 1), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, word);
      x += wide + kGap;
    }
    if (i == 0 && width() > 700) {
      drawShareBar(p, QRectF(x + 3, height() / 2.0 - 3, kBar, 6), share_, themeColor(share_tone_));
      x += kBar + 6;
    }
    x += kApart - kGap;
  }
}

}  // namespace dsw
