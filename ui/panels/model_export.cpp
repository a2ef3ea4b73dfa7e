// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/model_export.h"

#include <QFileDialog>

#include "engine/model_library.h"
#include "engine/workspace.h"
#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/widgets/save_dialog.h"

namespace dsw {

void exportWeights(PanelContext& context, const ExportedWeights& weights, QWidget* parent) {
  QVector<SaveKind> kinds;
  for (const std::string& format : model_export_formats())
    kinds.push_back({QString::fromStdString(format), QString::fromStdString(format)});
  QFileDialog* dialog = saveDialog(parent, QObject::tr("Export the model of %1").arg(weights.title), weights.file, kinds);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  QObject::connect(dialog, &QFileDialog::fileSelected, parent, [&context, parent, kinds, from = weights.from](const QString& to) {
    const QString format = savedKind(to, kinds);
    context.actions.startJob<void>(
        QObject::tr("Export %1").arg(QFileInfo(to).fileName()), parent,
        [&catalog = context.workspace.catalog(), from, to = to.toStdString(), format = format.toStdString()](
            std::stop_token, const ProjectActions::Progress&) { return export_model(catalog, from, format, to); },
        [&context, to](const Result<void>& done) {
          if (done)
            context.navigator.notice(NoticeLevel::Success, QObject::tr("%1 was written.").arg(to));
          else
            context.navigator.notice(NoticeLevel::Error, QString::fromStdString(done.error().sentence()));
        });
  });
  dialog->open();
}

void exportRunModel(PanelContext& context, const RunRow& run, const std::vector<CheckpointRow>& checkpoints, QWidget* parent) {
  const CheckpointRow* chosen = nullptr;
  for (const CheckpointRow& checkpoint : checkpoints)
    if (!checkpoint.missing && (!chosen || checkpoint.best || !chosen->best)) chosen = &checkpoint;
  const QString name = QString::fromStdString(run.short_name);
  if (!chosen) return context.navigator.notice(NoticeLevel::Error, QObject::tr("%1 has no checkpoint whose file is there.").arg(name));
  exportWeights(context,
                {QString::fromStdString(run.experiment_name + "-" + run.short_name),
                 QObject::tr("%1, step %2").arg(name, formatCountExact(chosen->step)), chosen->path},
                parent);
}

}  // namespace dsw
