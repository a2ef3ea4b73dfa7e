// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "engine/core/result.h"

namespace dsw {

/// What a file is, by its content: an import asks nothing that the file says itself.
enum class FileKind {
  Project,   ///< SQLite: NAME.dsx
  Archive,   ///< a zip with a manifest: NAME.dsz
  Model,     ///< safetensors, a stream of torch.save, JSON tensors
  Document,  ///< JSON of an experiment
  Table,     ///< CSV or TSV: lines with equal numbers of separators
  Text,      ///< any other UTF-8 text
};
/// Looks at the first 64 KiB, of a zip at its table, of JSON at all of it up to 8 MiB. Error{NotFound}, Error{Io}, or
/// Error{BadFormat} with what can be imported. Never blocks on a pipe or a device file.
Result<FileKind> recognise_file(const std::filesystem::path& path);

}  // namespace dsw
