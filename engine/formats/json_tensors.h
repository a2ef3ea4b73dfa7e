// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "engine/formats/tensor_file.h"

namespace dsw {

/// JSON whose objects {"shape": […], "dtype": "torch.float32", "data": base64 of little-endian float32} are tensors, as in
/// bbycroft/llm-viz's gpt-nano-sort. Named by their keys, an object of tensors by its key and a dot ("config.n_layer"); numbers and
/// texts become metadata. Nested at most 4 deep. Error{BadFormat} names file and tensor.
Result<TensorFile> parse_json_tensors(const std::string& text, const std::string& what);
Result<TensorFile> read_json_tensors(const std::filesystem::path& path);

}  // namespace dsw
