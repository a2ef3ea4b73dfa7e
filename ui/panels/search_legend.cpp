// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/search_legend.h"

#include <QPainter>

#include "ui/models/search_data.h"
#include "ui/widgets/graph/graph_items.h"
#include "ui/widgets/theme.h"

namespace dsw {

namespace {
constexpr int kMargin = 12, kLine = 22, kSquare = 9, kScale = 84;
}

SearchLegend::SearchLegend(QWidget* parent) : QWidget(parent) {
  QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void SearchLegend::setSpace(const SearchSpaceInfo& space, const QString& cell, bool edges) {
  names_.clear();
  colors_.clear();
  edges_ = edges;
  for (const SearchChoice& choice : space.choices) {
    if (choice.kind != QLatin1String("operation") || choice.isEdge() != edges || (edges && choice.cell != cell)) continue;
    for (const SearchCandidate& candidate : choice.candidates) {
      if (names_.contains(candidate.title)) continue;
      names_ << candidate.title;
      colors_.push_back(candidate.color);
    }
  }
  updateGeometry();
  update();
}

int SearchLegend::paintInto(QPainter* p, int width) const {
  const QFontMetricsF metrics(themeFont(FontRole::Hint));
  qreal x = kMargin, y = 0;
  const auto room = [&](qreal wide) {
    if (x > kMargin && x + wide > width - kMargin) x = kMargin, y += kLine;
  };
  if (p) p->setFont(themeFont(FontRole::Hint));
  for (qsizetype i = 0; i < names_.size(); ++i) {
    const qreal wide = kSquare + 6 + metrics.horizontalAdvance(names_[i]) + 14;
    room(wide);
    if (p) {
      p->fillRect(QRectF(x, y + (kLine - kSquare) / 2.0, kSquare, kSquare),
                  Theme::current().series(colors_[static_cast<std::size_t>(i)]).color);
      p->setPen(themeColor(Token::Text2));
      p->drawText(QRectF(x + kSquare + 6, y, wide, kLine), Qt::AlignLeft | Qt::AlignVCenter, names_[i]);
    }
    x += wide;
  }
  if (edges_) {
    const QString from = tr("decided"), to = tr("open");
    const qreal wide = metrics.horizontalAdvance(from) + kScale + metrics.horizontalAdvance(to) + 12;
    room(wide);
    x = std::max(x, width - kMargin - wide);
    if (p) {
      p->setPen(themeColor(Token::Text2));
      p->drawText(QRectF(x, y, wide, kLine), Qt::AlignLeft | Qt::AlignVCenter, from);
      const qreal left = x + metrics.horizontalAdvance(from) + 6;
      for (int i = 0; i < kScale; ++i) p->fillRect(QRectF(left + i, y + 7, 1, 8), entropyColor(i / (kScale - 1.0)));
      p->drawText(QRectF(left + kScale + 6, y, wide, kLine), Qt::AlignLeft | Qt::AlignVCenter, to);
    }
  }
  return static_cast<int>(y) + kLine;
}

void SearchLegend::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface2));
  paintInto(&p, width());
}

}  // namespace dsw
