// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
// For the sources of the ONNX export alone: others include onnx_export.h, which needs no ONNX header.
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "engine/autograd/op_trace.h"

namespace dsw {

/// Lengths of a value's axes. A length that grows with the batch is written as share · B.
struct OnnxDim {
  std::int64_t length = 0;  ///< for B = 1 where it grows with the batch
  bool batch = false;
};
using OnnxDims = std::vector<OnnxDim>;

struct OnnxAttribute {
  const char* name;
  std::variant<std::int64_t, float, std::vector<std::int64_t>> value;
};

/// An ONNX graph under construction. Values go by their names; each new one gets a name of its own.
class OnnxGraph {
 public:
  using Names = std::vector<std::string>;
  /// `input` is the network's input, whose first axis is the batch.
  OnnxGraph(onnx::GraphProto& graph, std::string input) : graph_(graph), input_(std::move(input)) {}

  /// Adds a node with one output. An empty input name is an input left out.
  std::string add(const char* op, const Names& inputs, std::initializer_list<OnnxAttribute> attributes = {});
  std::string ints(const std::vector<std::int64_t>& values);  ///< a constant list
  std::string scalar(float value);
  std::string floats(const std::vector<float>& values, const std::vector<std::int64_t>& shape);
  /// A tensor's content as a constant; integers become int64, which ONNX wants for indices, uint8 and bool become bool.
  std::string constant(const Tensor& x, const std::string& name = {});

  /// x in another shape; at most one length may grow with the batch.  Throws Error{Unsupported} otherwise.
  std::string reshape(const std::string& x, const OnnxDims& dims);
  /// x repeated to these lengths.
  std::string expand(const std::string& x, const OnnxDims& dims);

 private:
  std::string fresh(const char* stem);
  std::string shape_of(const OnnxDims& dims);

  onnx::GraphProto& graph_;
  std::string input_, batch_;
  std::int64_t count_ = 0;
  std::map<std::vector<std::int64_t>, std::string> known_ints_;
  std::map<float, std::string> known_scalars_;
};

/// The op call as nodes; `in` are the names of its inputs, empty where left out. Returns the name of the output.
/// Throws Error{Unsupported} for an op that ONNX export does not know.
std::string add_onnx_op(OnnxGraph& graph, const OpCall& call, const OnnxGraph::Names& in, const OnnxDims& output);

}  // namespace dsw
