// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/onnx_export.h"

#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "engine/autograd/node.h"
#include "engine/formats/onnx_graph.h"

namespace dsw {
namespace {

constexpr int kOperatorSet = 17, kIrVersion = 8;
constexpr std::int64_t kFirstBatch = 2, kSecondBatch = 3;
constexpr std::size_t kMostBytes = (std::size_t{1} << 31) - (std::size_t{1} << 20);  // of a protobuf message, with room for the graph

/// One forward pass, written down.
struct Pass {
  Pass(Module& model, const InputSpec& spec, std::int64_t batch, Device& device) {
    Rng rng(static_cast<std::uint64_t>(batch));  // other data in the other pass: what follows them shows
    const Shape shape = spec.input_shape(batch);
    if (spec.kind == InputSpec::Kind::Image) {
      std::vector<float> pixels(static_cast<std::size_t>(shape.elements()));
      for (float& pixel : pixels) pixel = static_cast<float>(rng.uniform());
      input = from_host(pixels, shape, device);
    } else {
      std::vector<std::int32_t> ids(static_cast<std::size_t>(shape.elements()));
      for (std::int32_t& id : ids) id = static_cast<std::int32_t>(rng.uniform() * static_cast<double>(spec.vocabulary));
      input = from_host(ids, shape, device);
    }
    const NoGradScope no_grad;
    Forward pass;
    output = model.forward(input, pass);
  }

  OpTrace trace;  // before the tensors: it stands while they are made
  Tensor input, output;
};

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::Unsupported, "ONNX export: " + what, "Export the model as safetensors.");
}

OnnxDims dims_of(const Tensor& first, const Tensor& second) {
  OnnxDims dims;
  if (first.rank() != second.rank()) refuse("the network takes another course with another batch");
  for (int axis = 0; axis < first.rank(); ++axis) {
    const std::int64_t a = first.size(axis), b = second.size(axis);
    if (a == b) {
      dims.push_back({a, false});
    } else {
      if (a * kSecondBatch != b * kFirstBatch) refuse("a length grows with the batch, but not in proportion");
      dims.push_back({a / kFirstBatch, true});
    }
  }
  return dims;
}

class Exporter {
 public:
  Exporter(onnx::GraphProto& proto, Module& model, const InputSpec& spec, const Pass& first, const Pass& second)
      : proto_(proto), input_(spec.kind == InputSpec::Kind::Image ? "image" : "tokens"), graph_(proto, input_) {
    name(first.input, second.input, input_);
    for (const Module::Named& named : model.parameters()) parameters_[named.parameter->value.id()] = named.name;
    const auto& calls = first.trace.calls();
    const auto& others = second.trace.calls();
    if (calls.size() != others.size()) refuse("the network takes another course with another batch");
    for (std::size_t i = 0; i < calls.size(); ++i) add(calls[i], others[i]);
    const std::string last = value(first.output, second.output);
    onnx::NodeProto& node = *proto_.add_node();
    node.set_op_type("Identity");
    node.set_name("logits");
    node.add_input(last);
    node.add_output("logits");
    drop_unused();
    describe(*proto_.add_input(), input_, spec.kind == InputSpec::Kind::Image ? onnx::TensorProto::FLOAT : onnx::TensorProto::INT64,
             dims_of(first.input, second.input));
    describe(*proto_.add_output(), "logits", onnx::TensorProto::FLOAT, dims_of(first.output, second.output));
  }

 private:
  void name(const Tensor& first, const Tensor& second, std::string as) {
    names_[first.id()] = std::move(as);
    partner_[first.id()] = second.id();
  }

  void add(const OpCall& call, const OpCall& other) {
    if (call.name != other.name || call.numbers != other.numbers || call.lists != other.lists)
      refuse("the network takes another course with another batch");
    OnnxGraph::Names in;
    for (std::size_t i = 0; i < call.inputs.size(); ++i)
      in.push_back(call.inputs[i] ? value(call.inputs[i], other.inputs[i]) : std::string());
    name(call.output, other.output, add_onnx_op(graph_, call, in, dims_of(call.output, other.output)));
  }

  /// The name of a value; one that no op made is a weight or a constant, which must not depend on the input.
  std::string value(const Tensor& first, const Tensor& second) {
    if (const auto known = names_.find(first.id()); known != names_.end()) {
      if (partner_.at(first.id()) != second.id()) refuse("the network takes another course with another batch");
      return known->second;
    }
    const auto parameter = parameters_.find(first.id());
    const std::vector<double> a = first.to_vector<double>(), b = second.to_vector<double>();
    std::string made;
    if (first.shape() == second.shape()) {
      if (a != b) refuse("the network computes with something that is neither a weight nor made by its ops");
      made = graph_.constant(first, parameter == parameters_.end() ? std::string() : parameter->second);
    } else {  // of one number throughout: as long as the batch wants it
      const auto uniform = [&a](const std::vector<double>& x) {
        return std::all_of(x.begin(), x.end(), [&a](double v) { return v == a[0]; });
      };
      if (a.empty() || !uniform(a) || !uniform(b))
        refuse("the network computes with something that is neither a weight nor made by its ops");
      made = graph_.expand(graph_.scalar(static_cast<float>(a[0])), dims_of(first, second));
    }
    name(first, second, made);
    return made;
  }

  /// Positions that only this process needed, for one.
  void drop_unused() {
    std::set<std::string> used;
    for (const onnx::NodeProto& node : proto_.node()) used.insert(node.input().begin(), node.input().end());
    auto& constants = *proto_.mutable_initializer();
    const auto end =
        std::remove_if(constants.begin(), constants.end(), [&](const onnx::TensorProto& t) { return used.count(t.name()) == 0; });
    constants.erase(end, constants.end());
  }

  static void describe(onnx::ValueInfoProto& info, const std::string& name, int type, const OnnxDims& dims) {
    info.set_name(name);
    onnx::TypeProto_Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    onnx::TensorShapeProto& shape = *tensor.mutable_shape();
    for (const OnnxDim& dim : dims) {
      if (!dim.batch)
        shape.add_dim()->set_dim_value(dim.length);
      else
        shape.add_dim()->set_dim_param(dim.length == 1 ? "batch" : fmt::format("{} * batch", dim.length));
    }
  }

  onnx::GraphProto& proto_;
  std::string input_;
  OnnxGraph graph_;
  std::unordered_map<const void*, std::string> names_, parameters_;
  std::unordered_map<const void*, const void*> partner_;  ///< the same value of the second pass
};

std::size_t weight_bytes(Module& model) {
  std::size_t bytes = 0;
  for (const Module::Named& named : model.parameters())
    bytes += static_cast<std::size_t>(named.parameter->shape.elements()) * sizeof(float);
  return bytes;
}

}  // namespace

Result<void> write_onnx(const std::filesystem::path& path, const Catalog& catalog, const ModelFile& file, Device& host) {
  DSW_TRY_ASSIGN(const std::unique_ptr<Module> model, build_model(catalog, file, host));
  if (weight_bytes(*model) > kMostBytes)
    return fail(ErrorCode::Unsupported, "ONNX export: the weights are more than 2 GB, which one ONNX file cannot hold",
                "Export the model as safetensors.");
  onnx::ModelProto proto;
  try {
    const Pass first(*model, file.input, kFirstBatch, host), second(*model, file.input, kSecondBatch, host);
    proto.set_ir_version(kIrVersion);
    proto.set_producer_name("Deepshock Workbench");
    proto.add_opset_import()->set_version(kOperatorSet);
    const Json description = Json::parse(file.description);
    proto.mutable_graph()->set_name(description.value("name", "model"));
    Exporter(*proto.mutable_graph(), *model, file.input, first, second);
    onnx::StringStringEntryProto& metadata = *proto.add_metadata_props();
    metadata.set_key(kModelMetaKey);
    metadata.set_value(file.description);
    onnx::checker::check_model(proto);
    onnx::shape_inference::InferShapes(proto, onnx::OpSchemaRegistry::Instance(), onnx::ShapeInferenceOptions(true, 1, true));
  } catch (const Error& error) {
    return fail(error);
  } catch (const std::exception& error) {  // the checker's and the shape inference's own kinds
    return fail(ErrorCode::Internal, std::string("ONNX export: the checker refuses what was made: ") + error.what(),
                "This is a bug; the details help whoever mends it.");
  }
  std::string bytes;
  if (!proto.SerializeToString(&bytes))
    return fail(ErrorCode::Unsupported, "ONNX export: the model is too large for one ONNX file", "Export it as safetensors.");
  return write_bytes(path, {std::as_bytes(std::span<const char>(bytes))});
}

}  // namespace dsw
