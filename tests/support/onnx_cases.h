// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
// Networks that between them use every op that a forward pass can use, for the tests of the ONNX export.
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/formats/model_file.h"

namespace dsw::testing_support {

struct OnnxCase {
  const char* name;
  const char* model;  ///< model section of a document
  InputSpec input;
};

inline InputSpec tokens_input(InputSpec::Kind kind, std::int64_t context, std::int64_t vocabulary, std::int64_t classes) {
  InputSpec input;
  input.kind = kind;
  input.context = context;
  input.vocabulary = vocabulary;
  input.classes = classes;
  return input;
}

inline InputSpec image_input(std::int64_t channels, std::int64_t side, std::int64_t classes) {
  InputSpec input;
  input.kind = InputSpec::Kind::Image;
  input.channels = channels;
  input.height = input.width = side;
  input.classes = classes;
  return input;
}

inline std::vector<OnnxCase> onnx_cases() {
  const InputSpec language = tokens_input(InputSpec::Kind::Tokens, 12, 29, 29);
  const InputSpec sentence = tokens_input(InputSpec::Kind::TokenSequence, 10, 31, 4);
  const InputSpec digits = image_input(1, 28, 10), pictures = image_input(3, 32, 10);
  return {
      {"gpt", R"({"type":"gpt","layers":2,"heads":4,"width":32})", language},
      {"gpt-plain", R"({"type":"gpt","layers":1,"heads":2,"width":16,"bias":false,"tied":false,"activation":"relu"})", language},
      {"gpt-llama", R"({"type":"gpt","layers":2,"heads":4,"kv_heads":2,"width":32,"positions":"rotary","rotary_pairs":"neighbours",
                        "norm":"rmsnorm","activation":"swiglu","bias":false,"tied":false})",
       language},
      {"gpt-halves",
       R"({"type":"gpt","layers":1,"heads":2,"width":16,"positions":"rotary","rotary_pairs":"halves","activation":"gelu-erf"})", language},
      {"classifier-mean", R"({"type":"text-classifier","layers":2,"heads":2,"width":16,"pooling":"mean"})", sentence},
      {"classifier-cls", R"({"type":"text-classifier","layers":1,"heads":2,"width":16,"pooling":"cls","activation":"silu"})", sentence},
      {"mlp", R"({"type":"mlp","hidden":[20,12],"norm":"layernorm","activation":"gelu"})", digits},
      {"cnn", R"({"type":"cnn"})", digits},
      {"cnn-plain", R"({"type":"cnn","channels":[4,8],"kernel":5,"pool":[2,2],"norm":"none","dense":[16],"activation":"silu"})", digits},
      {"resnet-a", R"({"type":"resnet","depth":8,"width":4,"shortcut":"A"})", pictures},
      {"resnet-b", R"({"type":"resnet","depth":8,"width":4,"shortcut":"B"})", pictures},
      {"graph-pictures", R"({"type":"graph","nodes":[
         {"id":"a","op":"conv2d","out":6,"kernel":3,"stride":2,"groups":3,"inputs":["input"]},
         {"id":"b","op":"conv2d","out":6,"kernel":1,"stride":2,"bias":false,"inputs":["input"]},
         {"id":"sum","op":"add","inputs":["a","b"]},{"id":"gate","op":"multiply","inputs":["sum","a"]},
         {"id":"both","op":"concat","axis":1,"inputs":["gate","b"]},{"id":"norm","op":"batchnorm2d"},
         {"id":"max","op":"maxpool2d","kernel":3,"stride":2,"padding":1},{"id":"mean","op":"avgpool2d","kernel":3,"stride":2,"padding":1},
         {"id":"pool","op":"global-average-pool"},{"id":"l","op":"linear","out":9,"bias":false},{"id":"out","op":"logits"}]})",
       pictures},
      {"graph-tokens", R"({"type":"graph","nodes":[
         {"id":"e","op":"embedding","width":16},{"id":"p","op":"positions"},{"id":"t","op":"transformer-block","heads":2,"causal":false},
         {"id":"n","op":"rmsnorm"},{"id":"att","op":"attention","heads":4,"kv_heads":2,"causal":true,"rotary":true},
         {"id":"m","op":"mlp","activation":"swiglu"},{"id":"mean","op":"mean-tokens"},{"id":"out","op":"logits"}]})",
       sentence},
  };
}

/// The case as a model file with random weights, norms and running statistics included, so that nothing is 0 or 1 by chance.
inline ModelFile onnx_case_file(const Catalog& catalog, const OnnxCase& one, Device& device, const std::filesystem::path& at) {
  Json section = Json::parse(one.model);
  const auto* entry = catalog.models.find(section["type"].get<std::string>());
  Json settings = section;
  settings.erase("type");
  settings = with_defaults(entry->schema, settings);
  const std::unique_ptr<Module> model = std::move(*(*entry->make(settings))->build(settings, one.input));
  model->materialize(device, 5);
  Rng rng(11);
  for (const Module::Named& named : model->parameters()) {
    std::vector<float> values = named.parameter->value.to_vector<float>();
    const bool variance = named.name.find("running_var") != std::string::npos;
    for (float& v : values) v = static_cast<float>(variance ? 0.5 + rng.uniform() : static_cast<double>(v) + 0.2 * rng.normal());
    copy_into(from_host(values, named.parameter->shape, device), named.parameter->value.detach());
  }
  Json description{{"name", one.name}, {"model", section}, {"input", input_spec_to_json(one.input)}, {"tokenizer", nullptr}};
  if (const auto written = write_model_file(at, *model, description); !written) throw written.error();
  return read_model_file(at).value();
}

}  // namespace dsw::testing_support
