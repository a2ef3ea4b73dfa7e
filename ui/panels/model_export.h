// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>
#include <filesystem>
#include <vector>

#include "engine/store/project_rows.h"
#include "ui/widgets/shell/panel_context.h"

class QWidget;

namespace dsw {

struct ExportedWeights {
  QString file;                ///< the name that is suggested, without an ending
  QString title;               ///< "r-0001, step 1600"
  std::filesystem::path from;  ///< a model file or a checkpoint
};
/// Asks for a place and a format, and writes the model as a job; a notice says when it is there.
void exportWeights(PanelContext& context, const ExportedWeights& weights, QWidget* parent);
/// The same for a run's best checkpoint (the last one where none is best).
void exportRunModel(PanelContext& context, const RunRow& run, const std::vector<CheckpointRow>& checkpoints, QWidget* parent);

}  // namespace dsw
