// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "engine/formats/tensor_file.h"

namespace dsw {

/// A file that torch.save wrote before version 1.6 (pickle streams, not a zip), holding a state dict or {"state_dict": …}:
/// magic number, protocol 1001, system facts, the object, the storages' keys, then for each key its number of elements (int64) and
/// its data. Executes nothing (see PickleReader). Names are those of the file ("module." included); numbers and texts beside
/// the state dict become metadata. A tensor that is not contiguous is copied, at most as much as the file has bytes.
/// Error{BadFormat} names the file, what is wrong and the byte.
Result<TensorFile> parse_torch_legacy(std::string bytes, const std::string& what);
Result<TensorFile> read_torch_legacy(const std::filesystem::path& path);

}  // namespace dsw
