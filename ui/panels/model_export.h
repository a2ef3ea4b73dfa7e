// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/store/project_rows.h"
#include "ui/widgets/shell/panel_context.h"

class QWidget;

namespace dsw {

/// Asks for a place and writes the run's best checkpoint (the last one where none is best) as a safetensors model, as a job.
void exportRunModel(PanelContext& context, const RunRow& run, const std::vector<CheckpointRow>& checkpoints, QWidget* parent);

}  // namespace dsw
