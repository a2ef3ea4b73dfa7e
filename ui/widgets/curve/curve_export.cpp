// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and tables of a CurveView for files.
#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/curve/curve_table.h"
#include "ui/widgets/curve_view.h"
#include "ui/widgets/legend_row.h"
#include "ui/widgets/message_bar.h"

namespace dsw {
namespace {

constexpr int kHead = 30;

}  // namespace

void CurveView::paintPicture(QPainter& p, bool as_shown) {
  const ThemeColors colors = as_shown ? Theme::current().colors() : ThemeColors::load(ThemeChoice::Light);
  const QSize size = plot_->size();
  p.setRenderHint(QPainter::Antialiasing);
  p.fillRect(QRect(0, 0, size.width(), size.height() + kHead), colors.color(Token::Surface2));
  p.setFont(themeFont(FontRole::Strong));
  p.setPen(colors.color(Token::Text1));
  qreal x = 12;
  p.drawText(QRectF(x, 0, size.width(), kHead), Qt::AlignVCenter | Qt::TextSingleLine, title_);
  x += QFontMetricsF(p.font()).horizontalAdvance(title_) + 14;
  p.setFont(themeFont(FontRole::Hint));
  for (const LegendItem& item : legendItems(colors)) {
    if (!item.visible) continue;
    const qreal wide = QFontMetricsF(p.font()).horizontalAdvance(item.name);
    if (x + 26 + wide > size.width() - 8) break;
    drawSeriesSample(p, QPointF(x, kHead / 2.0), item.style, item.line, item.marker);
    p.setPen(colors.color(Token::Text2));
    p.drawText(QRectF(x + 24, 0, wide + 4, kHead), Qt::AlignVCenter | Qt::TextSingleLine, item.name);
    x += 24 + wide + 14;
  }
  const qreal caption = QFontMetricsF(p.font()).horizontalAdvance(data().band_caption);
  if (caption > 0 && x + caption + 12 <= size.width()) {
    p.setPen(colors.color(Token::Text2));
    p.drawText(QRectF(size.width() - caption - 12, 0, caption + 2, kHead), Qt::AlignVCenter | Qt::TextSingleLine, data().band_caption);
  }
  if (!as_shown) plot_->setColors(colors);
  plot_->renderTo(p, QRectF(0, kHead, size.width(), size.height()));
  if (!as_shown) plot_->setColors(Theme::current().colors());
}

Figure CurveView::figure(bool as_shown) {
  return {title_,
          quantity_.isEmpty() ? title_ : quantity_,
          provenance_,
          QSize(plot_->width(), plot_->height() + kHead),
          [this, as_shown](QPainter& p) { paintPicture(p, as_shown); },
          [this] { return csv(); }};
}

QImage CurveView::picture(qreal scale, bool as_shown) { return figurePicture(figure(as_shown), scale); }
bool CurveView::exportPng(const QString& path, qreal scale, bool as_shown) { return writeFigurePng(figure(as_shown), path, scale); }
bool CurveView::exportSvg(const QString& path, bool as_shown) { return writeFigureSvg(figure(as_shown), path); }
bool CurveView::exportCsv(const QString& path) { return writeFigureCsv(figure(true), path); }

QString CurveView::csv() const { return curveCsv(data(), quantity_.isEmpty() ? title_ : quantity_, provenance_); }

void CurveView::exportDialog() {
  QString failed;
  const QString path = exportFigure(this, figure(false), &failed);
  if (!path.isEmpty()) emit exported(path);
  if (!failed.isEmpty())
    message_->showMessage(MessageLevel::Error, tr("%1 was not written.").arg(failed),
                          tr("Choose another folder, or free some space on its disk."));
}

}  // namespace dsw
