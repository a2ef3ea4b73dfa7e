// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "engine/core/result.h"

namespace dsw {

/// An experiment document that is shipped with the program and runs as it is, or, a draft, once it is completed.
struct DocumentTemplate {
  std::string name, task;
  std::string summary;         ///< one or two sentences
  std::string facts;           ///< "0.80 M parameters, about 2 min"
  bool draft = false;
  std::filesystem::path path;  ///< resources/templates/NAME.json
};

/// In the order of resources/templates/index.json: [{"name", "task", "summary", "facts", "draft"}, …]. Reads that file.
/// Error{NotFound} or {BadFormat} when the installation is not whole.
Result<std::vector<DocumentTemplate>> document_templates();

/// The text of a template's document. Error{NotFound} names the nearest template.
Result<std::string> template_document(const std::string& name);

}  // namespace dsw
