// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "engine/core/json.h"
#include "engine/core/result.h"
#include "engine/tensor/tensor.h"

namespace dsw {

/// One file (safetensors) from which a run goes on bit for bit: weights, optimizer state, counters, random numbers.
/// `meta` is JSON text: step, the number of the last event before it ("seq"), best value so far, model section, input spec, tokenizer.
struct Checkpoint {
  std::map<std::string, Tensor> tensors;
  std::string meta;
};

/// Writes to a temporary name, syncs, renames; gives the SHA-256 of the content.
struct WrittenFile {
  std::string sha256;
  std::uint64_t bytes = 0;
};
Result<WrittenFile> write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
/// Errors name the path: NotFound, BadFormat for a file that is no whole checkpoint.
Result<Checkpoint> read_checkpoint(const std::filesystem::path& path, Device& device);
/// Whether the file is there with this content.
bool checkpoint_is_whole(const std::filesystem::path& path, const std::string& sha256);

}  // namespace dsw
