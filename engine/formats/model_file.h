// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "engine/core/catalog.h"
#include "engine/core/json.h"
#include "engine/formats/state_dict.h"
#include "engine/formats/tensor_file.h"
#include "engine/nn/model_type.h"

namespace dsw {

/// A model as one safetensors file: weights and buffers under the names of the family's state dict, so other programs read them,
/// and under the metadata key "deepshock" JSON text that says what they belong to:
/// {"format": 1, "name": …, "model": {"type": …, settings}, "input": {"kind": "tokens" | "token-sequence" | "image", "context",
/// "vocabulary", "channels", "height", "width", "classes"}, "tokenizer": … or null, "classes": [names], "data": section, "mean" and "std":
/// [a channel]; these three or absent}. A checkpoint of a run is such a file too; there the weights are called "model.NAME", beside them
/// lies what the training needs.
inline constexpr int kModelFormat = 1;
inline constexpr const char* kModelMetaKey = "deepshock";

struct ModelFile {
  std::string description;  ///< the JSON text above, an object with "model" and "input"
  InputSpec input;
  TensorFile weights;  ///< only the model's own, named as in the family's state dict
};

/// A model file or a checkpoint. Errors name the file: BadFormat, NewerVersion; Unsupported for weights without a description.
Result<ModelFile> read_model_file(const std::filesystem::path& path);
/// The model section with its defaults, "type" first, checked against the catalog as that of a document.
Result<Json> checked_model_settings(const Catalog& catalog, const ModelFile& file);
/// The network with its weights on `device`. The description is checked against the catalog as a document is.
Result<std::unique_ptr<Module>> build_model(const Catalog& catalog, const ModelFile& file, Device& device);
/// Writes a materialized model; `description` without "format" gets it.
Result<void> write_model_file(const std::filesystem::path& path, Module& model, const Json& description);
/// The same without building the network: what `model export` does with a checkpoint.
Result<void> write_model_file(const std::filesystem::path& path, const ModelFile& file, Device& host);

/// Weights of another program, by the file's first bytes: safetensors, a legacy stream of torch.save, JSON tensors.
Result<TensorFile> read_weights(const std::filesystem::path& path);
/// What the names and shapes of foreign weights show: a CIFAR resnet (akamaster) or a gpt (minGPT, GPT-2). What stands in no tensor
/// is taken from the file's metadata where it is there: "config.n_head" (else 64 numbers a head), "config.activation_function" (else
/// GPT-2's gelu). Nothing where they show nothing known.
struct GuessedModel {
  std::string section;  ///< JSON text of the model section
  InputSpec input;
  bool heads_guessed = false;  ///< a gpt whose number of heads nothing says
};
std::optional<GuessedModel> guess_model(const TensorFile& weights);
/// A config.json of Hugging Face's or minGPT's form as metadata "config.KEY" of weights; what the weights say already stays.
/// Error{BadFormat} where the file is no such JSON.
Result<void> add_config(TensorFile& weights, const std::string& json_text, const std::string& name);
/// Foreign weights as a model file: the section's defaults filled in, everything checked, nothing written unless all fits.
/// `extra`: "tokenizer", "classes" of the description; null where there is none.
Result<void> import_weights(const Catalog& catalog, const TensorFile& weights, const Json& model_section, const InputSpec& input,
                            const std::string& name, const Json& extra, Device& host, const std::filesystem::path& to);
/// Which tensor becomes which parameter, and why one does not: the rows of an import preview.
Result<StateMatch> match_weights(const Catalog& catalog, const TensorFile& weights, const Json& model_section, const InputSpec& input);

Json input_spec_to_json(const InputSpec& input);
/// Error{BadFormat} for an unknown kind, a missing or a negative number.
Result<InputSpec> input_spec_from_json(const Json& json);

}  // namespace dsw
