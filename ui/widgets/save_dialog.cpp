// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/save_dialog.h"

#include <QFileDialog>
#include <QFileInfo>

namespace dsw {

QFileDialog* saveDialog(QWidget* parent, const QString& title, const QString& stem, const QVector<SaveKind>& kinds) {
  QStringList filters;
  for (const SaveKind& kind : kinds) filters << QStringLiteral("%1 (*.%2)").arg(kind.name, kind.ending);
  auto* dialog = new QFileDialog(parent, title);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setNameFilters(filters);
  dialog->setDefaultSuffix(kinds.front().ending);
  dialog->selectFile(stem + '.' + kinds.front().ending);
  QObject::connect(dialog, &QFileDialog::filterSelected, dialog, [dialog, stem, kinds, filters](const QString& filter) {
    const qsizetype at = filters.indexOf(filter);
    if (at < 0) return;
    const QString ending = kinds[at].ending;
    dialog->setDefaultSuffix(ending);
    const QStringList chosen = dialog->selectedFiles();
    QString name = chosen.isEmpty() ? stem : QFileInfo(chosen.front()).fileName();
    for (const SaveKind& kind : kinds)
      if (name.endsWith('.' + kind.ending, Qt::CaseInsensitive)) name.chop(kind.ending.size() + 1);
    dialog->selectFile((name.isEmpty() ? stem : name) + '.' + ending);
  });
  return dialog;
}

QString savedKind(const QString& path, const QVector<SaveKind>& kinds) {
  const QString ending = QFileInfo(path).suffix().toLower();
  for (const SaveKind& kind : kinds)
    if (kind.ending == ending) return ending;
  return kinds.front().ending;
}

}  // namespace dsw
