// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/fact_line.h"

#include <QPainter>

#include "ui/widgets/sparkline.h"

namespace dsw {

namespace {
constexpr int kHeight = 32, kMargin = 12, kGap = 5, kApart = 22, kBar = 72;
}

FactLine::FactLine(QWidget* parent) : QWidget(parent) {
  setFixedHeight(kHeight);
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void FactLine::setFacts(std::vector<LineFact> facts, double share, Token share_tone) {
  facts_ = std::move(facts);
  share_ = share;
  share_tone_ = share_tone;
  setAccessibleName(text());
  update();
}

QString FactLine::text() const {
  QStringList all;
  for (const LineFact& part : facts_) all << QStringList{part.label, part.value, part.note}.join(QLatin1Char(' ')).simplified();
  return all.join(QStringLiteral(", "));
}

void FactLine::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface1));
  p.fillRect(QRect(0, height() - 1, width(), 1), themeColor(Token::Line));
  qreal x = kMargin;
  for (std::size_t i = 0; i < facts_.size(); ++i) {
    const LineFact& part = facts_[i];
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
