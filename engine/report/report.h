// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "engine/core/result.h"
#include "engine/store/project.h"

namespace dsw {

/// Writes one HTML file that needs no other: what the runs were, their curves, metrics, samples, documents and where the data came
/// from. Every text is escaped, and a content policy forbids scripts and all that would be loaded. Written atomically.
/// @param runs  ids; empty: the newest 50   Error{NotFound} for an unknown run, Error{Io} names the path
Result<void> write_report(ProjectReader& reader, const std::vector<std::string>& runs, const std::filesystem::path& path);

/// The page itself.
Result<std::string> report_html(ProjectReader& reader, const std::vector<std::string>& runs);

}  // namespace dsw
