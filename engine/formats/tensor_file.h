// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/result.h"
#include "engine/tensor/tensor.h"

namespace dsw {

/// A tensor as a file holds it: row-major, little-endian. `bytes` lies in the memory of its TensorFile.
struct StoredTensor {
  std::string name;
  DType dtype = DType::F32;
  Shape shape;
  std::span<const std::byte> bytes;
};

/// Named tensors of one file, whatever its format, and the strings that came with them. Copies share the memory.
struct TensorFile {
  std::vector<StoredTensor> tensors;  ///< in the file's order
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<std::shared_ptr<const std::string>> memory;

  const StoredTensor* find(const std::string& name) const;
  const std::string* meta(const std::string& key) const;
};

/// On a device, in the dtype that the file has.
Tensor to_tensor(const StoredTensor& stored, Device& device);

/// Writes the pieces to a temporary file beside `path`, syncs it and renames it into place: after a crash the old or the new file
/// is there, never half of one. Errors: Io with the path and what the system said.
Result<void> write_bytes(const std::filesystem::path& path, const std::vector<std::span<const std::byte>>& pieces);

}  // namespace dsw
