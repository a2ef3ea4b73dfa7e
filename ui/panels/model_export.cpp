// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/model_export.h"

#include <QFileDialog>

#include "engine/formats/model_file.h"
#include "engine/tensor/device.h"
#include "engine/workspace.h"
#include "ui/models/navigator.h"

namespace dsw {

void exportRunModel(PanelContext& context, const RunRow& run, const std::vector<CheckpointRow>& checkpoints, QWidget* parent) {
  const CheckpointRow* chosen = nullptr;
  for (const CheckpointRow& checkpoint : checkpoints)
    if (!checkpoint.missing && (!chosen || checkpoint.best || !chosen->best)) chosen = &checkpoint;
  const QString name = QString::fromStdString(run.experiment_name + "-" + run.short_name);
  if (!chosen)
    return context.navigator.notice(NoticeLevel::Error,
                                    QObject::tr("%1 has no checkpoint whose file is there.").arg(QString::fromStdString(run.short_name)));
  auto* dialog =
      new QFileDialog(parent, QObject::tr("Export the model of %1, step %2").arg(QString::fromStdString(run.short_name)).arg(chosen->step),
                      name + ".safetensors", QObject::tr("safetensors (*.safetensors)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix("safetensors");
  QObject::connect(dialog, &QFileDialog::fileSelected, parent, [&context, from = chosen->path](const QString& to) {
    context.workspace.start_job(
        QObject::tr("Export %1").arg(QFileInfo(to).fileName()).toStdString(),
        [from, to = to.toStdString()](std::stop_token, const std::function<void(std::int64_t, std::int64_t)>&) -> Result<void> {
          DSW_TRY_ASSIGN(const ModelFile model, read_model_file(from));
          const std::unique_ptr<Device> host = make_cpu_device(1);
          return write_model_file(to, model, *host);
        });
  });
  dialog->open();
}

}  // namespace dsw
