// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/core/json.h"
#include "engine/data/dataset.h"
#include "engine/data/tokenizer.h"
#include "engine/nn/module.h"
#include "engine/run/checkpoint.h"

namespace dsw {

/// Weights and buffers stand in a checkpoint as "model.NAME".
inline constexpr const char* kModelTensorPrefix = "model.";

/// What a checkpoint says of its model, so that it works without the run's data: {"model": section with defaults, "input": …,
/// "tokenizer": …, "classes": […], "data": section, "mean": […], "std": […], "precision": where it is not float32}; what
/// engine/formats/model_file.h reads.
/// `precision`: the one that it was last trained in.
Json run_model_description(const Json& document, const Dataset& data, const std::string& precision);

/// A model out of a checkpoint or model file, ready for forward passes in the precision that it was trained in, where the device offers
/// that; else in float32.
struct RunModel {
  std::unique_ptr<Module> model;
  InputSpec input;
  std::unique_ptr<Tokenizer> tokenizer;  ///< null for images
  std::vector<std::string> classes;
  std::string description;  ///< JSON text
};
/// Error{BadFormat} names the file and what it lacks.
Result<RunModel> load_run_model(const Catalog& catalog, const std::filesystem::path& file, Device& device);

/// Copies "model.NAME" tensors into the model's parameters. Error{BadFormat} names what is missing or of another shape; then
/// nothing was changed.
Result<void> load_weights(Module& model, const Checkpoint& checkpoint, const std::filesystem::path& path);

}  // namespace dsw
