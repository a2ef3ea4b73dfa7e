// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
// How the registering sources write an entry of Catalog::ops.
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/nn/op_info.h"

namespace dsw::op {

using Shapes = std::vector<Shape>;
using Tensors = std::vector<Tensor>;

/// The input at `i`, or undefined where it was left out.
inline Tensor given(const Tensors& inputs, std::size_t i) { return i < inputs.size() ? inputs[i] : Tensor(); }
inline double count(const Shape& shape) { return static_cast<double>(shape.elements()); }

template <class Make>
void add_entry(Catalog& catalog, const char* name, const char* summary, ParamSchema schema, Make make) {
  schema.summary = summary;
  catalog.ops.add({name, summary, std::move(schema),
                   [make](const Json& settings) -> Result<std::unique_ptr<OpInfo>> { return std::make_unique<OpInfo>(make(settings)); }});
}

}  // namespace dsw::op
