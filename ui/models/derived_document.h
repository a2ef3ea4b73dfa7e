// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <string>

#include "engine/core/json.h"
#include "engine/core/result.h"
#include "engine/store/project_rows.h"

namespace dsw {

struct Catalog;
class DatasetCache;

/// The graph model of an architecture of a search (`architecture`: JSON text, as its samples have it). Asks for the shape of the data, so
/// it may read files. Any thread; throws where the text is no architecture.
Result<Json> architectureModel(const Catalog& catalog, DatasetCache& data, const Json& resolved, const std::filesystem::path& base,
                               const std::string& architecture);

/// The document that trains what a search found from scratch: its data, optimizer, seed and length, and `model` with its origin
/// ("r-0004 cell-mnist v3, beta-darts, seed 1"). `resolved`: of the search. A search that holds part of its data back makes as many epochs
/// here, which see all of it. `epoch`: where it was derived before the end; -1: at the end.
Json derivedDocument(const RunRow& search, const Json& resolved, Json model, int epoch = -1);

}  // namespace dsw
