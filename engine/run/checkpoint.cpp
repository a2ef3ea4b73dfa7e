// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/checkpoint.h"

#include "engine/core/sha256.h"
#include "engine/formats/safetensors.h"

namespace dsw {
namespace {
constexpr const char* kMetaKey = "deepshock";
}

Result<WrittenFile> write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  NamedTensors tensors(checkpoint.tensors.begin(), checkpoint.tensors.end());
  DSW_TRY(write_safetensors(path, tensors, {{kMetaKey, checkpoint.meta}}));
  DSW_TRY_ASSIGN(const FileDigest digest, sha256_of_file(path));
  return WrittenFile{digest.sha256, digest.bytes};
}

Result<Checkpoint> read_checkpoint(const std::filesystem::path& path, Device& device) {
  DSW_TRY_ASSIGN(const TensorFile file, read_safetensors(path));
  const std::string* meta = file.meta(kMetaKey);
  if (!meta)
    return fail(ErrorCode::BadFormat, "This file is no checkpoint of a run",
                "Weights of other programs come in by `deepshock model import`.", path.string());
  Checkpoint checkpoint;
  checkpoint.meta = *meta;
  for (const StoredTensor& tensor : file.tensors) checkpoint.tensors.emplace(tensor.name, to_tensor(tensor, device));
  return checkpoint;
}

bool checkpoint_is_whole(const std::filesystem::path& path, const std::string& sha256) {
  const auto digest = sha256_of_file(path);
  return digest && digest->sha256 == sha256;
}

}  // namespace dsw
