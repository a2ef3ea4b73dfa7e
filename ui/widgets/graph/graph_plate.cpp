// SPDX-License-Identifier: GPL-3.0-or-later
// Edges that are still open: their colour, and the plate that stands on them.
#include "ui/widgets/colormap.h"
#include "ui/widgets/graph/graph_items.h"
#include "ui/widgets/theme.h"

namespace dsw {

namespace {
constexpr qreal kBarHeight = 6, kMargin = 6, kGap = 1, kLeastText = 8;
constexpr double kOpenEnd = 0.78;  // the last part of the map is too near to the ground
}  // namespace

QColor entropyColor(double entropy) {
  const double t = kOpenEnd * std::clamp(entropy, 0.0, 1.0);
  return colormapColor(Colormap::Cividis, Theme::current().colors().isDark() ? 1 - t : t);
}

/// Leading primitive and its probability over the bar of all; far out the bar alone, and higher.
void GraphNodeItem::paintPlate(QPainter& p, GraphDetail detail, qreal px) const {
  const QRectF area = box().adjusted(kMargin, 0, -kMargin, 0);
  const bool text = detail == GraphDetail::All && 11 * px >= kLeastText;
  if (text) {
    const QRectF line(area.left(), 3, area.width(), 18);
    p.setFont(themeFont(FontRole::NumberSmall));
    const qreal wide = QFontMetricsF(p.font()).horizontalAdvance(node_.value);
    p.setPen(themeColor(Token::Text1));
    p.drawText(line, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, node_.value);
    p.setFont(themeFont(FontRole::Hint));
    p.drawText(line, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
               QFontMetricsF(p.font()).elidedText(node_.name, Qt::ElideRight, line.width() - wide - 6));
  }
  const qreal height = text ? kBarHeight : 2 * kBarHeight;
  qreal x = area.left(), y = text ? box().bottom() - kBarHeight - 5 : box().center().y() - kBarHeight;
  double total = 0;
  for (const GraphShare& share : node_.shares) total += share.share;
  for (const GraphShare& share : node_.shares) {
    const qreal wide = total > 0 ? area.width() * share.share / total : 0;
    if (wide > 0.3)
      p.fillRect(QRectF(x, y, std::max(0.5, wide - (wide > 3 ? kGap : 0)), height), Theme::current().series(share.color).color);
    x += wide;
  }
}

}  // namespace dsw
