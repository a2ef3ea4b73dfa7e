// SPDX-License-Identifier: GPL-3.0-or-later
// What each op becomes in ONNX, operator set 17. Source: the operators' descriptions in onnx/docs/Operators.md.
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "engine/core/result.h"
#include "engine/formats/onnx_graph.h"

namespace dsw {
namespace {

using Names = OnnxGraph::Names;
using Ints = std::vector<std::int64_t>;

/// What an emitter sees of a call.
struct Site {
  OnnxGraph& graph;
  const OpCall& call;
  const Names& in;
  const OnnxDims& out;

  double number(const char* name) const { return call.numbers.at(name); }
  std::int64_t integer(const char* name) const { return static_cast<std::int64_t>(call.numbers.at(name)); }
  Ints list(const char* name) const {
    const std::vector<int>& values = call.lists.at(name);
    return {values.begin(), values.end()};
  }
  bool given(std::size_t i) const { return i < in.size() && !in[i].empty(); }
  const Tensor& input(std::size_t i) const { return call.inputs[i]; }
};
using Emitter = std::function<std::string(const Site&)>;

Emitter plain(const char* op) {
  return [op](const Site& s) { return s.graph.add(op, s.in); };
}

std::string transposed(OnnxGraph& g, const std::string& matrix) { return g.add("Transpose", {matrix}, {{"perm", Ints{1, 0}}}); }

std::string sigmoid_linear(OnnxGraph& g, const std::string& x) { return g.add("Mul", {x, g.add("Sigmoid", {x})}); }

std::string gelu(const Site& s) {
  OnnxGraph& g = s.graph;
  const std::string& x = s.in[0];
  const std::string erf = g.add("Erf", {g.add("Mul", {x, g.scalar(static_cast<float>(1 / std::numbers::sqrt2))})});
  return g.add("Mul", {g.add("Mul", {x, g.scalar(0.5F)}), g.add("Add", {erf, g.scalar(1)})});
}

std::string gelu_tanh(const Site& s) {
  OnnxGraph& g = s.graph;
  const std::string& x = s.in[0];
  const std::string cube = g.add("Mul", {g.add("Mul", {x, x}), x});
  const std::string inner = g.add("Add", {x, g.add("Mul", {cube, g.scalar(0.044715F)})});
  const std::string tanh = g.add("Tanh", {g.add("Mul", {inner, g.scalar(static_cast<float>(std::sqrt(2 / std::numbers::pi)))})});
  return g.add("Mul", {g.add("Mul", {x, g.scalar(0.5F)}), g.add("Add", {tanh, g.scalar(1)})});
}

std::string affine(const Site& s) {
  OnnxGraph& g = s.graph;
  return g.add("Add",
               {g.add("Mul", {s.in[0], g.scalar(static_cast<float>(s.number("alpha")))}), g.scalar(static_cast<float>(s.number("beta")))});
}

std::string linear(const Site& s) {
  OnnxGraph& g = s.graph;
  if (s.input(0).rank() == 2) return g.add("Gemm", s.in, {{"transB", std::int64_t{1}}});
  const std::string product = g.add("MatMul", {s.in[0], transposed(g, s.in[1])});
  return s.given(2) ? g.add("Add", {product, s.in[2]}) : product;
}

std::string layer_norm(const Site& s) {
  OnnxGraph& g = s.graph;
  const std::int64_t width = s.input(0).size(-1);
  const std::string weight = s.given(1) ? s.in[1] : g.floats(std::vector<float>(static_cast<std::size_t>(width), 1), {width});
  return g.add("LayerNormalization", {s.in[0], weight, s.given(2) ? s.in[2] : std::string()},
               {{"axis", std::int64_t{-1}}, {"epsilon", static_cast<float>(s.number("eps"))}});
}

std::string rms_norm(const Site& s) {
  OnnxGraph& g = s.graph;
  const std::string mean = g.add("ReduceMean", {g.add("Mul", {s.in[0], s.in[0]})}, {{"axes", Ints{-1}}, {"keepdims", std::int64_t{1}}});
  const std::string root = g.add("Sqrt", {g.add("Add", {mean, g.scalar(static_cast<float>(s.number("eps")))})});
  const std::string normed = g.add("Div", {s.in[0], root});
  return s.given(1) ? g.add("Mul", {normed, s.in[1]}) : normed;
}

std::string batch_norm(const Site& s) {
  if (s.number("training") != 0)
    throw Error(ErrorCode::Unsupported, "ONNX export: a batch norm that trains has no ONNX operator here", "Export it as safetensors.");
  OnnxGraph& g = s.graph;
  const std::int64_t channels = s.input(0).size(1);
  const auto uniform = [&](float value) { return g.floats(std::vector<float>(static_cast<std::size_t>(channels), value), {channels}); };
  return g.add("BatchNormalization", {s.in[0], s.given(1) ? s.in[1] : uniform(1), s.given(2) ? s.in[2] : uniform(0), s.in[3], s.in[4]},
               {{"epsilon", static_cast<float>(s.number("eps"))}});
}

std::string conv2d(const Site& s) {
  const std::int64_t pad_h = s.integer("pad_h"), pad_w = s.integer("pad_w");
  return s.graph.add("Conv", s.in,
                     {{"strides", Ints{s.integer("stride_h"), s.integer("stride_w")}},
                      {"pads", Ints{pad_h, pad_w, pad_h, pad_w}},
                      {"dilations", Ints{s.integer("dilation_h"), s.integer("dilation_w")}},
                      {"group", s.integer("groups")}});
}

Emitter pool(const char* op) {
  return [op](const Site& s) {
    const std::int64_t pad_h = s.integer("pad_h"), pad_w = s.integer("pad_w");
    return s.graph.add(op, s.in,
                       {{"kernel_shape", Ints{s.integer("kernel_h"), s.integer("kernel_w")}},
                        {"strides", Ints{s.integer("stride_h"), s.integer("stride_w")}},
                        {"pads", Ints{pad_h, pad_w, pad_h, pad_w}}});
  };
}

/// Operator set 17 takes the axes of a sum as an input, those of a mean and a maximum as an attribute.
std::string reduce_sum(const Site& s) {
  return s.graph.add("ReduceSum", {s.in[0], s.graph.ints(s.list("axes"))}, {{"keepdims", s.integer("keep")}});
}
Emitter reduce(const char* op) {
  return [op](const Site& s) { return s.graph.add(op, s.in, {{"axes", s.list("axes")}, {"keepdims", s.integer("keep")}}); };
}

std::string slice(OnnxGraph& g, const std::string& x, std::int64_t axis, std::int64_t begin, std::int64_t end, std::int64_t step = 1) {
  return g.add("Slice", {x, g.ints({begin}), g.ints({end}), g.ints({axis}), g.ints({step})});
}

/// Grouped queries as one more axis: q [B, Hkv, G, T, D] by k [B, Hkv, 1, S, D], so no key is copied.
std::string attention(const Site& s) {
  OnnxGraph& g = s.graph;
  const Tensor &q = s.input(0), &k = s.input(1);
  const std::int64_t heads = k.size(1), group = q.size(1) / heads, queries = q.size(2), keys = k.size(2), depth = q.size(3);
  const OnnxDim batch{1, true};
  const auto fixed = [](std::int64_t length) { return OnnxDim{length, false}; };
  const auto per_group = [&](const std::string& x, std::int64_t n, std::int64_t length) {
    return g.reshape(x, {batch, fixed(heads), fixed(n), fixed(length), fixed(depth)});
  };
  const std::string keys_transposed = g.add("Transpose", {per_group(s.in[1], 1, keys)}, {{"perm", Ints{0, 1, 2, 4, 3}}});
  std::string scores = g.add("MatMul", {per_group(s.in[0], group, queries), keys_transposed});
  scores = g.add("Mul", {scores, g.scalar(static_cast<float>(s.number("scale")))});
  if (const double cap = s.number("soft_cap"); cap > 0) {
    const std::string scalar = g.scalar(static_cast<float>(cap));
    scores = g.add("Mul", {g.add("Tanh", {g.add("Div", {scores, scalar})}), scalar});
  }
  if (s.number("causal") != 0) {
    const std::int64_t window = s.integer("window");
    std::vector<float> hidden(static_cast<std::size_t>(queries * keys), 0);
    for (std::int64_t t = 0; t < queries; ++t) {
      const std::int64_t last = t + keys - queries;
      for (std::int64_t key = 0; key < keys; ++key)
        if (key > last || (window > 0 && key <= last - window))
          hidden[static_cast<std::size_t>(t * keys + key)] = -std::numeric_limits<float>::infinity();
    }
    scores = g.add("Add", {scores, g.floats(hidden, {queries, keys})});
  }
  std::string seen;
  if (s.given(3)) {  // a finite number, so a row that sees nothing is no NaN; its probabilities become 0 below
    seen = g.reshape(s.in[3], {batch, fixed(1), fixed(1), fixed(1), fixed(keys)});
    scores = g.add("Where", {seen, scores, g.scalar(-1e30F)});
  }
  std::string probabilities = g.add("Softmax", {scores}, {{"axis", std::int64_t{-1}}});
  if (!seen.empty()) probabilities = g.add("Where", {seen, probabilities, g.scalar(0)});
  return g.reshape(g.add("MatMul", {probabilities, per_group(s.in[2], 1, keys)}), s.out);
}

/// Cosines and sines of the positions, which are constants, over the halves or the neighbours of the last axis.
std::string rope(const Site& s) {
  OnnxGraph& g = s.graph;
  const Tensor& x = s.input(0);
  const bool neighbours = s.number("interleaved") != 0;
  const std::int64_t depth = x.size(3), half = depth / 2;
  const std::vector<std::int64_t> positions = s.input(1).to_vector<std::int64_t>();
  std::vector<float> cosines, sines;
  for (const std::int64_t position : positions) {
    for (std::int64_t i = 0; i < half; ++i) {
      const double angle =
          static_cast<double>(position) * std::pow(s.number("base"), -2 * static_cast<double>(i) / static_cast<double>(depth));
      cosines.push_back(static_cast<float>(std::cos(angle)));
      sines.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  const Ints shape{static_cast<std::int64_t>(positions.size()), half};
  const std::string cosine = g.floats(cosines, shape), sine = g.floats(sines, shape);
  const std::string a = neighbours ? slice(g, s.in[0], 3, 0, depth, 2) : slice(g, s.in[0], 3, 0, half);
  const std::string b = neighbours ? slice(g, s.in[0], 3, 1, depth, 2) : slice(g, s.in[0], 3, half, depth);
  const std::string turned_a = g.add("Sub", {g.add("Mul", {a, cosine}), g.add("Mul", {b, sine})});
  const std::string turned_b = g.add("Add", {g.add("Mul", {a, sine}), g.add("Mul", {b, cosine})});
  if (!neighbours) return g.add("Concat", {turned_a, turned_b}, {{"axis", std::int64_t{3}}});
  const std::string last = g.ints({4});
  const std::string pairs =
      g.add("Concat", {g.add("Unsqueeze", {turned_a, last}), g.add("Unsqueeze", {turned_b, last})}, {{"axis", std::int64_t{4}}});
  return g.reshape(pairs, s.out);
}

/// True for words: an id that is not 0.
std::string words(const Site& s) {
  OnnxGraph& g = s.graph;
  return g.add("Cast", {s.in[0]}, {{"to", std::int64_t{onnx::TensorProto::BOOL}}});
}

/// `leading` places of one value in front of the tokens' own along `axis`.
std::string with_leading(const Site& s, const std::string& x, const std::string& value, int axis) {
  OnnxGraph& g = s.graph;
  const std::int64_t leading = s.integer("leading");
  if (leading == 0) return x;
  OnnxDims dims = s.out;
  dims[static_cast<std::size_t>(axis)].length = leading;
  return g.add("Concat", {g.expand(value, dims), x}, {{"axis", std::int64_t{axis}}});
}

std::string padding_mask(const Site& s) {
  const std::string leading = s.integer("leading") == 0 ? std::string() : s.graph.constant(full({1}, 1, DType::U8, s.input(0).device()));
  return with_leading(s, words(s), leading, 1);
}

std::string padding_share(const Site& s) {
  OnnxGraph& g = s.graph;
  const std::string one = g.add("Cast", {words(s)}, {{"to", std::int64_t{onnx::TensorProto::FLOAT}}});
  const std::string count = g.add("ReduceSum", {one, g.ints({1})}, {{"keepdims", std::int64_t{1}}});
  const std::string share = g.add("Div", {one, g.add("Max", {count, g.scalar(1)})});
  return with_leading(s, g.add("Unsqueeze", {share, g.ints({1})}), g.scalar(0), 2);
}

const std::map<std::string, Emitter>& emitters() {
  static const std::map<std::string, Emitter> all = {
      {"add", plain("Add")},
      {"sub", plain("Sub")},
      {"mul", plain("Mul")},
      {"div", plain("Div")},
      {"maximum", plain("Max")},
      {"minimum", plain("Min")},
      {"neg", plain("Neg")},
      {"exp", plain("Exp")},
      {"log", plain("Log")},
      {"sqrt", plain("Sqrt")},
      {"rsqrt", [](const Site& s) { return s.graph.add("Reciprocal", {s.graph.add("Sqrt", s.in)}); }},
      {"square",
       [](const Site& s) {
         return s.graph.add("Mul", {s.in[0], s.in[0]});
       }},
      {"abs", plain("Abs")},
      {"reciprocal", plain("Reciprocal")},
      {"relu", plain("Relu")},
      {"gelu", gelu},
      {"gelu-tanh", gelu_tanh},
      {"silu", [](const Site& s) { return sigmoid_linear(s.graph, s.in[0]); }},
      {"tanh", plain("Tanh")},
      {"sigmoid", plain("Sigmoid")},
      {"affine", affine},
      {"swiglu",
       [](const Site& s) {
         return s.graph.add("Mul", {sigmoid_linear(s.graph, s.in[0]), s.in[1]});
       }},
      {"softmax",
       [](const Site& s) {
         return s.graph.add("Softmax", s.in, {{"axis", std::int64_t{-1}}});
       }},
      {"log-softmax",
       [](const Site& s) {
         return s.graph.add("LogSoftmax", s.in, {{"axis", std::int64_t{-1}}});
       }},
      {"layer-norm", layer_norm},
      {"rms-norm", rms_norm},
      {"batch-norm", batch_norm},
      {"matmul", plain("MatMul")},
      {"linear", linear},
      {"conv2d", conv2d},
      {"max-pool2d", pool("MaxPool")},
      {"avg-pool2d", pool("AveragePool")},
      {"sum", reduce_sum},
      {"mean", reduce("ReduceMean")},
      {"max", reduce("ReduceMax")},
      {"reshape", [](const Site& s) { return s.graph.reshape(s.in[0], s.out); }},
      {"expand", [](const Site& s) { return s.graph.expand(s.in[0], s.out); }},
      {"permute",
       [](const Site& s) {
         return s.graph.add("Transpose", s.in, {{"perm", s.list("axes")}});
       }},
      {"slice", [](const Site& s) { return slice(s.graph, s.in[0], s.integer("axis"), s.integer("begin"), s.integer("end")); }},
      {"concat",
       [](const Site& s) {
         return s.graph.add("Concat", s.in, {{"axis", s.integer("axis")}});
       }},
      {"contiguous", plain("Identity")},
      {"cast", plain("Identity")},  // of one float dtype to another; the export is float32 throughout
      {"embedding", plain("Gather")},
      {"attention", attention},
      {"rope", rope},
      {"padding-mask", padding_mask},
      {"padding-share", padding_share},
  };
  return all;
}

}  // namespace

std::string add_onnx_op(OnnxGraph& graph, const OpCall& call, const Names& in, const OnnxDims& output) {
  const auto found = emitters().find(call.name);
  if (found == emitters().end())
    throw Error(ErrorCode::Unsupported, fmt::format("ONNX export: the op {} has no counterpart there", call.name),
                "Export the model as safetensors.");
  return found->second({graph, call, in, output});
}

}  // namespace dsw
