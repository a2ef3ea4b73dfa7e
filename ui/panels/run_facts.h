// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/core/json.h"
#include "ui/widgets/fact_sheet.h"

namespace dsw {

class RunData;

/// The inspector's sections of a run: Run, Tags, Note, Throughput and memory, Checkpoints, Events.
/// `goToStep` is called by an event; `edit` with "object.tag" or "object.note"; empty: read-only.
std::vector<FactSection> runFacts(const RunData& run, const std::function<void(std::int64_t)>& goToStep,
                                  const std::function<void(const QString&)>& edit);

/// Where data comes from, in words: "MNIST, shipped with the program", "train.txt", "book-1.txt and 2 more". `source` is a document's
/// /data/source: a string or a list of strings; anything else gives an empty text.
QString sourceWords(const Json& source);

/// "gpt 4 × 128, 4 heads", "cnn", from a resolved document.
QString modelSummary(const std::string& resolved);

}  // namespace dsw
