// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>
#include <QVector>

class QFileDialog;
class QWidget;

namespace dsw {

/// A format that is offered: "svg", "Drawing".
struct SaveKind {
  QString ending, name;
};
/// A dialog that asks where to save `stem` plus an ending. Choosing another format changes the ending of the name, and a name without
/// one gets it. The caller shows it: open() or exec(). UI thread only.
QFileDialog* saveDialog(QWidget* parent, const QString& title, const QString& stem, const QVector<SaveKind>& kinds);
/// The format of a chosen path: its ending where that is one of `kinds`, else the first kind's.
QString savedKind(const QString& path, const QVector<SaveKind>& kinds);

}  // namespace dsw
