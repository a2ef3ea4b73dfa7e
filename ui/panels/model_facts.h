// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <vector>

#include "ui/widgets/fact_sheet.h"

namespace dsw {

class ModelSession;
struct ModelRow;
struct ObjectRef;

/// The inspector's sections of a model: what it is, where it comes from, its tokenizer or classes, note. `row`: of an imported model,
/// else null. `open` follows a link, `edit` is called with "object.note"; empty: read-only.
std::vector<FactSection> modelFacts(const ModelSession& session, const ModelRow* row, const std::function<void(const ObjectRef&)>& open,
                                    const std::function<void(const QString&)>& edit);

/// "gpt 4 × 128, 4 heads" and the like from a model section with defaults, JSON text.
QString sectionSummary(const std::string& section);

}  // namespace dsw
