// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/nn/layer_type.h"
#include "engine/nn/layers/activation.h"
#include "engine/nn/layers/cell_layers.h"
#include "engine/nn/layers/conv.h"
#include "engine/nn/layers/joins.h"
#include "engine/nn/layers/linear.h"
#include "engine/nn/layers/norms.h"
#include "engine/nn/layers/transformer.h"

namespace dsw {
namespace {

using Shapes = std::vector<Shape>;
using Make = std::function<std::unique_ptr<Module>(const Shapes&, const InputSpec&)>;

/// `describe` gives kind, title and maker for settings with defaults.
void add(Catalog& catalog, const char* name, const char* summary, ParamSchema schema, std::function<LayerType(const Json&)> describe) {
  schema.summary = summary;
  catalog.layers.add(
      {name, summary, std::move(schema), [describe = std::move(describe)](const Json& settings) -> Result<std::unique_ptr<LayerType>> {
         return std::make_unique<LayerType>(describe(settings));
       }});
}

/// Most layers work on each channel alone or sum over channels, so missing ones do no harm.
LayerType layer(const char* kind, std::string title, Make make) {
  return {kind, std::move(title), 1, 1, false, false, std::move(make), Narrowing::Follows, ""};
}
/// It mixes channels in a way that depends on their number.
LayerType of_one_width(LayerType type, const char* wish = "") {
  type.narrowing = Narrowing::Refused;
  type.narrowing_wish = wish;
  return type;
}
LayerType masked(LayerType type) {
  type.narrowing = Narrowing::Masked;
  return type;
}

std::int64_t last_axis(const char* what, const Shape& shape) {
  if (shape.rank() < 2)
    throw Error(ErrorCode::ShapeMismatch, fmt::format("{} wants a batch and a last axis, but its input is {}", what, shape.text()));
  return shape[-1];
}

std::int64_t channels_of(const char* what, const Shape& shape) {
  if (shape.rank() != 4)
    throw Error(ErrorCode::ShapeMismatch, fmt::format("{} wants images [B, C, H, W], but its input is {}", what, shape.text()));
  return shape[1];
}

std::int64_t token_width(const char* what, const Shape& shape) {
  if (shape.rank() != 3) throw Error(ErrorCode::ShapeMismatch, fmt::format("{} wants [B, T, C], but its input is {}", what, shape.text()));
  return shape[2];
}

Param count(const char* name, const char* label, std::optional<long long> def, double low, double high, const char* help) {
  return int_param(name, label, def, low, high, help);
}

void add_simple(Catalog& catalog) {
  add(catalog, "linear", "y = x W^T + b over the last axis.",
      {required(count("out", "Outputs", std::nullopt, 1, 65536, "Width of the result.")),
       bool_param("bias", "Bias", true, "Adds a learned number to each output.")},
      [](const Json& s) {
        const std::int64_t out = s.at("out");
        return layer("linear", fmt::format("linear, {}", out), [out, bias = s.at("bias").get<bool>()](const Shapes& x, const InputSpec&) {
          return std::make_unique<Linear>(last_axis("linear", x[0]), out, bias);
        });
      });
  add(catalog, "logits", "A linear layer with as many outputs as the data has classes or symbols.",
      {bool_param("bias", "Bias", true, "Adds a learned number to each output.")}, [](const Json& s) {
        return layer("output", "logits", [bias = s.at("bias").get<bool>()](const Shapes& x, const InputSpec& input) {
          return output_layer(std::make_unique<Linear>(last_axis("logits", x[0]), input.classes, bias));
        });
      });
  add(catalog, "layernorm", "Normalises the last axis to mean 0 and variance 1, then scales and shifts.", {}, [](const Json&) {
    return masked(layer("norm", "layernorm",
                        [](const Shapes& x, const InputSpec&) { return std::make_unique<LayerNorm>(last_axis("layernorm", x[0]), true); }));
  });
  add(catalog, "rmsnorm", "Divides the last axis by its root mean square, then scales.", {}, [](const Json&) {
    return masked(
        layer("norm", "rmsnorm", [](const Shapes& x, const InputSpec&) { return std::make_unique<RmsNorm>(last_axis("rmsnorm", x[0])); }));
  });
  add(catalog, "activation", "An elementwise function.",
      {choice_param("function", "Function", "relu", activation_names(), "gelu is the tanh form, gelu-erf the exact one.")},
      [](const Json& s) {
        const std::string function = s.at("function");
        return layer("activation", function,
                     [function](const Shapes&, const InputSpec&) { return std::make_unique<Activation>(activation_from_name(function)); });
      });
  add(catalog, "dropout", "Sets a share of the numbers to zero while training.",
      {float_param("p", "Share", 0.1, 0, 0.95, "Share of numbers set to zero.")}, [](const Json& s) {
        const double p = s.at("p");
        return layer("dropout", fmt::format("dropout {:g}", p),
                     [p](const Shapes&, const InputSpec&) { return std::make_unique<Dropout>(p); });
      });
  add(catalog, "flatten", "Joins all axes but the batch.", {},
      [](const Json&) { return layer("flatten", "flatten", [](const Shapes&, const InputSpec&) { return std::make_unique<Flatten>(); }); });
}

void add_pool(Catalog& catalog, const char* name, const char* summary, Pool2d::Kind kind) {
  Param stride = count("stride", "Stride", std::nullopt, 1, 64, "Step of the window. Default: its side.");
  add(catalog, name, summary,
      {count("kernel", "Kernel", 2, 1, 64, "Side of the window."), stride,
       count("padding", "Padding", 0, 0, 32, "Empty pixels around the picture.")},
      [kind](const Json& s) {
        const std::int64_t kernel = s.at("kernel"), step = s.value("stride", kernel), padding = s.at("padding");
        return layer("pool", fmt::format("{} pool {}×{}", kind == Pool2d::Kind::Max ? "max" : "average", kernel, kernel),
                     [=](const Shapes&, const InputSpec&) {
                       if (2 * padding > kernel)
                         throw Error(
                             ErrorCode::ShapeMismatch,
                             fmt::format("a pool with a window of {} can be padded by {} at most, not by {}", kernel, kernel / 2, padding));
                       return std::make_unique<Pool2d>(kind, kernel, step, padding);
                     });
      });
}

void add_pictures(Catalog& catalog) {
  add(catalog, "conv2d", "Convolution of pictures.",
      {required(count("out", "Channels", std::nullopt, 1, 8192, "Output channels.")),
       count("kernel", "Kernel", 3, 1, 31, "Side of the window."), count("stride", "Stride", 1, 1, 16, "Step of the window."),
       count("padding", "Padding", std::nullopt, 0, 16, "Empty pixels around the picture. Default: half the kernel."),
       count("groups", "Groups", 1, 1, 8192, "Channels are split into so many groups that do not mix."),
       bool_param("bias", "Bias", true, "Adds a learned number to each channel.")},
      [](const Json& s) {
        Conv2dConfig config;
        config.out = s.at("out");
        config.kernel = s.at("kernel");
        config.stride = s.at("stride");
        config.padding = s.value("padding", config.kernel / 2);
        config.groups = s.at("groups");
        config.bias = s.at("bias");
        LayerType type = layer("conv", fmt::format("conv {0}×{0}", config.kernel), [config](const Shapes& x, const InputSpec&) {
          Conv2dConfig whole = config;
          whole.in = channels_of("conv2d", x[0]);
          if (whole.in % whole.groups != 0 || whole.out % whole.groups != 0) {
            throw Error(ErrorCode::ShapeMismatch, fmt::format("conv2d has {} groups, which must divide its {} input and {} output channels",
                                                              whole.groups, whole.in, whole.out));
          }
          return std::make_unique<Conv2d>(whole);
        });
        return config.groups == 1 ? type : of_one_width(std::move(type), "groups has to be 1");
      });
  add(catalog, "batchnorm2d", "Normalises each channel of pictures over the batch.", {}, [](const Json&) {
    return layer("norm", "batchnorm",
                 [](const Shapes& x, const InputSpec&) { return std::make_unique<BatchNorm2d>(channels_of("batchnorm2d", x[0])); });
  });
  add_pool(catalog, "maxpool2d", "Largest number of each window.", Pool2d::Kind::Max);
  add_pool(catalog, "avgpool2d", "Mean of each window.", Pool2d::Kind::Average);
  add(catalog, "global-average-pool", "Mean of each channel: one number a channel is left.", {}, [](const Json&) {
    return layer("pool", "global average", [](const Shapes&, const InputSpec&) { return std::make_unique<GlobalAveragePool>(); });
  });
}

/// What cell searches choose from.
void add_cell_layers(Catalog& catalog) {
  const Param stride = count("stride", "Stride", 1, 1, 16, "Of pictures: every so many rows and columns.");
  add(catalog, "identity", "Passes its input on; with a stride of 2 through two shifted 1 × 1 convolutions, as DARTS does.",
      {count("stride", "Stride", 1, 1, 2, "2 halves the sides of a picture.")}, [](const Json& s) {
        const LayerType type =
            layer("identity", "skip",
                  [stride = s.at("stride").get<std::int64_t>()](const Shapes& x, const InputSpec&) -> std::unique_ptr<Module> {
                    if (stride == 1) return std::make_unique<Identity>();
                    return std::make_unique<FactorizedReduce>(channels_of("identity with a stride", x[0]));
                  });
        return s.at("stride") == 1 ? type : of_one_width(type, "stride has to be 1");
      });
  add(catalog, "zero", "Gives zeros: no connection.", {stride}, [](const Json& s) {
    return layer("zero", "none",
                 [stride = s.at("stride").get<std::int64_t>()](const Shapes&, const InputSpec&) { return std::make_unique<Zero>(stride); });
  });
  const auto conv = [&](const char* name, const char* title, const char* summary, auto maker, Narrowing narrowing) {
    add(catalog, name, summary,
        {count("out", "Channels", std::nullopt, 1, 8192, "Output channels. Default: those of the input."),
         count("kernel", "Kernel", 3, 1, 31, "Side of the window, odd."), stride,
         count("dilation", "Dilation", 1, 1, 16, "Distance of the window's pixels.")},
        [=](const Json& s) {
          const std::int64_t kernel = s.at("kernel");
          LayerType type = layer("conv", fmt::format("{0} {1}×{1}", title, kernel),
                                 [=, stride = s.at("stride").get<std::int64_t>(), dilation = s.at("dilation").get<std::int64_t>(),
                                  out = s.value("out", std::int64_t{0})](const Shapes& x, const InputSpec&) {
                                   if (kernel % 2 == 0)
                                     throw Error(ErrorCode::ShapeMismatch, fmt::format("{} wants an odd kernel, not {}", name, kernel));
                                   const std::int64_t in = channels_of(name, x[0]);
                                   return maker(CellConv{in, out > 0 ? out : in, kernel, stride, dilation});
                                 });
          return narrowing == Narrowing::Follows ? type : of_one_width(std::move(type), "dilated-conv can");
        });
  };
  conv("relu-conv-bn", "relu conv bn", "relu, convolution without bias, batchnorm.", relu_conv_bn, Narrowing::Follows);
  conv("separable-conv", "separable", "Twice: relu, a convolution of each channel alone, one of 1 × 1, batchnorm.", separable_conv,
       Narrowing::Refused);  // the batchnorm between its two halves
  conv("dilated-conv", "dilated", "relu, a convolution of each channel alone, one of 1 × 1, batchnorm.", dilated_conv, Narrowing::Follows);
}

TransformerConfig block_config(const Json& s, std::int64_t width, const InputSpec& input) {
  TransformerConfig config;
  config.width = width;
  config.heads = s.value("heads", std::int64_t{1});
  config.kv_heads = s.value("kv_heads", config.heads);
  config.head_width = s.value("head_width", std::int64_t{0});
  config.window = s.value("window", std::int64_t{0});
  if (s.contains("pattern"))
    config.pattern = std::make_shared<const AttentionPattern>(AttentionPattern{s["pattern"].at("begin").get<std::vector<std::int32_t>>(),
                                                                               s["pattern"].at("block").get<std::vector<std::int32_t>>()});
  if ((config.head_width == 0 && width % config.heads != 0) || config.heads % config.kv_heads != 0) {
    throw Error(ErrorCode::ShapeMismatch, fmt::format("{} heads do not divide the width {}, or {} key heads do not divide the heads",
                                                      config.heads, width, config.kv_heads));
  }
  config.rotary = s.value("rotary", false);
  const std::int64_t head_width = config.head_width > 0 ? config.head_width : width / config.heads;
  if (config.rotary && head_width % 2 != 0)
    throw Error(ErrorCode::ShapeMismatch, fmt::format("rotary positions want heads of an even width, not {}", head_width));
  config.causal = s.value("causal", input.kind == InputSpec::Kind::Tokens);
  config.hidden = s.value("hidden", 4 * width);
  const std::string activation = s.value("activation", std::string("gelu"));
  config.swiglu = activation == "swiglu";
  if (!config.swiglu) config.activation = activation_from_name(activation);
  config.rms_norm = s.value("norm", std::string("layernorm")) == "rmsnorm";
  return config;
}

void add_language(Catalog& catalog) {
  const Param heads = count("heads", "Heads", 4, 1, 256, "Attention heads; they share the width.");
  const Param kv_heads = count("kv_heads", "Key and value heads", std::nullopt, 1, 256, "Fewer than heads: grouped-query attention.");
  Param causal = bool_param("causal", "Causal", true, "A token sees only those before it. Default: yes for language models, no otherwise.");
  causal.default_text.clear();
  const Param rotary = bool_param("rotary", "Rotary positions", false, "Queries and keys are turned by their place.");
  const Param hidden =
      count("hidden", "Hidden width", std::nullopt, 1, 131072, "Width between the two layers. Default: four times the width.");
  const Param activation = choice_param("activation", "Activation", "gelu", {"gelu", "gelu-erf", "relu", "silu", "swiglu"},
                                        "Between the two layers; swiglu adds a gate.");
  const Param norm = choice_param("norm", "Norm", "layernorm", {"layernorm", "rmsnorm"}, "Before attention and before the mlp.");

  add(catalog, "embedding", "A learned vector for each token id.",
      {required(count("width", "Width", std::nullopt, 1, 65536, "Numbers a token."))}, [](const Json& s) {
        const std::int64_t width = s.at("width");
        LayerType type = layer("embedding", fmt::format("token embed, {}", width), [width](const Shapes&, const InputSpec& input) {
          return std::make_unique<Embedding>(input.vocabulary, width, 0.02);
        });
        type.wants_ids = true;
        return type;
      });
  add(catalog, "positions", "Adds a learned vector for each place.", {}, [](const Json&) {
    return layer("embedding", "position", [](const Shapes& x, const InputSpec&) {
      const std::int64_t width = token_width("positions", x[0]);
      return std::make_unique<Positions>(x[0][1], width);
    });
  });
  const Param number = int_param("", "Number", std::nullopt, 0, 1e6, "");
  Param pattern =
      object_param("pattern", "Pattern",
                   {required(list_param("begin", "Begin", "", number, "Of each row of 64 queries, where its blocks begin; and the end.")),
                    required(list_param("block", "Blocks", "", number, "Numbers of the blocks of 64 keys that a row sees."))},
                   "Fixed blocks of 64 × 64, in compressed sparse rows.");
  pattern.default_text.clear();
  add(catalog, "attention", "Multi-head self-attention over tokens. A second input, the token ids, leaves padding out.",
      {heads, kv_heads, count("head_width", "Width of a head", std::nullopt, 1, 4096, "Default: the width divided by the heads."), causal,
       rotary,
       count("window", "Window", std::nullopt, 1, 1e6,
             "Causal: a token sees the last ones; otherwise those of its stretch of so many tokens."),
       pattern},
      [](const Json& s) {
        std::string title = fmt::format("attention, {} heads", s.at("heads").get<int>());
        if (s.contains("window")) title = fmt::format("window {}, {} heads", s["window"].get<int>(), s.at("heads").get<int>());
        if (s.contains("pattern")) title = fmt::format("blocks, {} heads", s.at("heads").get<int>());
        LayerType type = layer("attention", title, [s](const Shapes& x, const InputSpec& input) {
          return std::make_unique<SelfAttention>(block_config(s, token_width("attention", x[0]), input));
        });
        type.most_inputs = 2;
        type.masks = true;
        return s.contains("head_width") ? type : of_one_width(std::move(type), "head_width has to be given");
      });
  add(catalog, "token-conv", "Mixes neighbouring tokens: a convolution of each channel, then a linear layer.",
      {count("kernel", "Kernel", 5, 1, 1024, "Tokens that it sees; odd where it is not causal."), causal}, [](const Json& s) {
        const std::int64_t kernel = s.at("kernel");
        return masked(layer("conv", fmt::format("conv, k = {}", kernel), [s, kernel](const Shapes& x, const InputSpec& input) {
          const bool before = s.value("causal", input.kind == InputSpec::Kind::Tokens);
          if (!before && kernel % 2 == 0)
            throw Error(ErrorCode::ShapeMismatch, fmt::format("token-conv looks both ways and wants an odd kernel, not {}", kernel));
          return std::make_unique<TokenConv>(token_width("token-conv", x[0]), kernel, before);
        }));
      });
  add(catalog, "mlp", "Two linear layers with an activation between, over the last axis.", {hidden, activation}, [](const Json& s) {
    LayerType type = layer("mlp", "mlp, " + s.at("activation").get<std::string>(), [s](const Shapes& x, const InputSpec& input) {
      return std::make_unique<MlpBlock>(block_config(s, last_axis("mlp", x[0]), input));
    });
    return s.contains("hidden") ? type : of_one_width(std::move(type), "hidden has to be given");
  });
  add(catalog, "transformer-block", "Pre-norm attention and mlp, each with its residual.",
      {heads, kv_heads, causal, rotary, hidden, activation, norm}, [](const Json& s) {
        LayerType type =
            layer("attention", fmt::format("block, {} heads", s.at("heads").get<int>()), [s](const Shapes& x, const InputSpec& input) {
              return std::make_unique<TransformerBlock>(block_config(s, token_width("transformer-block", x[0]), input));
            });
        return of_one_width(std::move(type), "a cell of norm, attention and mlp can");
      });
  add(catalog, "mean-tokens", "Mean over the tokens. A second input, the token ids, leaves padding out.", {}, [](const Json&) {
    LayerType type = layer("pool", "mean of tokens", [](const Shapes&, const InputSpec&) { return std::make_unique<MeanTokens>(); });
    type.most_inputs = 2;
    type.masks = true;
    return type;
  });
}

void add_joins(Catalog& catalog) {
  const auto join = [](const char* kind, const char* title, Make make) {
    return LayerType{kind, title, 2, 16, false, false, std::move(make), Narrowing::Follows, ""};
  };
  add(catalog, "add", "Sum of inputs of one shape.", {}, [join](const Json&) {
    return join("add", "+", [](const Shapes&, const InputSpec&) { return std::make_unique<Combine>(Combine::Kind::Sum); });
  });
  add(catalog, "multiply", "Product of inputs of one shape, element by element.", {}, [join](const Json&) {
    return join("add", "×", [](const Shapes&, const InputSpec&) { return std::make_unique<Combine>(Combine::Kind::Product); });
  });
  add(catalog, "concat", "Inputs after one another along an axis.",
      {int_param("axis", "Axis", 1, -1, 5, "1 are the channels of pictures, -1 is the last axis.")}, [join](const Json& s) {
        return of_one_width(join("concat", "concat", [axis = s.at("axis").get<int>()](const Shapes&, const InputSpec&) {
          return std::make_unique<Concat>(axis);
        }));
      });
}

}  // namespace

void register_layers(Catalog& catalog) {
  add_simple(catalog);
  add_pictures(catalog);
  add_cell_layers(catalog);
  add_language(catalog);
  add_joins(catalog);
}

}  // namespace dsw
