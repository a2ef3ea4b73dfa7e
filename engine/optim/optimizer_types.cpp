// SPDX-License-Identifier: GPL-3.0-or-later
// The registered optimizers: AdamW and SGD.
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/optim/lr_schedule.h"
#include "engine/optim/optimizer.h"

namespace dsw {
namespace {

/// Adam with decoupled weight decay. With g the scaled gradient: m = β1 m + (1 - β1) g, v = β2 v + (1 - β2) g²,
/// w -= lr ((m / (1 - β1^t)) / (sqrt(v / (1 - β2^t)) + eps) + weight_decay w).   Source: Loshchilov & Hutter 2019, algorithm 2.
class AdamW : public Optimizer {
 public:
  explicit AdamW(const Json& s)
      : Optimizer(s.at("lr").get<double>(), {"m", "v"}),
        beta1_(s.at("beta1").get<double>()),
        beta2_(s.at("beta2").get<double>()),
        eps_(s.at("eps").get<double>()),
        weight_decay_(s.at("weight_decay").get<double>()) {}

 private:
  void update(std::span<const Update> updates, std::int64_t step, double lr, double grad_scale) override {
    Device& device = updates.front().gradient.device();
    const DswKernels& kernels = device.kernels();
    const auto t = static_cast<double>(step);
    DswAdamW settings{lr, beta1_, beta2_, eps_, weight_decay_, 1 - std::pow(beta1_, t), 1 - std::pow(beta2_, t), grad_scale};
    pieces_.clear();
    for (const Update& each : updates)
      pieces_.push_back({each.parameter->value.view(), each.gradient.view(), (*each.state)[0].view(), (*each.state)[1].view(),
                         each.parameter->decay ? 1 : 0});
    if (kernels.adamw_many) {
      const DswAdamWMany many{settings, pieces_.data(), static_cast<std::int64_t>(pieces_.size())};
      check_status(kernels.adamw_many(device.stream(), &many), "adamw_many", device);
      return;
    }
    for (const DswAdamWPiece& piece : pieces_) {
      settings.weight_decay = piece.decay != 0 ? weight_decay_ : 0;
      check_status(kernels.adamw(device.stream(), &settings, piece.w, piece.g, piece.m, piece.v), "adamw", device);
    }
  }

  std::vector<DswAdamWPiece> pieces_;  ///< of the running step; keeps its memory
  double beta1_, beta2_, eps_, weight_decay_;
};

/// With d = g + weight_decay w: b = momentum b + d, w -= lr b; Nesterov: w -= lr (d + momentum b).   Source: Sutskever et al. 2013.
class Sgd : public Optimizer {
 public:
  explicit Sgd(const Json& s)
      : Optimizer(s.at("lr").get<double>(),
                  s.at("momentum").get<double>() == 0 ? std::vector<const char*>{} : std::vector<const char*>{"momentum"}),
        momentum_(s.at("momentum").get<double>()),
        weight_decay_(s.at("weight_decay").get<double>()),
        nesterov_(s.at("nesterov").get<bool>()) {}

 private:
  void update(std::span<const Update> updates, std::int64_t, double lr, double grad_scale) override {
    Device& device = updates.front().gradient.device();
    for (const Update& each : updates) {
      const DswSgd settings{lr, momentum_, each.parameter->decay ? weight_decay_ : 0, 0, grad_scale, nesterov_ ? 1 : 0, 0};
      check_status(device.kernels().sgd(device.stream(), &settings, each.parameter->value.view(), each.gradient.view(),
                                        each.state->empty() ? DswView{} : each.state->front().view()),
                   "sgd", device);
    }
  }

  double momentum_, weight_decay_;
  bool nesterov_;
};

Param rate_param(double def) {
  Param p = float_param("lr", "Learning rate", def, 0, 1000, "Size of a step; the schedule multiplies it");
  p.log_scale = true;
  return p;
}

Param below_one(Param p) {
  p.high = 1 - 1e-9;
  return p;
}

template <class T>
void add(Catalog& catalog, const char* name, const char* summary, ParamSchema schema) {
  schema.summary = summary;
  catalog.optimizers.add({name, summary, std::move(schema),
                          [](const Json& settings) -> Result<std::unique_ptr<Optimizer>> { return std::make_unique<T>(settings); }});
}

}  // namespace

void register_optimizers(Catalog& catalog) {
  add<AdamW>(catalog, "adamw", "Adam with decoupled weight decay: a good first choice, for transformers in particular",
             {rate_param(1e-3), below_one(float_param("beta1", "β1", 0.9, 0, 1, "Decay of the gradient's running mean")),
              below_one(float_param("beta2", "β2", 0.999, 0, 1,
                                    "Decay of the running mean of its square; 0.95 to 0.99 suits small batches of text")),
              float_param("weight_decay", "Weight decay", 0.01, 0, 1000,
                          "Pull of matrices towards 0, relative to the learning rate; biases and norms are left out"),
              advanced(float_param("eps", "ε", 1e-8, 1e-300, 1, "Added to the root of the mean square"))});
  add<Sgd>(catalog, "sgd", "Stochastic gradient descent with momentum: the classic choice for convolutional networks",
           {rate_param(0.1), below_one(float_param("momentum", "Momentum", 0.9, 0, 1, "Share of the last step that goes on; 0: none")),
            bool_param("nesterov", "Nesterov", false, "Looks ahead along the momentum"),
            float_param("weight_decay", "Weight decay", 0, 0, 1000,
                        "Added to the gradient as a multiple of the weight; biases and norms are left out")});
  register_lr_schedules(catalog);
}

}  // namespace dsw
