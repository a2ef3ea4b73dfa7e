// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a figure as SVG, PNG or CSV with its origin in it. UI thread only.
#pragma once
#include <QImage>
#include <QMap>
#include <QSize>
#include <QString>
#include <functional>

#include "ui/models/csv_text.h"

class QPainter;
class QWidget;

namespace dsw {

/// Written into every export (PNG text, SVG description, CSV head): run, version, metric, range, filter, …
using Provenance = QMap<QString, QString>;

struct Figure {
  QString title;
  QString quantity;  ///< gives the file its name
  Provenance provenance;
  QSize size;  ///< logical px
  std::function<void(QPainter&)> paint;
  std::function<QString()> csv;  ///< whole text, its head included; empty: no CSV is offered
};

QImage figurePicture(const Figure& figure, qreal scale);
/// False where the file could not be written; an existing one is then left as it was.
bool writeFigurePng(const Figure& figure, const QString& path, qreal scale = 2);
bool writeFigureSvg(const Figure& figure, const QString& path);
bool writeFigureCsv(const Figure& figure, const QString& path);
/// Asks for a place and writes. The path, empty where the person gave up; `failed` gets the path that could not be written.
QString exportFigure(QWidget* parent, const Figure& figure, QString* failed);

/// "# key: value" lines.
QString provenanceHead(const QString& quantity, const Provenance& provenance);

}  // namespace dsw
