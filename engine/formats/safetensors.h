// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/formats/tensor_file.h"

namespace dsw {

/// safetensors: 8 bytes little-endian header length N, N bytes JSON {"name": {"dtype", "shape", "data_offsets": [begin, end]},
/// "__metadata__": {string: string}}, then the data. Source: the format description of huggingface/safetensors.
/// Everything is checked before anything is used: N at most 100 MB and within the file, JSON at most 4 deep and without two equal
/// names, known dtypes, rank at most DSW_MAX_RANK, sizes equal to the shape's, offsets within the file, without overlap or gap.
/// Error{BadFormat} says what is wrong with which tensor. `what` names the file in messages.
Result<TensorFile> parse_safetensors(std::string bytes, const std::string& what);
Result<TensorFile> read_safetensors(const std::filesystem::path& path);

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;
using Metadata = std::vector<std::pair<std::string, std::string>>;
/// Writes atomically (see write_bytes). Data start 64-byte aligned within the file; tensors keep the order given.
/// The same content gives the same bytes.
Result<void> write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors, const Metadata& metadata);

}  // namespace dsw
