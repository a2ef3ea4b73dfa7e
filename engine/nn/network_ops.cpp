// SPDX-License-Identifier: GPL-3.0-or-later
// Entries of Catalog::ops: products, norms, pictures, language, losses.
#include <algorithm>

#include "engine/nn/op_entry.h"
#include "engine/nn/ops/attention.h"
#include "engine/nn/ops/conv.h"
#include "engine/nn/ops/embedding.h"
#include "engine/nn/ops/fp8.h"
#include "engine/nn/ops/linear.h"
#include "engine/nn/ops/linear_cross_entropy.h"
#include "engine/nn/ops/loss.h"
#include "engine/nn/ops/matmul.h"
#include "engine/nn/ops/norm.h"
#include "engine/nn/ops/pool.h"
#include "engine/nn/ops/softmax.h"

namespace dsw {
namespace {

using op::Shapes;
using op::Tensors;

Shape same_shape(const Shapes& in) { return in[0]; }
Shape scalar(const Shapes&) { return {}; }

std::function<double(const Shapes&)> per_element(double flops) {
  return [flops](const Shapes& in) { return flops * op::count(in[0]); };
}

Param eps_param() { return advanced(float_param("eps", "ε", 1e-5, 1e-300, 1, "Added to the variance")); }

std::int32_t pixels(const Json& settings, const char* name) { return settings.at(name).get<std::int32_t>(); }

/// Of linear and of the products like it.
double linear_flops(const Shapes& in) {
  const double outputs = op::count(linear_shape(in[0], in[1]));
  return outputs * (2 * static_cast<double>(in[0][-1]) + (in.size() > 2 ? 1 : 0));
}

void add_products(Catalog& catalog) {
  op::add_entry(catalog, "matmul", "Product of matrices", {}, [](const Json&) {
    const auto flops = [](const Shapes& in) { return 2 * op::count(matmul_shape(in[0], in[1])) * static_cast<double>(in[0][-1]); };
    return OpInfo{2,
                  2,
                  [](const Shapes& in) { return matmul_shape(in[0], in[1]); },
                  flops,
                  [](const Tensors& in) { return matmul(in[0], in[1]); },
                  "MatMul"};
  });
  op::add_entry(catalog, "linear", "x weightᵀ + bias", {}, [](const Json&) {
    return OpInfo{2,
                  3,
                  [](const Shapes& in) { return linear_shape(in[0], in[1]); },
                  linear_flops,
                  [](const Tensors& in) { return linear(in[0], in[1], op::given(in, 2)); },
                  "MatMul + Add (Gemm for matrices)",
                  {2}};
  });
  op::add_entry(catalog, "linear-fp8", "x weightᵀ + bias with 8-bit factors, for training",
                {choice_param("gradient", "Gradient", "e4m3", {"e4m3", "e5m2"}, "8-bit format of the gradient that flows in"),
                 bool_param("power_of_two", "Powers of two", false, "Scales are powers of two")},
                [](const Json& settings) {
                  const Fp8Options options{settings.at("gradient").get<std::string>() == "e5m2" ? DType::E5M2 : DType::E4M3,
                                           settings.at("power_of_two").get<bool>()};
                  return OpInfo{2,
                                3,
                                [](const Shapes& in) { return linear_shape(in[0], in[1], "linear-fp8"); },
                                linear_flops,
                                [=](const Tensors& in) { return linear_fp8(in[0], in[1], op::given(in, 2), options); },
                                "none: exported models are not quantized, their weights go through linear",
                                {2}};
                });
}

void add_norms(Catalog& catalog) {
  op::add_entry(catalog, "softmax", "Exponentials of each row that sum to 1", {}, [](const Json&) {
    return OpInfo{1, 1, same_shape, per_element(5), [](const Tensors& in) { return softmax(in[0]); }, "Softmax (axis -1)"};
  });
  op::add_entry(catalog, "log-softmax", "Logarithm of the softmax", {}, [](const Json&) {
    return OpInfo{1, 1, same_shape, per_element(5), [](const Tensors& in) { return log_softmax(in[0]); }, "LogSoftmax (axis -1)"};
  });
  op::add_entry(catalog, "layer-norm", "Each row with mean 0 and variance 1, then weight and bias", {eps_param()},
                [](const Json& settings) {
                  const double eps = settings.at("eps").get<double>();
                  return OpInfo{1,
                                3,
                                same_shape,
                                per_element(8),
                                [=](const Tensors& in) { return layer_norm(in[0], op::given(in, 1), op::given(in, 2), eps); },
                                "LayerNormalization (axis -1)",
                                {1, 2}};
                });
  op::add_entry(catalog, "rms-norm", "Each row divided by its root mean square, then weight", {eps_param()}, [](const Json& settings) {
    const double eps = settings.at("eps").get<double>();
    return OpInfo{1,
                  2,
                  same_shape,
                  per_element(5),
                  [=](const Tensors& in) { return rms_norm(in[0], op::given(in, 1), eps); },
                  "Mul + ReduceMean + Sqrt + Div + Mul",
                  {1}};
  });
  op::add_entry(catalog, "batch-norm", "Each channel with mean 0 and variance 1 over the batch, then weight and bias",
                {bool_param("training", "Training", false, "Uses the batch's statistics and moves the running ones"),
                 float_param("momentum", "Momentum", 0.1, 0, 1, "Share of the batch in the running statistics"), eps_param()},
                [](const Json& settings) {
                  const bool training = settings.at("training").get<bool>();
                  const double momentum = settings.at("momentum").get<double>(), eps = settings.at("eps").get<double>();
                  return OpInfo{1,
                                5,
                                same_shape,
                                per_element(training ? 8 : 2),
                                [=](const Tensors& in) {
                                  return batch_norm(in[0], op::given(in, 1), op::given(in, 2), op::given(in, 3), op::given(in, 4), training,
                                                    momentum, eps);
                                },
                                "BatchNormalization",
                                {1, 2, 3, 4}};
                });
}

void add_pictures(Catalog& catalog) {
  ParamSchema conv;
  for (const char* name : {"stride_h", "stride_w", "dilation_h", "dilation_w", "groups"})
    conv.add(int_param(name, name, 1, 1, 1e6, "1: the usual"));
  for (const char* name : {"pad_h", "pad_w"}) conv.add(int_param(name, name, 0, 0, 1e6, "Zeros on each side", "pixels"));
  op::add_entry(catalog, "conv2d", "Convolution of pictures", std::move(conv), [](const Json& s) {
    const Conv2dOptions options{pixels(s, "stride_h"),   pixels(s, "stride_w"),   pixels(s, "pad_h"), pixels(s, "pad_w"),
                                pixels(s, "dilation_h"), pixels(s, "dilation_w"), pixels(s, "groups")};
    const auto flops = [=](const Shapes& in) {
      const double outputs = op::count(conv2d_shape(in[0], in[1], options)), reach = static_cast<double>(in[1][1] * in[1][2] * in[1][3]);
      return outputs * (2 * reach + (in.size() > 2 ? 1 : 0));
    };
    return OpInfo{2,
                  3,
                  [=](const Shapes& in) { return conv2d_shape(in[0], in[1], options); },
                  flops,
                  [=](const Tensors& in) { return conv2d(in[0], in[1], op::given(in, 2), options); },
                  "Conv",
                  {2}};
  });
  for (const bool average : {false, true}) {
    ParamSchema pool;
    for (const char* name : {"kernel_h", "kernel_w", "stride_h", "stride_w"})
      pool.add(int_param(name, name, 2, 1, 1e6, "Window and step", "pixels"));
    for (const char* name : {"pad_h", "pad_w"}) pool.add(int_param(name, name, 0, 0, 1e6, "On each side", "pixels"));
    op::add_entry(catalog, average ? "avg-pool2d" : "max-pool2d", average ? "Mean of each window" : "Largest element of each window",
                  std::move(pool), [average](const Json& s) {
                    const Pool2dOptions options{pixels(s, "kernel_h"), pixels(s, "kernel_w"), pixels(s, "stride_h"),
                                                pixels(s, "stride_w"), pixels(s, "pad_h"),    pixels(s, "pad_w")};
                    const auto flops = [=](const Shapes& in) {
                      return op::count(pool2d_shape(in[0], options)) * options.kernel_h * options.kernel_w;
                    };
                    return OpInfo{1,
                                  1,
                                  [=](const Shapes& in) { return pool2d_shape(in[0], options); },
                                  flops,
                                  [=](const Tensors& in) { return average ? avg_pool2d(in[0], options) : max_pool2d(in[0], options); },
                                  average ? "AveragePool (count_include_pad 0)" : "MaxPool"};
                  });
  }
  op::add_entry(catalog, "global-avg-pool2d", "Mean of each channel", {}, [](const Json&) {
    const auto shape = [](const Shapes& in) { return Shape{in[0][0], in[0][1]}; };
    return OpInfo{1, 1, shape, per_element(1), [](const Tensors& in) { return global_avg_pool2d(in[0]); }, "GlobalAveragePool + Flatten"};
  });
}

/// Pairs of query and key that attention looks at, for one head of one sequence.
double visible_pairs(std::int64_t queries, std::int64_t keys, const AttentionOptions& options) {
  double pairs = 0;
  for (std::int64_t t = 0; t < queries; ++t) {
    const std::int64_t last = options.causal ? std::min(keys, t + keys - queries + 1) : keys;
    pairs += static_cast<double>(std::max<std::int64_t>(0, options.window > 0 ? std::min<std::int64_t>(last, options.window) : last));
  }
  return pairs;
}

ParamSchema attention_params() {
  return {float_param("scale", "Scale", 0, 0, 1e6, "Factor of the scores; 0: 1 / root of the head width"),
          bool_param("causal", "Causal", false, "A query sees no later keys"),
          int_param("window", "Window", 0, 0, 1e9, "Newest keys that a query sees; 0: all", "tokens"),
          float_param("soft_cap", "Soft cap", 0, 0, 1e6, "Bound of the scores by tanh; 0: none"),
          float_param("dropout", "Dropout", 0, 0, 0.999999, "Share of the probabilities that becomes 0"),
          int_param("key", "Key", 0, 0, 9e15, "Decides which")};
}
AttentionOptions attention_options(const Json& s) {
  return {s.at("scale").get<double>(),    s.at("causal").get<bool>(),    s.at("window").get<std::int32_t>(),
          s.at("soft_cap").get<double>(), s.at("dropout").get<double>(), s.at("key").get<std::uint64_t>()};
}
/// Of all pairs that may see each other; lists leave some out.
double attention_flops(const Shapes& in, const AttentionOptions& options) {
  const Shape& q = in[0];
  return visible_pairs(q[2], in[1][2], options) * static_cast<double>(q[0] * q[1]) * (4 * static_cast<double>(q[3]) + 5);
}

void add_language(Catalog& catalog) {
  op::add_entry(catalog, "embedding", "Rows of a table", {}, [](const Json&) {
    const auto shape = [](const Shapes& in) {
      Shape result = in[1];
      result.push_back(in[0][1]);
      return result;
    };
    return OpInfo{
        2, 2, shape, [](const Shapes&) { return 0.0; }, [](const Tensors& in) { return embedding(in[0], in[1]); }, "Gather (axis 0)"};
  });
  op::add_entry(catalog, "attention", "Scaled dot-product attention", attention_params(), [](const Json& s) {
    const AttentionOptions options = attention_options(s);
    return OpInfo{3,
                  4,
                  same_shape,
                  [=](const Shapes& in) { return attention_flops(in, options); },
                  [=](const Tensors& in) { return attention(in[0], in[1], in[2], options, op::given(in, 3)); },
                  "MatMul + Mul + Softmax + MatMul (with Where for masks)"};
  });
  ParamSchema blocks = attention_params();
  blocks.add(int_param("local", "Local blocks", 1, 0, 1e9, "Of the blocks of 64 keys that a block of 64 queries may see: the last ones"));
  blocks.add(int_param("stride", "Stride", 0, 0, 1e9, "And every block whose number is a multiple of this; 0: none"));
  op::add_entry(catalog, "attention-blocks", "Attention within listed blocks of 64 keys", std::move(blocks), [](const Json& s) {
    const AttentionOptions options = attention_options(s);
    const std::int64_t local = s.at("local"), stride = s.at("stride");
    const auto compute = [=](const Tensors& in) {
      const BlockList list = strided_blocks(in[0].size(2), in[1].size(2), local, stride, options, in[0].device());
      return attention_blocks(in[0], in[1], in[2], list, options, op::given(in, 3));
    };
    return OpInfo{
        3, 4, same_shape, [=](const Shapes& in) { return attention_flops(in, options); }, compute, "none: its pattern is no ONNX operator"};
  });
  op::add_entry(catalog, "rope", "Rotary positions",
                {float_param("base", "Base", 10000, 1e-6, 1e12, "Longest wavelength / 2π"),
                 bool_param("interleaved", "Interleaved", false, "Pairs are neighbours, not halves")},
                [](const Json& s) {
                  const double base = s.at("base").get<double>();
                  const bool interleaved = s.at("interleaved").get<bool>();
                  return OpInfo{2,
                                2,
                                same_shape,
                                per_element(3),
                                [=](const Tensors& in) { return rope(in[0], in[1], base, interleaved); },
                                "Mul + Split + Neg + Concat + Mul + Add"};
                });
}

void add_losses(Catalog& catalog) {
  op::add_entry(catalog, "cross-entropy", "Mean negative log-probability of the targets",
                {float_param("smoothing", "Smoothing", 0, 0, 1, "Share of the target spread over all classes")}, [](const Json& s) {
                  const double smoothing = s.at("smoothing").get<double>();
                  return OpInfo{2,
                                2,
                                scalar,
                                per_element(5),
                                [=](const Tensors& in) { return cross_entropy(in[0], in[1], smoothing); },
                                "SoftmaxCrossEntropyLoss"};
                });
  op::add_entry(catalog, "linear-cross-entropy", "Cross entropy of a linear layer's outputs, some rows at a time",
                {float_param("smoothing", "Smoothing", 0, 0, 1, "Share of the target spread over all classes"),
                 int_param("chunk_rows", "Rows at a time", 1024, 1, 1e9, "How many rows of logits live at once", "rows")},
                [](const Json& s) {
                  const double smoothing = s.at("smoothing").get<double>();
                  const auto chunk_rows = s.at("chunk_rows").get<std::int64_t>();
                  return OpInfo{3,
                                3,
                                scalar,
                                [](const Shapes& in) {
                                  const double logits = static_cast<double>(in[2].elements() * in[1][0]);
                                  return logits * (2 * static_cast<double>(in[1][1]) + 5);
                                },
                                [=](const Tensors& in) { return linear_cross_entropy(in[0], in[1], in[2], smoothing, chunk_rows); },
                                "none: a network is exported without its loss"};
                });
  op::add_entry(catalog, "mse-loss", "Mean squared difference", {}, [](const Json&) {
    return OpInfo{2, 2, scalar, per_element(3), [](const Tensors& in) { return mse_loss(in[0], in[1]); }, "Sub + Mul + ReduceMean"};
  });
}

}  // namespace

void register_network_ops(Catalog& catalog) {
  add_products(catalog);
  add_norms(catalog);
  add_pictures(catalog);
  add_language(catalog);
  add_losses(catalog);
}

}  // namespace dsw
