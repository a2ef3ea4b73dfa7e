// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/op_cases.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "engine/core/rng.h"
#include "engine/tensor/precision.h"
#include "tests/support/emulated_device.h"

namespace dsw::test {
namespace {

using Kind = CaseInput::Kind;
using Layout = CaseInput::Layout;

CaseInput floats(const Shape& shape, double low = -2, double high = 2) { return {shape, Kind::Float, low, high}; }
CaseInput indices(const Shape& shape, double low, double high) { return {shape, Kind::Index, low, high, Layout::Contiguous, false}; }
CaseInput mask(const Shape& shape) { return {shape, Kind::Bool, 0, 1, Layout::Contiguous, false}; }
CaseInput permuted(CaseInput input) {
  input.layout = Layout::Permuted;
  return input;
}
CaseInput sliced(CaseInput input) {
  input.layout = Layout::Sliced;
  return input;
}
CaseInput repeated(CaseInput input) {
  input.layout = Layout::Repeated;
  input.gradient = false;
  return input;
}
CaseInput fixed(CaseInput input) {
  input.gradient = false;
  return input;
}

void add_elementwise(std::vector<OpCase>& cases) {
  for (const char* op : {"add", "sub", "mul", "maximum", "minimum"}) {
    cases.push_back({op, "{}", {floats({3, 5}), floats({3, 5})}});
    cases.push_back({op, "{}", {permuted(floats({3, 5})), sliced(floats({5}))}});
    cases.push_back({op, "{}", {floats({2, 1, 4}), floats({3, 1})}});
    cases.push_back({op, "{}", {floats({}), floats({2, 2})}});
    cases.push_back({op, "{}", {floats({0, 3}), floats({1, 3})}});
    cases.push_back({op, "{}", {repeated(floats({4, 3})), permuted(floats({4, 3}))}});
  }
  cases.push_back({"div", "{}", {floats({3, 5}), floats({3, 5}, 0.5, 2)}});
  cases.push_back({"div", "{}", {sliced(floats({4, 1, 3})), permuted(floats({2, 3}, 0.5, 2))}});
  cases.push_back({"div", "{}", {floats({1}), floats({5}, -2, -0.5)}});
  for (const char* op : {"neg", "exp", "square", "gelu", "gelu-tanh", "silu", "tanh", "sigmoid", "relu", "abs"}) {
    const double off = std::string(op) == "relu" || std::string(op) == "abs" ? 1e-3 : 0;
    cases.push_back({op, "{}", {floats({3, 7}, -4, 4)}, off});
    cases.push_back({op, "{}", {permuted(floats({5, 1, 3}))}, off});
    cases.push_back({op, "{}", {sliced(floats({17}))}, off});
    cases.push_back({op, "{}", {floats({2, 0})}, off});
    cases.push_back({op, "{}", {floats({})}, off});
  }
  for (const char* op : {"log", "sqrt", "rsqrt", "reciprocal"}) {
    cases.push_back({op, "{}", {floats({3, 7}, 0.3, 4)}});
    cases.push_back({op, "{}", {permuted(floats({5, 3}, 0.3, 4))}});
    cases.push_back({op, "{}", {floats({0}, 0.3, 4)}});
  }
  cases.push_back({"affine", R"({"alpha": -1.5, "beta": 0.25})", {sliced(floats({3, 5}))}});
  cases.push_back({"affine", R"({"alpha": 2})", {floats({0, 5})}});
  cases.push_back({"swiglu", "{}", {floats({3, 5}), floats({3, 5})}});
  cases.push_back({"swiglu", "{}", {sliced(floats({2, 3, 7})), sliced(floats({2, 3, 7}))}});
  cases.push_back({"swiglu", "{}", {permuted(floats({4, 3})), floats({4, 3})}});
  cases.push_back({"swiglu", "{}", {floats({0, 3}), floats({0, 3})}});
  cases.push_back({"dropout", R"({"p": 0.4, "key": 77})", {floats({5, 7})}});
  cases.push_back({"dropout", R"({"p": 0.4, "key": 78})", {permuted(floats({3, 6}))}});
  cases.push_back({"dropout", R"({"p": 0.9, "key": 1})", {floats({1})}});
  cases.push_back({"dropout", R"({"p": 0.5, "key": 1})", {floats({0, 4})}});
}

void add_rearrangements(std::vector<OpCase>& cases) {
  cases.push_back({"reshape", R"({"shape": [3, 8]})", {floats({2, 3, 4})}});
  cases.push_back({"reshape", R"({"shape": [4, 6]})", {permuted(floats({2, 3, 4}))}});
  cases.push_back({"reshape", R"({"shape": [2, 3, 2, 2, 1]})", {sliced(floats({6, 4}))}});
  cases.push_back({"reshape", R"({"shape": [1, 1]})", {floats({})}});
  cases.push_back({"reshape", R"({"shape": [5, 0]})", {floats({0, 3})}});
  cases.push_back({"permute", R"({"axes": [2, 0, 1]})", {floats({2, 3, 5})}});
  cases.push_back({"permute", R"({"axes": [1, 0]})", {sliced(floats({3, 4}))}});
  cases.push_back({"slice", R"({"axis": 1, "begin": 2, "end": 5})", {floats({3, 7})}});
  cases.push_back({"slice", R"({"axis": -1, "begin": 0, "end": 4})", {permuted(floats({2, 3, 4}))}});
  cases.push_back({"slice", R"({"axis": 0, "begin": 1, "end": 1})", {floats({3, 2})}});
  cases.push_back({"concat", R"({"axis": 1})", {floats({2, 3}), permuted(floats({2, 1})), sliced(floats({2, 4}))}});
  cases.push_back({"concat", R"({"axis": -3})", {floats({2, 3, 2}), floats({0, 3, 2}), floats({1, 3, 2})}});
  cases.push_back({"concat", R"({"axis": 0})", {floats({3})}});
  cases.push_back({"expand", R"({"shape": [2, 3, 4]})", {floats({3, 1})}});
  cases.push_back({"expand", R"({"shape": [5]})", {floats({})}});
  cases.push_back({"expand", R"({"shape": [0, 3]})", {floats({1, 3})}});
  cases.push_back({"contiguous", "{}", {permuted(floats({3, 4, 2}))}});
  cases.push_back({"contiguous", "{}", {sliced(floats({3, 4}))}});
}

void add_reductions(std::vector<OpCase>& cases) {
  for (const char* op : {"sum", "mean", "max"}) {
    cases.push_back({op, "{}", {floats({3, 5})}});
    cases.push_back({op, R"({"axes": [0], "keep": true})", {permuted(floats({4, 3}))}});
    cases.push_back({op, R"({"axes": [-1]})", {sliced(floats({2, 3, 5}))}});
    cases.push_back({op, R"({"axes": [0, 2]})", {floats({3, 2, 4})}});
    cases.push_back({op, R"({"axes": [1, 3]})", {permuted(floats({2, 3, 4, 2}))}});
    cases.push_back({op, R"({"axes": [1]})", {floats({2, 1})}});
    cases.push_back({op, R"({"axes": [1]})", {floats({0, 3})}});
    cases.push_back({op, "{}", {floats({})}});
  }
  cases.push_back({"sum", R"({"axes": [0]})", {floats({0, 3})}});
  cases.push_back({"sum", "{}", {floats({40, 33})}});
  cases.push_back({"argmax", "{}", {fixed(floats({3, 7}))}});
  cases.push_back({"argmax", "{}", {fixed(permuted(floats({2, 3, 4})))}});
  cases.push_back({"argmax", "{}", {fixed(floats({0, 4}))}});
}

void add_products(std::vector<OpCase>& cases) {
  cases.push_back({"matmul", "{}", {floats({3, 5}), floats({5, 4})}});
  cases.push_back({"matmul", "{}", {permuted(floats({3, 5})), permuted(floats({5, 4}))}});
  cases.push_back({"matmul", "{}", {sliced(floats({3, 5})), sliced(floats({5, 4}))}});
  cases.push_back({"matmul", "{}", {floats({1, 1}), floats({1, 1})}});
  cases.push_back({"matmul", "{}", {floats({2, 3, 4}), floats({2, 4, 3})}});
  cases.push_back({"matmul", "{}", {floats({2, 1, 3, 4}), permuted(floats({3, 4, 2}))}});
  cases.push_back({"matmul", "{}", {floats({2, 3, 4}), floats({4, 2})}});
  cases.push_back({"matmul", "{}", {floats({0, 4}), floats({4, 2})}});
  cases.push_back({"matmul", "{}", {floats({2, 0}), floats({0, 3})}});
  cases.push_back({"matmul", "{}", {floats({37, 19}), floats({19, 23})}});
  cases.push_back({"matmul", "{}", {floats({2, 3, 0}), floats({0, 4})}});
  cases.push_back({"linear", "{}", {floats({3, 5}), floats({4, 5}), floats({4})}});
  cases.push_back({"linear", "{}", {floats({2, 3, 5}), floats({4, 5})}});
  cases.push_back({"linear", "{}", {permuted(floats({2, 3, 5})), permuted(floats({4, 5})), floats({4})}});
  cases.push_back({"linear", "{}", {sliced(floats({2, 3, 5})), sliced(floats({1, 5})), sliced(floats({1}))}});
  cases.push_back({"linear", "{}", {floats({5}), floats({3, 5}), floats({3})}});
  cases.push_back({"linear", "{}", {floats({0, 5}), floats({3, 5}), floats({3})}});
  cases.push_back({"linear", "{}", {floats({2, 0}), floats({3, 0}), floats({3})}});
  cases.push_back({"linear", "{}", {fixed(floats({3, 5})), floats({4, 5}), fixed(floats({4}))}});
  cases.push_back({"linear", "{}", {floats({21, 17}), floats({35, 17}), floats({35})}});
}

void add_norms(std::vector<OpCase>& cases) {
  for (const char* op : {"softmax", "log-softmax"}) {
    cases.push_back({op, "{}", {floats({3, 7}, -5, 5)}});
    cases.push_back({op, "{}", {permuted(floats({2, 3, 4}))}});
    cases.push_back({op, "{}", {sliced(floats({5, 9}))}});
    cases.push_back({op, "{}", {floats({4, 1})}});
    cases.push_back({op, "{}", {floats({0, 3})}});
    cases.push_back({op, "{}", {floats({2, 0})}});
    cases.push_back({op, "{}", {floats({3, 65}, -30, 30)}});
  }
  cases.push_back({"layer-norm", "{}", {floats({3, 7}), floats({7}), floats({7})}});
  cases.push_back({"layer-norm", "{}", {permuted(floats({2, 3, 5})), floats({5})}});
  cases.push_back({"layer-norm", R"({"eps": 0.01})", {sliced(floats({2, 33})), sliced(floats({33})), sliced(floats({33}))}});
  cases.push_back({"layer-norm", "{}", {floats({4, 6})}});
  cases.push_back({"layer-norm", "{}", {floats({0, 5}), floats({5}), floats({5})}});
  cases.push_back({"rms-norm", "{}", {floats({3, 7}), floats({7})}});
  cases.push_back({"rms-norm", "{}", {permuted(floats({2, 3, 5})), sliced(floats({5}))}});
  cases.push_back({"rms-norm", "{}", {sliced(floats({4, 17}))}});
  cases.push_back({"rms-norm", "{}", {floats({0, 5}), floats({5})}});
  for (const char* attributes : {R"({"training": true})", R"({"training": false, "eps": 0.001})"}) {
    const auto mean = [](std::int64_t c) { return fixed(floats({c})); };
    const auto variance = [](std::int64_t c) { return fixed(floats({c}, 0.5, 2)); };
    cases.push_back({"batch-norm", attributes, {floats({3, 2, 4, 3}), floats({2}), floats({2}), mean(2), variance(2)}});
    cases.push_back({"batch-norm", attributes, {permuted(floats({3, 5, 2, 2})), floats({5}), floats({5}), mean(5), variance(5)}});
    cases.push_back({"batch-norm", attributes, {sliced(floats({7, 3})), floats({3}), floats({3}), mean(3), variance(3)}});
  }
}

void add_pictures(std::vector<OpCase>& cases) {
  cases.push_back({"conv2d", "{}", {floats({2, 3, 5, 7}), floats({4, 3, 3, 3}), floats({4})}});
  cases.push_back({"conv2d", R"({"pad_h": 1, "pad_w": 1})", {floats({1, 1, 5, 5}), floats({2, 1, 3, 3})}});
  cases.push_back(
      {"conv2d", R"({"stride_h": 2, "stride_w": 2, "pad_h": 1, "pad_w": 1})", {floats({2, 2, 6, 7}), floats({3, 2, 3, 3}), floats({3})}});
  cases.push_back({"conv2d",
                   R"({"stride_w": 3, "pad_h": 2, "dilation_h": 2})",
                   {permuted(floats({1, 2, 6, 7})), permuted(floats({2, 2, 3, 2})), floats({2})}});
  cases.push_back({"conv2d", R"({"groups": 2})", {floats({2, 4, 4, 3}), floats({6, 2, 2, 2}), floats({6})}});
  cases.push_back({"conv2d", R"({"groups": 3, "pad_h": 1})", {sliced(floats({1, 3, 3, 4})), sliced(floats({3, 1, 3, 1})), floats({3})}});
  cases.push_back({"conv2d", R"({"stride_h": 2, "stride_w": 2})", {floats({2, 3, 5, 5}), floats({4, 3, 1, 1})}});
  cases.push_back({"conv2d", "{}", {fixed(floats({2, 1, 5, 5})), floats({3, 1, 5, 5}), floats({3})}});
  cases.push_back({"conv2d", "{}", {floats({0, 2, 4, 4}), floats({3, 2, 3, 3}), floats({3})}});
  cases.push_back({"conv2d", "{}", {fixed(floats({1, 2, 4, 4})), fixed(floats({3, 2, 3, 3})), floats({3})}});
  for (const char* op : {"max-pool2d", "avg-pool2d"}) {
    cases.push_back({op, "{}", {floats({2, 3, 6, 4})}});
    cases.push_back({op, "{}", {floats({1, 2, 5, 7})}});
    cases.push_back({op, R"({"kernel_h": 3, "kernel_w": 3, "pad_h": 1, "pad_w": 1})", {permuted(floats({2, 2, 5, 6}))}});
    cases.push_back({op, R"({"kernel_h": 3, "kernel_w": 2, "stride_h": 1, "stride_w": 1})", {sliced(floats({1, 2, 4, 5}))}});
    cases.push_back({op, R"({"kernel_h": 1, "kernel_w": 1, "stride_h": 1, "stride_w": 1})", {floats({1, 1, 1, 1})}});
    cases.push_back({op, "{}", {floats({0, 2, 4, 4})}});
  }
  cases.push_back({"global-avg-pool2d", "{}", {floats({2, 3, 4, 5})}});
  cases.push_back({"global-avg-pool2d", "{}", {permuted(floats({2, 3, 1, 5}))}});
}

void add_language(std::vector<OpCase>& cases) {
  cases.push_back({"embedding", "{}", {floats({7, 5}), indices({2, 3}, 0, 6)}});
  cases.push_back({"embedding", "{}", {permuted(floats({3, 4})), indices({9}, 0, 2)}});
  cases.push_back({"embedding", "{}", {floats({1, 1}), indices({}, 0, 0)}});
  cases.push_back({"embedding", "{}", {floats({3, 2}), indices({0, 2}, 0, 2)}});
  cases.push_back({"embedding", "{}", {sliced(floats({5, 3})), permuted(indices({2, 4}, 0, 4))}});

  cases.push_back({"attention", "{}", {floats({2, 2, 3, 4}), floats({2, 2, 5, 4}), floats({2, 2, 5, 4})}});
  cases.push_back({"attention", R"({"causal": true})", {floats({1, 2, 5, 4}), floats({1, 2, 5, 4}), floats({1, 2, 5, 4})}});
  cases.push_back(
      {"attention", R"({"causal": true})", {sliced(floats({2, 4, 3, 2})), sliced(floats({2, 2, 5, 2})), permuted(floats({2, 2, 5, 2}))}});
  cases.push_back(
      {"attention", R"({"causal": true, "window": 2, "scale": 0.7})", {floats({1, 1, 6, 3}), floats({1, 1, 6, 3}), floats({1, 1, 6, 3})}});
  cases.push_back({"attention", R"({"soft_cap": 1.5})", {floats({1, 3, 4, 2}), floats({1, 1, 4, 2}), floats({1, 1, 4, 2})}});
  cases.push_back(
      {"attention", "{}", {permuted(floats({2, 2, 3, 4})), permuted(floats({2, 2, 7, 4})), sliced(floats({2, 2, 7, 4})), mask({2, 7})}});
  cases.push_back({"attention", R"({"causal": true})", {floats({2, 1, 4, 3}), floats({2, 1, 4, 3}), floats({2, 1, 4, 3}), mask({2, 4})}});
  cases.push_back({"attention", R"({"causal": true})", {floats({1, 1, 3, 2}), floats({1, 1, 2, 2}), floats({1, 1, 2, 2})}});
  cases.push_back({"attention", "{}", {floats({1, 1, 1, 1}), floats({1, 1, 1, 1}), floats({1, 1, 1, 1})}});
  cases.push_back({"attention", "{}", {floats({0, 2, 3, 4}), floats({0, 2, 5, 4}), floats({0, 2, 5, 4})}});
  cases.push_back({"attention", R"({"causal": true})", {floats({1, 2, 35, 8}), floats({1, 2, 35, 8}), floats({1, 2, 35, 8})}});
  cases.push_back({"attention", R"({"dropout": 0.4, "key": 5})", {floats({2, 4, 3, 4}), floats({2, 2, 5, 4}), floats({2, 2, 5, 4})}});
  cases.push_back({"attention",
                   R"({"causal": true, "dropout": 0.3, "key": 12345678901, "soft_cap": 1.5})",
                   {permuted(floats({2, 2, 6, 2})), floats({2, 2, 6, 2}), sliced(floats({2, 2, 6, 2}))}});
  cases.push_back(
      {"attention", R"({"dropout": 0.6, "key": 9})", {floats({2, 1, 4, 3}), floats({2, 1, 7, 3}), floats({2, 1, 7, 3}), mask({2, 7})}});
  for (const char* attributes : {"{}", R"({"interleaved": true, "base": 100})"}) {
    cases.push_back({"rope", attributes, {floats({2, 3, 4, 6}), indices({4}, 0, 50)}});
    cases.push_back({"rope", attributes, {permuted(floats({1, 2, 5, 4})), indices({5}, 0, 9)}});
    cases.push_back({"rope", attributes, {sliced(floats({2, 1, 3, 2})), indices({3}, 0, 2000)}});
    cases.push_back({"rope", attributes, {floats({1, 2, 0, 4}), indices({0}, 0, 1)}});
  }

  for (const char* attributes : {"{}", R"({"smoothing": 0.1})"}) {
    cases.push_back({"cross-entropy", attributes, {floats({5, 7}, -4, 4), indices({5}, 0, 6)}});
    cases.push_back({"cross-entropy", attributes, {floats({2, 3, 4}), indices({2, 3}, -1, 3)}});
    cases.push_back({"cross-entropy", attributes, {permuted(floats({4, 5})), indices({4}, -2, 4)}});
    cases.push_back({"cross-entropy", attributes, {sliced(floats({4, 65}, -20, 20)), indices({4}, 0, 64)}});
    cases.push_back({"cross-entropy", attributes, {floats({3, 4}), indices({3}, -1, -1)}});
    cases.push_back({"cross-entropy", attributes, {floats({3, 1}), indices({3}, 0, 0)}});
  }
  for (const char* attributes : {R"({"chunk_rows": 2})", R"({"smoothing": 0.1, "chunk_rows": 3})", R"({"chunk_rows": 100})"}) {
    cases.push_back({"linear-cross-entropy", attributes, {floats({5, 4}), floats({7, 4}), indices({5}, 0, 6)}});
    cases.push_back({"linear-cross-entropy", attributes, {floats({2, 3, 5}), floats({4, 5}), indices({2, 3}, -1, 3)}});
    cases.push_back({"linear-cross-entropy", attributes, {permuted(floats({4, 5})), permuted(floats({6, 5})), indices({4}, -2, 5)}});
    cases.push_back({"linear-cross-entropy", attributes, {floats({3, 4}), floats({2, 4}), indices({3}, -1, -1)}});
  }
  cases.push_back({"mse-loss", "{}", {floats({3, 5}), floats({3, 5})}});
  cases.push_back({"mse-loss", "{}", {permuted(floats({2, 3, 4})), fixed(floats({2, 3, 4}))}});
}

void add_attention_blocks(std::vector<OpCase>& cases) {
  const auto add = [&cases](const char* attributes, std::vector<CaseInput> inputs, bool large = false) {
    cases.push_back({"attention-blocks", attributes, std::move(inputs)});
    cases.back().large = large;
  };
  add("{}", {floats({2, 2, 3, 4}), floats({2, 2, 5, 4}), floats({2, 2, 5, 4})});
  add(R"({"causal": true, "local": 1})", {floats({1, 2, 70, 2}), floats({1, 1, 133, 2}), sliced(floats({1, 1, 133, 2}))});
  add(R"({"local": 0, "stride": 2})", {permuted(floats({1, 1, 66, 3})), floats({1, 1, 140, 3}), floats({1, 1, 140, 3}), mask({1, 140})});
  add(R"({"local": 0})", {floats({1, 1, 5, 2}), floats({1, 1, 70, 2}), floats({1, 1, 70, 2})});  // sees nothing
  add(R"({"local": 0, "stride": 1, "dropout": 0.3, "key": 4, "soft_cap": 2})",
      {floats({1, 2, 4, 3}), floats({1, 2, 65, 3}), floats({1, 2, 65, 3})});
  add("{}", {floats({0, 2, 3, 4}), floats({0, 2, 5, 4}), floats({0, 2, 5, 4})});
  add(R"({"causal": true, "local": 2, "stride": 3})", {floats({2, 4, 330, 24}), floats({2, 2, 330, 24}), floats({2, 2, 330, 24})}, true);
  add(R"({"causal": true, "window": 150, "local": 1, "stride": 2})",
      {floats({1, 2, 200, 64}), floats({1, 2, 300, 64}), floats({1, 2, 300, 64})}, true);
}

void add_fp8(std::vector<OpCase>& cases) {
  const auto add = [&cases](const char* attributes, std::vector<CaseInput> inputs, bool large = false) {
    cases.push_back({"linear-fp8", attributes, std::move(inputs)});
    cases.back().large = large;
    cases.back().straight_through = true;
  };
  add("{}", {floats({3, 5}), floats({4, 5})});
  add("{}", {floats({2, 3, 6}), floats({1, 6}), floats({1})});
  add("{}", {fixed(floats({7, 1})), floats({3, 1}), floats({3})});
  add("{}", {floats({0, 4}), floats({3, 4})});
  add("{}", {floats({5, 0}), floats({3, 0}), floats({3})});
  add(R"({"gradient": "e5m2"})", {permuted(floats({3, 130})), fixed(floats({2, 130})), floats({2})});
  add(R"({"power_of_two": true})", {sliced(floats({130, 3}, -500, 500)), permuted(floats({5, 3}, -1e-3, 1e-3)), floats({5})});
  add("{}", {floats({150, 270}), floats({140, 270}), floats({140})}, true);
  add(R"({"gradient": "e5m2", "power_of_two": true})", {sliced(floats({2, 66, 129})), floats({257, 129})}, true);
}

/// Rows that reach what small ones do not: blocks, vectors, threads, and their ragged ends.
void add_large(std::vector<OpCase>& cases) {
  const auto add = [&cases](const char* op, const char* attributes, std::vector<CaseInput> inputs) {
    cases.push_back({op, attributes, std::move(inputs)});
    cases.back().large = true;
  };
  add("add", "{}", {floats({67, 1031}), floats({1031})});
  add("mul", "{}", {permuted(floats({129, 257})), floats({129, 257})});
  add("gelu-tanh", "{}", {floats({65, 1027})});
  add("relu", "{}", {sliced(floats({65, 1027}))});
  add("swiglu", "{}", {sliced(floats({70, 517})), sliced(floats({70, 517}))});
  add("dropout", R"({"p": 0.3, "key": 5})", {floats({257, 131})});
  add("concat", R"({"axis": 1})", {floats({130, 70}), floats({130, 61})});
  add("contiguous", "{}", {permuted(floats({64, 65, 17}))});
  add("sum", R"({"axes": [0]})", {floats({513, 130})});
  add("sum", R"({"axes": [-1]})", {floats({130, 513})});
  add("mean", "{}", {floats({130, 513})});
  add("max", R"({"axes": [1]})", {floats({17, 130, 65})});
  add("argmax", "{}", {fixed(floats({130, 257}))});
  add("matmul", "{}", {floats({130, 67}), floats({67, 193})});
  add("matmul", "{}", {permuted(floats({129, 128})), permuted(floats({128, 65}))});
  add("matmul", "{}", {floats({8, 33, 64}), permuted(floats({8, 64, 33}))});
  add("linear", "{}", {floats({8, 64, 128}), floats({384, 128}), floats({384})});
  add("linear", "{}", {sliced(floats({33, 65})), floats({129, 65}), floats({129})});
  add("softmax", "{}", {floats({129, 257}, -8, 8)});
  add("log-softmax", "{}", {floats({129, 257}, -8, 8)});
  add("layer-norm", "{}", {floats({129, 257}), floats({257}), floats({257})});
  add("rms-norm", "{}", {floats({129, 257}), floats({257})});
  add("batch-norm", R"({"training": true})",
      {floats({16, 19, 9, 9}), floats({19}), floats({19}), fixed(floats({19})), fixed(floats({19}, 0.5, 2))});
  add("embedding", "{}", {floats({65, 131}), indices({16, 64}, 0, 64)});
  add("attention", R"({"causal": true})",
      {permuted(floats({3, 4, 65, 32})), permuted(floats({3, 4, 65, 32})), permuted(floats({3, 4, 65, 32}))});
  add("attention", "{}", {floats({2, 4, 70, 16}), floats({2, 2, 129, 16}), floats({2, 2, 129, 16}), mask({2, 129})});
  add("attention", R"({"causal": true, "dropout": 0.2, "key": 3})",
      {permuted(floats({3, 4, 131, 32})), permuted(floats({3, 2, 131, 32})), permuted(floats({3, 2, 131, 32}))});
  add("rope", "{}", {floats({4, 4, 65, 32}), indices({65}, 0, 1000)});
  add("cross-entropy", R"({"smoothing": 0.05})", {floats({513, 65}, -6, 6), indices({513}, -1, 64)});
  add("linear-cross-entropy", R"({"smoothing": 0.05, "chunk_rows": 200})", {floats({513, 48}), floats({305, 48}), indices({513}, -1, 304)});
  add("conv2d", R"({"pad_h": 1, "pad_w": 1})", {floats({8, 16, 14, 14}), floats({32, 16, 3, 3}), floats({32})});
  add("conv2d", R"({"stride_h": 2, "stride_w": 2, "pad_h": 1, "pad_w": 1})",
      {floats({5, 17, 15, 13}), floats({33, 17, 3, 3}), floats({33})});
  add("conv2d", R"({"groups": 16, "pad_h": 2, "pad_w": 2})", {floats({4, 16, 12, 12}), floats({16, 1, 5, 5})});
  add("max-pool2d", "{}", {floats({8, 16, 28, 28})});
  add("avg-pool2d", R"({"kernel_h": 3, "kernel_w": 3, "pad_h": 1, "pad_w": 1})", {floats({8, 16, 27, 28})});
  add("global-avg-pool2d", "{}", {floats({16, 64, 8, 8})});
}

Tensor as_dtype(const Tensor& x, DType dtype) { return x.dtype() == dtype ? x : to_dtype_copy(x, dtype); }

std::vector<int> reversed_axes(int rank) {
  std::vector<int> axes(static_cast<std::size_t>(rank));
  std::iota(axes.rbegin(), axes.rend(), 0);
  return axes;
}

}  // namespace

std::string OpCase::label() const {
  static const char* const names[] = {"", " permuted", " sliced", " repeated"};
  std::string text = op + (attributes == "{}" ? "" : " " + attributes) + ":";
  for (const CaseInput& input : inputs) text += " " + input.shape.text() + names[static_cast<int>(input.layout)];
  return text;
}

const std::vector<OpCase>& op_cases() {
  static const std::vector<OpCase> cases = [] {
    std::vector<OpCase> all;
    add_elementwise(all);
    add_rearrangements(all);
    add_reductions(all);
    add_products(all);
    add_attention_blocks(all);
    add_fp8(all);
    add_norms(all);
    add_pictures(all);
    add_language(all);
    add_large(all);
    return all;
  }();
  return cases;
}

const std::vector<DeviceRow>& device_rows() {
  static const std::vector<DeviceRow> rows = {
      {"reference-float32", [] { return make_reference_device(); }, DType::F32, 1e-10},
      {"cpu-1-thread", [] { return make_cpu_device(1); }, DType::F32, 1e-10},
      {"cpu-3-threads", [] { return make_cpu_device(3); }, DType::F32, 1e-10},
      {"cpu-bfloat16", [] { return make_cpu_device(2); }, DType::BF16, 1e-5},
      {"cpu-float16", [] { return make_cpu_device(2); }, DType::F16, 1e-5},
      {"cuda-float32", make_cuda_device_under_test, DType::F32, 1e-10},
      {"cuda-bfloat16", make_cuda_device_under_test, DType::BF16, 1e-5},
  };
  return rows;
}

const Catalog& op_catalog() {
  static const std::unique_ptr<const Catalog> catalog = [] {
    auto made = std::make_unique<Catalog>();
    register_ops(*made);
    made->freeze();
    return made;
  }();
  return *catalog;
}

std::unique_ptr<OpInfo> make_op(const OpCase& op_case) {
  const auto entry = op_catalog().ops.get(op_case.op);
  if (!entry) throw entry.error();
  const Json attributes = Json::parse(op_case.attributes);
  const std::vector<Problem> problems = check_params((*entry)->schema, attributes);
  if (!problems.empty()) throw Error(ErrorCode::InvalidArgument, problems.front().sentence());
  auto made = (*entry)->make(with_defaults((*entry)->schema, attributes));
  if (!made) throw made.error();
  return std::move(*made);
}

std::vector<double> input_values(const OpCase& op_case, std::size_t index) {
  const CaseInput& input = op_case.inputs[index];
  Rng rng(index, op_case.label());
  std::vector<double> values(static_cast<std::size_t>(input.shape.elements()));
  for (double& value : values) {
    do {
      const double uniform = rng.uniform();
      switch (input.kind) {
        case Kind::Float:
          value = static_cast<float>(input.low + (input.high - input.low) * uniform);
          break;
        case Kind::Index:
          value = input.low + std::floor(uniform * (input.high - input.low + 1));
          break;
        case Kind::Bool:
          value = uniform < 0.75;
          break;
      }
    } while (input.kind == Kind::Float && std::fabs(value) < op_case.off_kink);
  }
  if (input.layout == Layout::Repeated) {
    const auto row = values.size() / static_cast<std::size_t>(input.shape[0]);
    for (std::size_t i = row; i < values.size(); ++i) values[i] = values[i - row];
  }
  return values;
}

Tensor tensor_in_layout(const std::vector<double>& values, const Shape& shape, Layout layout, DType dtype, Device& device) {
  // The reference device converts on the host, so that a device under test need not know float64.
  static const std::unique_ptr<Device> host = make_reference_device();
  const auto place = [&](const Tensor& x) { return to_device_copy(as_dtype(x, dtype), device); };
  const Tensor x = from_host(values, shape, *host);
  if (shape.rank() == 0 || layout == Layout::Contiguous) return place(x);
  if (layout == Layout::Permuted) return place(x.view_permute(reversed_axes(shape.rank()))).view_permute(reversed_axes(shape.rank()));
  if (layout == Layout::Repeated) return place(x.view_slice(0, 0, 1)).view_expand(shape);
  Shape wide = shape;  // Sliced: two more at the end of the last axis, one before it and one more on the first
  wide[-1] += 3;
  if (shape.rank() > 1) wide[0] += 1;
  const Tensor padded = full(wide, 99, DType::F64, *host);
  const auto inner = [&shape](const Tensor& t) {
    const Tensor rows = shape.rank() > 1 ? t.view_slice(0, 1, 1 + shape[0]) : t;
    return rows.view_slice(-1, 1, 1 + shape[-1]);
  };
  copy_into(x, inner(padded));
  return inner(place(padded));
}

Tensor make_input(const OpCase& op_case, std::size_t index, DType dtype, Device& device) {
  const CaseInput& input = op_case.inputs[index];
  const DType kind_dtype = input.kind == Kind::Float ? dtype : input.kind == Kind::Index ? DType::I32 : DType::U8;
  Tensor x = tensor_in_layout(input_values(op_case, index), input.shape, input.layout, kind_dtype, device);
  if (input.kind == Kind::Float && input.gradient) x.set_requires_grad(true);
  return x;
}

std::vector<Tensor> make_inputs(const OpCase& op_case, DType dtype, Device& device) {
  std::vector<Tensor> inputs;
  const std::vector<std::size_t> wide = make_op(op_case)->wide_inputs;
  for (std::size_t i = 0; i < op_case.inputs.size(); ++i)
    inputs.push_back(make_input(op_case, i, std::count(wide.begin(), wide.end(), i) > 0 ? wide_dtype(dtype) : dtype, device));
  return inputs;
}

Tensor make_seed(const Shape& shape, bool permuted_layout, DType dtype, Device& device) {
  Rng rng(7, shape.text());
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (double& value : values) value = static_cast<float>(rng.uniform() * 2 - 1);
  return tensor_in_layout(values, shape, permuted_layout ? Layout::Permuted : Layout::Contiguous, dtype, device);
}

double relative_square_error(const std::vector<double>& truth, const std::vector<double>& value) {
  if (truth.size() != value.size()) return std::numeric_limits<double>::infinity();
  double error = 0, square = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (std::isnan(truth[i]) && std::isnan(value[i])) continue;
    if (truth[i] == value[i]) {  // also equal infinities
      if (std::isfinite(truth[i])) square += truth[i] * truth[i];
      continue;
    }
    if (!std::isfinite(truth[i]) || !std::isfinite(value[i])) return std::numeric_limits<double>::infinity();
    error += (truth[i] - value[i]) * (truth[i] - value[i]);
    square += truth[i] * truth[i];
  }
  return error == 0 ? 0 : error / square;
}

}  // namespace dsw::test
