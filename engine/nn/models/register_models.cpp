// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/nn/models/cnn.h"
#include "engine/nn/models/gpt.h"
#include "engine/nn/models/graph.h"
#include "engine/nn/models/mlp.h"
#include "engine/nn/models/resnet.h"
#include "engine/nn/models/text_classifier.h"

namespace dsw {
namespace {

template <class Type>
void add(Catalog& catalog, const char* name) {
  ParamSchema schema = Type::schema();
  std::string summary = schema.summary;
  catalog.models.add({name, std::move(summary), std::move(schema),
                      [](const Json&) -> Result<std::unique_ptr<ModelType>> { return std::make_unique<Type>(); }});
}

}  // namespace

void register_models(Catalog& catalog) {
  add<GptType>(catalog, "gpt");
  add<TextClassifierType>(catalog, "text-classifier");
  add<MlpType>(catalog, "mlp");
  add<CnnType>(catalog, "cnn");
  add<ResNetType>(catalog, "resnet");
  ParamSchema graph = GraphType::schema();
  std::string summary = graph.summary;
  catalog.models.add(
      {"graph", std::move(summary), std::move(graph),
       [&layers = catalog.layers](const Json&) -> Result<std::unique_ptr<ModelType>> { return std::make_unique<GraphType>(layers); }});
  register_layers(catalog);
}

}  // namespace dsw
