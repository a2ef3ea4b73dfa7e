// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/data/dataset.h"
#include "engine/nas/derive.h"
#include "engine/nas/supernet.h"
#include "engine/nn/model_type.h"
#include "engine/nn/models/graph.h"

namespace dsw {

/// Spaces over small pictures or texts, and the networks that are derived from them.
struct NasFixture : testing::Test {
  NasFixture() {
    register_models(catalog);
    image.kind = InputSpec::Kind::Image;
    image.channels = 1;
    image.height = image.width = 8;
    image.classes = 3;
    text.kind = InputSpec::Kind::Tokens;
    text.context = 8;
    text.vocabulary = text.classes = 7;
  }

  SearchSpace space_of(const std::string& model, const InputSpec& input) const {
    SearchSpace space = analyse_space(Json::parse(model), input, catalog.layers);
    for (const Problem& problem : space.problems) ADD_FAILURE() << problem.sentence();
    return space;
  }

  /// The derived network with the supernet's weights.
  std::unique_ptr<Module> inherit(const SearchSpace& space, const Architecture& architecture, Supernet& supernet, Device& device) const {
    const Json model = derived_model(space, architecture);
    auto built = GraphType(catalog.layers).build(model, space.input);
    if (!built) {
      ADD_FAILURE() << built.error().sentence() << "\n" << model.dump(1);
      return nullptr;
    }
    (*built)->materialize(device, 1, supernet.parameters().front().parameter->value.dtype());
    std::map<std::string, Parameter*> named;
    for (const Module::Named& one : supernet.parameters()) named[one.name] = one.parameter;
    for (const Module::Named& one : (*built)->parameters()) {
      const auto from = named.find(one.name);
      if (from == named.end()) {
        ADD_FAILURE() << "the supernet has no weight " << one.name;
        continue;
      }
      const Shape& shape = one.parameter->shape;
      Tensor part = from->second->value.detach();
      for (int axis = 0; axis < shape.rank(); ++axis) part = part.view_slice(axis, 0, shape[axis]);
      copy_into(part, one.parameter->value.detach());
    }
    return std::move(*built);
  }

  static Batch image_batch(const InputSpec& input, std::int64_t examples, DType dtype, Device& device) {
    Rng rng(3, "pictures");
    std::vector<double> values(static_cast<std::size_t>(input.input_shape(examples).elements()));
    for (double& value : values) value = rng.normal();
    std::vector<std::int32_t> targets;
    for (std::int64_t i = 0; i < examples; ++i) targets.push_back(static_cast<std::int32_t>(i % input.classes));
    return {to_dtype_copy(from_host(values, input.input_shape(examples), device), dtype), from_host(targets, device), {}};
  }
  static Batch token_batch(const InputSpec& input, std::int64_t examples, Device& device) {
    Rng rng(4, "tokens");
    std::vector<std::int32_t> ids(static_cast<std::size_t>(examples * input.context)), next;
    for (std::int32_t& id : ids) id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(input.vocabulary)));
    next.assign(ids.begin() + 1, ids.end());
    next.push_back(0);
    const Shape shape{examples, input.context};
    return {from_host(ids, shape, device), from_host(next, shape, device), {}};
  }

  Catalog catalog;
  InputSpec image, text;
};

}  // namespace dsw
