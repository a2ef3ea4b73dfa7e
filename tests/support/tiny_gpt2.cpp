// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/tiny_gpt2.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "engine/core/catalog.h"
#include "engine/data/bpe_tokenizer.h"
#include "engine/formats/safetensors.h"
#include "engine/nn/model_type.h"
#include "engine/tensor/device.h"
#include "tests/support/temp_folder.h"

namespace dsw {

void write_tiny_gpt2(const std::filesystem::path& path, int heads) {
  Catalog catalog;
  register_models(catalog);
  InputSpec input;
  input.kind = InputSpec::Kind::Tokens;
  input.context = 16;
  input.vocabulary = input.classes = 300;
  const auto* entry = catalog.models.find("gpt");
  const Json settings = with_defaults(entry->schema, Json{{"layers", 2}, {"heads", 2}, {"width", 32}});
  const auto model = std::move(*(*entry->make(settings))->build(settings, input));
  const auto device = make_cpu_device(1);
  model->materialize(*device, 4);
  NamedTensors tensors;
  for (const Module::Named& named : model->parameters()) {
    const std::string name = named.name.substr(std::string("transformer.").size());
    const Tensor value = named.parameter->value.detach();
    const bool conv1d = name.find("c_") != std::string::npos && value.rank() == 2;
    tensors.emplace_back(name, conv1d ? value.view_permute({1, 0}) : value);
  }
  if (!write_safetensors(path, tensors, {})) throw std::runtime_error("the weights were not written");
  if (heads > 0)
    write_text(path.parent_path() / "config.json",
               Json{{"n_head", heads}, {"n_layer", 2}, {"n_embd", 32}, {"activation_function", "gelu_new"}}.dump());
}

void write_tiny_bpe(const std::filesystem::path& folder) {
  Json vocab = Json::object();
  for (int byte = 0; byte < 256; ++byte) vocab[bpe_spelling(std::string(1, static_cast<char>(byte)))] = byte;
  vocab["he"] = 256;
  vocab["ll"] = 257;
  write_text(folder / "vocab.json", vocab.dump());
  write_text(folder / "merges.txt", "#version: 0.2\nh e\nl l\n");
}

}  // namespace dsw
