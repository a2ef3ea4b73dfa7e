// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/figure_export.h"

#include <QFileDialog>
#include <QSvgGenerator>
#include <memory>

#include "ui/widgets/save_dialog.h"
#include "ui/widgets/write_apart.h"

namespace dsw {
namespace {

bool writeBytes(const QString& path, const QByteArray& bytes) {
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly)) return false;
  return file.write(bytes) == bytes.size() && file.commit();
}

QByteArray pngOf(const QImage& picture) {
  QBuffer buffer;
  return buffer.open(QIODevice::WriteOnly) && picture.save(&buffer, "PNG") ? buffer.data() : QByteArray();
}

QByteArray drawing(const Figure& figure) {
  QStringList lines;
  for (auto it = figure.provenance.begin(); it != figure.provenance.end(); ++it) lines << it.key() + QStringLiteral(": ") + it.value();
  QBuffer buffer;
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setResolution(96);
  generator.setSize(figure.size);
  generator.setViewBox(QRect(QPoint(), figure.size));
  generator.setTitle(figure.title.toHtmlEscaped());
  generator.setDescription(lines.join(QLatin1Char('\n')).toHtmlEscaped());
  QPainter p;
  if (!p.begin(&generator)) return {};
  figure.paint(p);
  p.end();
  return buffer.data();
}

/// Draws here, where widgets may be asked; encodes and writes on another thread.
bool writeFigure(const Figure& figure, const QString& path) {
  const QString suffix = QFileInfo(path).suffix().toLower();
  if (suffix == QLatin1String("png")) return writeApart(path, [picture = figurePicture(figure, 2)] { return pngOf(picture); });
  const QByteArray bytes = suffix == QLatin1String("csv") ? figure.csv().toUtf8() : drawing(figure);
  return !bytes.isEmpty() && writeApart(path, [bytes] { return bytes; });
}

}  // namespace

QImage figurePicture(const Figure& figure, qreal scale) {
  QImage image((QSizeF(figure.size) * scale).toSize(), QImage::Format_ARGB32_Premultiplied);
  image.setDevicePixelRatio(scale);
  image.fill(Qt::white);
  QPainter p(&image);
  figure.paint(p);
  p.end();
  image.setText(QStringLiteral("Title"), figure.title);
  for (auto it = figure.provenance.begin(); it != figure.provenance.end(); ++it) image.setText(it.key(), it.value());
  return image;
}

bool writeFigurePng(const Figure& figure, const QString& path, qreal scale) {
  return writeBytes(path, pngOf(figurePicture(figure, scale)));
}

bool writeFigureSvg(const Figure& figure, const QString& path) { return writeBytes(path, drawing(figure)); }

bool writeFigureCsv(const Figure& figure, const QString& path) { return figure.csv && writeBytes(path, figure.csv().toUtf8()); }

QString exportFigure(QWidget* parent, const Figure& figure, QString* failed) {
  QString name = figure.quantity.isEmpty() ? figure.title : figure.quantity;
  name.replace(QRegularExpression(QStringLiteral("[^A-Za-z0-9._-]+")), QStringLiteral("-"));
  QVector<SaveKind> kinds{{"svg", QObject::tr("Drawing")}, {"png", QObject::tr("Picture")}};
  if (figure.csv) kinds.push_back({"csv", QObject::tr("Table")});
  const std::unique_ptr<QFileDialog> dialog(saveDialog(parent, QObject::tr("Export %1").arg(figure.title), name, kinds));
  if (dialog->exec() != QDialog::Accepted || dialog->selectedFiles().isEmpty()) return {};
  const QString path = dialog->selectedFiles().front();
  if (writeFigure(figure, path)) return path;
  *failed = path;
  return {};
}

QString provenanceHead(const QString& quantity, const Provenance& provenance) {
  const auto oneLine = [](QString text) {
    return text.replace(QLatin1Char('\n'), QLatin1Char(' ')).replace(QLatin1Char('\r'), QLatin1Char(' '));
  };
  QString head;
  if (!quantity.isEmpty()) head += QStringLiteral("# quantity: %1\n").arg(oneLine(quantity));
  for (auto it = provenance.begin(); it != provenance.end(); ++it)
    head += QStringLiteral("# %1: %2\n").arg(oneLine(it.key()), oneLine(it.value()));
  return head;
}

}  // namespace dsw
