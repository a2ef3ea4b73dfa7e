// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "engine/formats/model_file.h"

namespace dsw {

/// A model as ONNX, operator set 17, float32, for inference. Its forward pass is run twice, with batches of 2 and 3, and written down op by
/// op; what differs only by the batch is left open, so the file takes any batch ("batch"). A value that depends on the input but was
/// not made by ops is found by that comparison and refused.
/// Input: "tokens" int64 [batch, context] or "image" float32 [batch, C, H, W], normalised as in training; output: "logits". Weights
/// keep the names of the state dict. The description of the model file (model, tokenizer, classes, normalisation) stands in the
/// metadata under "deepshock". The ONNX checker and its shape inference have passed what is written.
/// Errors: Unsupported names the op; OutOfMemory and Unsupported for more than 2 GB, which one ONNX file cannot hold; Io.
Result<void> write_onnx(const std::filesystem::path& path, const Catalog& catalog, const ModelFile& file, Device& host);

}  // namespace dsw
