// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and tables of a CurveView for files.
#include <QSvgGenerator>

#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/curve/curve_table.h"
#include "ui/widgets/curve_view.h"
#include "ui/widgets/legend_row.h"

namespace dsw {
namespace {

constexpr int kHead = 30;

QString provenanceText(const Provenance& provenance) {
  QStringList lines;
  for (auto it = provenance.begin(); it != provenance.end(); ++it) lines << it.key() + QStringLiteral(": ") + it.value();
  return lines.join(QLatin1Char('\n'));
}

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
  if (!as_shown) plot_->setColors(colors);
  plot_->renderTo(p, QRectF(0, kHead, size.width(), size.height()));
  if (!as_shown) plot_->setColors(Theme::current().colors());
}

QImage CurveView::picture(qreal scale, bool as_shown) {
  QImage image((QSizeF(plot_->width(), plot_->height() + kHead) * scale).toSize(), QImage::Format_ARGB32_Premultiplied);
  image.setDevicePixelRatio(scale);
  image.fill(Qt::white);
  QPainter p(&image);
  paintPicture(p, as_shown);
  p.end();
  for (auto it = provenance_.begin(); it != provenance_.end(); ++it) image.setText(it.key(), it.value());
  image.setText(QStringLiteral("Title"), title_);
  return image;
}

bool CurveView::exportPng(const QString& path, qreal scale, bool as_shown) { return picture(scale, as_shown).save(path, "PNG"); }

bool CurveView::exportSvg(const QString& path, bool as_shown) {
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly)) return false;
  QBuffer buffer;
  QSvgGenerator generator;
  const QSize size(plot_->width(), plot_->height() + kHead);
  generator.setOutputDevice(&buffer);
  generator.setResolution(96);
  generator.setSize(size);
  generator.setViewBox(QRect(QPoint(), size));
  generator.setTitle(title_);
  generator.setDescription(provenanceText(provenance_).toHtmlEscaped());
  QPainter p;
  if (!p.begin(&generator)) return false;
  paintPicture(p, as_shown);
  p.end();
  file.write(buffer.data());
  return file.commit();
}

QString CurveView::csv() const { return curveCsv(data(), quantity_.isEmpty() ? title_ : quantity_, provenance_); }

bool CurveView::exportCsv(const QString& path) const {
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly)) return false;
  file.write(csv().toUtf8());
  return file.commit();
}

void CurveView::exportDialog() {
  QString name = quantity_.isEmpty() ? title_ : quantity_;
  name.replace(QRegularExpression(QStringLiteral("[^A-Za-z0-9._-]+")), QStringLiteral("-"));
  QString filter;
  QString path = QFileDialog::getSaveFileName(this, tr("Export %1").arg(title_), name + QStringLiteral(".svg"),
                                              tr("Drawing (*.svg);;Picture (*.png);;Table (*.csv)"), &filter);
  if (path.isEmpty()) return;
  QString suffix = QFileInfo(path).suffix().toLower();
  if (suffix != QLatin1String("svg") && suffix != QLatin1String("png") && suffix != QLatin1String("csv")) {
    suffix = filter.contains(QLatin1String("png")) ? QStringLiteral("png") : filter.contains(QLatin1String("csv")) ? QStringLiteral("csv") : QStringLiteral("svg");
    path += QLatin1Char('.') + suffix;
  }
  const bool ok = suffix == QLatin1String("png") ? exportPng(path) : suffix == QLatin1String("csv") ? exportCsv(path) : exportSvg(path);
  if (ok) emit exported(path);
  else setError(tr("%1 was not written.").arg(path), tr("Choose another folder, or free some space on its disk."));
}

}  // namespace dsw
