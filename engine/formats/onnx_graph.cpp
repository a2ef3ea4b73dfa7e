// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/onnx_graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core/result.h"

namespace dsw {

std::string OnnxGraph::fresh(const char* stem) { return fmt::format("{}_{}", stem, count_++); }

std::string OnnxGraph::add(const char* op, const Names& inputs, std::initializer_list<OnnxAttribute> attributes) {
  onnx::NodeProto& node = *graph_.add_node();
  node.set_op_type(op);
  std::size_t given = inputs.size();
  while (given > 0 && inputs[given - 1].empty()) --given;
  for (std::size_t i = 0; i < given; ++i) node.add_input(inputs[i]);
  const std::string output = fresh(op);
  node.set_name(output);
  node.add_output(output);
  for (const OnnxAttribute& attribute : attributes) {
    onnx::AttributeProto& to = *node.add_attribute();
    to.set_name(attribute.name);
    if (const auto* integer = std::get_if<std::int64_t>(&attribute.value)) {
      to.set_type(onnx::AttributeProto::INT);
      to.set_i(*integer);
    } else if (const auto* real = std::get_if<float>(&attribute.value)) {
      to.set_type(onnx::AttributeProto::FLOAT);
      to.set_f(*real);
    } else {
      to.set_type(onnx::AttributeProto::INTS);
      for (const std::int64_t i : std::get<std::vector<std::int64_t>>(attribute.value)) to.add_ints(i);
    }
  }
  return output;
}

std::string OnnxGraph::ints(const std::vector<std::int64_t>& values) {
  std::string& name = known_ints_[values];
  if (!name.empty()) return name;
  name = fresh("ints");
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  tensor.set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
  return name;
}

std::string OnnxGraph::scalar(float value) {
  std::string& name = known_scalars_[value];
  if (name.empty()) name = floats({value}, {});
  return name;
}

std::string OnnxGraph::floats(const std::vector<float>& values, const std::vector<std::int64_t>& shape) {
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(fresh("floats"));
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t length : shape) tensor.add_dims(length);
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));
  return tensor.name();
}

std::string OnnxGraph::constant(const Tensor& x, const std::string& name) {
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(name.empty() ? fresh("constant") : name);
  for (int axis = 0; axis < x.rank(); ++axis) tensor.add_dims(x.size(axis));
  const auto fill = [&tensor](const auto& values, onnx::TensorProto::DataType type) {
    tensor.set_data_type(type);
    tensor.set_raw_data(values.data(), values.size() * sizeof(values[0]));
  };
  if (dtype_is_float(x.dtype()))
    fill(x.to_vector<float>(), onnx::TensorProto::FLOAT);
  else if (x.dtype() == DType::Bool || x.dtype() == DType::U8)
    fill(x.to_vector<std::uint8_t>(), onnx::TensorProto::BOOL);
  else
    fill(x.to_vector<std::int64_t>(), onnx::TensorProto::INT64);
  return tensor.name();
}

std::string OnnxGraph::reshape(const std::string& x, const OnnxDims& dims) {
  std::vector<std::int64_t> shape;
  for (const OnnxDim& dim : dims) shape.push_back(dim.batch ? -1 : dim.length);
  if (std::count(shape.begin(), shape.end(), -1) > 1)
    throw Error(ErrorCode::Unsupported, "ONNX export: a shape has two lengths that grow with the batch", "Export it as safetensors.");
  return add("Reshape", {x, ints(shape)});
}

std::string OnnxGraph::shape_of(const OnnxDims& dims) {
  if (std::none_of(dims.begin(), dims.end(), [](const OnnxDim& dim) { return dim.batch; })) {
    std::vector<std::int64_t> shape;
    for (const OnnxDim& dim : dims) shape.push_back(dim.length);
    return ints(shape);
  }
  if (batch_.empty()) batch_ = add("Gather", {add("Shape", {input_}), ints({0})}, {{"axis", std::int64_t{0}}});
  Names parts;
  for (const OnnxDim& dim : dims) {
    const std::string length = ints({dim.length});
    parts.push_back(!dim.batch ? length : dim.length == 1 ? batch_ : add("Mul", {batch_, length}));
  }
  return add("Concat", parts, {{"axis", std::int64_t{0}}});
}

std::string OnnxGraph::expand(const std::string& x, const OnnxDims& dims) { return add("Expand", {x, shape_of(dims)}); }

}  // namespace dsw
