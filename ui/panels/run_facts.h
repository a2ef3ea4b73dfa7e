// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "ui/widgets/fact_sheet.h"

namespace dsw {

class RunData;

/// The inspector's sections of a run: Run, Tags, Note, Throughput and memory, Checkpoints, Events.
/// `goToStep` is called by an event; `edit` with "object.tag" or "object.note".
std::vector<FactSection> runFacts(const RunData& run, const std::function<void(std::int64_t)>& goToStep,
                                  const std::function<void(const QString&)>& edit);

/// "gpt 4 × 128, 4 heads", "cnn", from a resolved document.
QString modelSummary(const std::string& resolved);

}  // namespace dsw
