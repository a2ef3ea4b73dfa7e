// SPDX-License-Identifier: GPL-3.0-or-later
// Entries of Catalog::ops: elementwise ops, rearrangements, reductions.
#include "engine/nn/op_entry.h"
#include "engine/nn/ops/dropout.h"
#include "engine/nn/ops/elementwise.h"
#include "engine/nn/ops/reduce.h"
#include "engine/nn/ops/shape_ops.h"
#include "engine/nn/ops/swiglu.h"

namespace dsw {
namespace {

using op::Shapes;
using op::Tensors;

Shape same_shape(const Shapes& in) { return in[0]; }
double no_flops(const Shapes&) { return 0; }

void add_unary(Catalog& catalog, const char* name, const char* summary, double flops_per_element, Tensor (*function)(const Tensor&),
               const char* onnx) {
  op::add_entry(catalog, name, summary, {}, [=](const Json&) {
    return OpInfo{1,
                  1,
                  same_shape,
                  [=](const Shapes& in) { return flops_per_element * op::count(in[0]); },
                  [=](const Tensors& in) { return function(in[0]); },
                  onnx};
  });
}

void add_binary(Catalog& catalog, const char* name, const char* summary, Tensor (*function)(const Tensor&, const Tensor&),
                const char* onnx) {
  op::add_entry(catalog, name, summary, {}, [=](const Json&) {
    return OpInfo{2,
                  2,
                  [=](const Shapes& in) { return broadcast(name, in[0], in[1]); },
                  [=](const Shapes& in) { return op::count(broadcast(name, in[0], in[1])); },
                  [=](const Tensors& in) { return function(in[0], in[1]); },
                  onnx};
  });
}

Shape reduced(const Shape& shape, const std::vector<int>& axes, bool keep) {
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    bool gone = axes.empty();
    for (const int named : axes) gone = gone || (named < 0 ? named + shape.rank() : named) == axis;
    if (!gone)
      result.push_back(shape[axis]);
    else if (keep)
      result.push_back(1);
  }
  return result;
}

void add_reduction(Catalog& catalog, const char* name, const char* summary,
                   Tensor (*function)(const Tensor&, const std::vector<int>&, bool), const char* onnx) {
  ParamSchema schema{list_param("axes", "Axes", "[]",
                                int_param("axis", "Axis", std::nullopt, -DSW_MAX_RANK, DSW_MAX_RANK - 1, "Negative counts from the end"),
                                "Axes to reduce; none named: all"),
                     bool_param("keep", "Keep", false, "Reduced axes stay with length 1")};
  op::add_entry(catalog, name, summary, std::move(schema), [=](const Json& settings) {
    const auto axes = settings.at("axes").get<std::vector<int>>();
    const bool keep = settings.at("keep").get<bool>();
    return OpInfo{1,
                  1,
                  [=](const Shapes& in) { return reduced(in[0], axes, keep); },
                  [](const Shapes& in) { return op::count(in[0]); },
                  [=](const Tensors& in) { return function(in[0], axes, keep); },
                  onnx};
  });
}

Param axis_param() { return int_param("axis", "Axis", 0, -DSW_MAX_RANK, DSW_MAX_RANK - 1, "Negative counts from the end"); }
Param shape_param() {
  return list_param("shape", "Shape", "[]", int_param("length", "Length", std::nullopt, 0, 1e15, "Length of an axis"),
                    "Shape of the result");
}
int from_front(int axis, const Shape& shape) { return axis < 0 ? axis + shape.rank() : axis; }

void add_rearrangements(Catalog& catalog) {
  op::add_entry(catalog, "reshape", "Same elements, another shape", {shape_param()}, [](const Json& settings) {
    const Shape shape(settings.at("shape").get<std::vector<std::int64_t>>());
    return OpInfo{1,        1, [=](const Shapes&) { return shape; }, no_flops, [=](const Tensors& in) { return reshape(in[0], shape); },
                  "Reshape"};
  });
  op::add_entry(catalog, "permute", "Axes in another order",
                {list_param("axes", "Axes", "[]", int_param("axis", "Axis", std::nullopt, 0, DSW_MAX_RANK - 1, "An axis of the input"),
                            "For each axis of the result the input's")},
                [](const Json& settings) {
                  const auto axes = settings.at("axes").get<std::vector<int>>();
                  const auto shape = [=](const Shapes& in) {
                    Shape result;
                    for (const int axis : axes) result.push_back(in[0][axis]);
                    return result;
                  };
                  return OpInfo{1, 1, shape, no_flops, [=](const Tensors& in) { return permute(in[0], axes); }, "Transpose"};
                });
  op::add_entry(catalog, "slice", "A range of one axis",
                {axis_param(), int_param("begin", "Begin", 0, 0, 1e15, "First element"),
                 int_param("end", "End", 1, 0, 1e15, "Element after the last")},
                [](const Json& settings) {
                  const int axis = settings.at("axis").get<int>();
                  const auto begin = settings.at("begin").get<std::int64_t>(), end = settings.at("end").get<std::int64_t>();
                  const auto shape = [=](const Shapes& in) {
                    Shape result = in[0];
                    result[axis] = end - begin;
                    return result;
                  };
                  return OpInfo{1, 1, shape, no_flops, [=](const Tensors& in) { return slice(in[0], axis, begin, end); }, "Slice"};
                });
  op::add_entry(catalog, "concat", "Inputs after one another along one axis", {axis_param()}, [](const Json& settings) {
    const int axis = settings.at("axis").get<int>();
    const auto shape = [=](const Shapes& in) {
      Shape result = in[0];
      for (std::size_t i = 1; i < in.size(); ++i) result[axis] += in[i][from_front(axis, in[i])];
      return result;
    };
    return OpInfo{1, 64, shape, no_flops, [=](const Tensors& in) { return concat(in, axis); }, "Concat"};
  });
  op::add_entry(catalog, "expand", "Axes of length 1 repeated", {shape_param()}, [](const Json& settings) {
    const Shape shape(settings.at("shape").get<std::vector<std::int64_t>>());
    return OpInfo{1, 1, [=](const Shapes&) { return shape; }, no_flops, [=](const Tensors& in) { return expand(in[0], shape); }, "Expand"};
  });
  add_unary(catalog, "contiguous", "The same in row-major memory", 0, contiguous, "Identity");
}

}  // namespace

void register_simple_ops(Catalog& catalog) {
  add_binary(catalog, "add", "a + b", add, "Add");
  add_binary(catalog, "sub", "a - b", sub, "Sub");
  add_binary(catalog, "mul", "a b, element by element", mul, "Mul");
  add_binary(catalog, "div", "a / b", div, "Div");
  add_binary(catalog, "maximum", "The greater of a and b", maximum, "Max");
  add_binary(catalog, "minimum", "The lesser of a and b", minimum, "Min");

  add_unary(catalog, "neg", "-x", 1, neg, "Neg");
  add_unary(catalog, "exp", "Exponential", 1, exp, "Exp");
  add_unary(catalog, "log", "Natural logarithm", 1, log, "Log");
  add_unary(catalog, "sqrt", "Square root", 1, sqrt, "Sqrt");
  add_unary(catalog, "rsqrt", "1 / square root", 2, rsqrt, "Sqrt + Reciprocal");
  add_unary(catalog, "square", "x²", 1, square, "Mul (x, x)");
  add_unary(catalog, "abs", "Absolute value", 1, abs, "Abs");
  add_unary(catalog, "reciprocal", "1 / x", 1, reciprocal, "Reciprocal");
  add_unary(catalog, "relu", "max(x, 0)", 1, relu, "Relu");
  add_unary(catalog, "gelu", "x Φ(x), by the error function", 5, gelu, "Gelu (approximate none)");
  add_unary(catalog, "gelu-tanh", "x Φ(x), approximated by tanh", 9, gelu_tanh, "Gelu (approximate tanh)");
  add_unary(catalog, "silu", "x sigmoid(x)", 5, silu, "Sigmoid + Mul");
  add_unary(catalog, "tanh", "Hyperbolic tangent", 1, tanh, "Tanh");
  add_unary(catalog, "sigmoid", "1 / (1 + e^-x)", 4, sigmoid, "Sigmoid");
  op::add_entry(catalog, "affine", "alpha x + beta",
                {float_param("alpha", "α", 1, -1e300, 1e300, "Factor"), float_param("beta", "β", 0, -1e300, 1e300, "Summand")},
                [](const Json& settings) {
                  const double alpha = settings.at("alpha").get<double>(), beta = settings.at("beta").get<double>();
                  return OpInfo{1,
                                1,
                                same_shape,
                                [](const Shapes& in) { return 2 * op::count(in[0]); },
                                [=](const Tensors& in) { return affine(in[0], alpha, beta); },
                                "Mul + Add"};
                });
  op::add_entry(catalog, "swiglu", "silu(gate) up", {}, [](const Json&) {
    return OpInfo{2,
                  2,
                  same_shape,
                  [](const Shapes& in) { return 6 * op::count(in[0]); },
                  [](const Tensors& in) { return swiglu(in[0], in[1]); },
                  "Sigmoid + Mul + Mul"};
  });
  op::add_entry(
      catalog, "dropout", "Elements set to 0 at random, the rest scaled up",
      {float_param("p", "Probability", 0.1, 0, 0.999999, "Share that becomes 0"), int_param("key", "Key", 0, 0, 9e15, "Decides which")},
      [](const Json& settings) {
        const double p = settings.at("p").get<double>();
        const auto key = settings.at("key").get<std::uint64_t>();
        return OpInfo{1,
                      1,
                      same_shape,
                      [](const Shapes& in) { return 2 * op::count(in[0]); },
                      [=](const Tensors& in) { return dropout(in[0], p, key); },
                      "none: left out of exported models, which only infer"};
      });

  add_rearrangements(catalog);
  add_reduction(catalog, "sum", "Sum over axes", sum, "ReduceSum");
  add_reduction(catalog, "mean", "Mean over axes", mean, "ReduceMean");
  add_reduction(catalog, "max", "Largest element over axes", max, "ReduceMax");
  op::add_entry(catalog, "argmax", "Index of each row's largest element", {}, [](const Json&) {
    const auto shape = [](const Shapes& in) { return reduced(in[0], {-1}, false); };
    return OpInfo{1,
                  1,
                  shape,
                  [](const Shapes& in) { return op::count(in[0]); },
                  [](const Tensors& in) { return argmax(in[0]); },
                  "ArgMax (axis -1)"};
  });
}

void register_ops(Catalog& catalog) {
  register_simple_ops(catalog);
  register_network_ops(catalog);
}

}  // namespace dsw
