// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/lr_schedule.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"

namespace dsw {
namespace {

/// 1 at p = 0, `floor` at p = 1, along a half cosine.
double half_cosine(double floor, double p) { return floor + (1 - floor) * (1 + std::cos(3.14159265358979323846 * p)) / 2; }

double share(double part, double whole) { return whole <= 0 ? 1 : std::clamp(part / whole, 0.0, 1.0); }

class WarmedUp : public LrSchedule {
 public:
  explicit WarmedUp(const Json& settings) : warmup_(settings.at("warmup").get<std::int64_t>()) {}
  double factor(std::int64_t step, std::int64_t total) const final {
    if (step < warmup_) return static_cast<double>(step + 1) / static_cast<double>(warmup_ + 1);
    return after(share(static_cast<double>(step - warmup_), static_cast<double>(total - warmup_)),
                 share(static_cast<double>(step), static_cast<double>(total)));
  }

 private:
  /// @param p  share of the time after the warm-up   @param run  share of the whole run
  virtual double after(double p, double run) const = 0;
  std::int64_t warmup_;
};

class Constant : public WarmedUp {
 public:
  using WarmedUp::WarmedUp;

 private:
  double after(double, double) const override { return 1; }
};

class Linear : public WarmedUp {
 public:
  explicit Linear(const Json& settings) : WarmedUp(settings), floor_(settings.at("floor").get<double>()) {}

 private:
  double after(double p, double) const override { return 1 - (1 - floor_) * p; }
  double floor_;
};

class Cosine : public WarmedUp {
 public:
  explicit Cosine(const Json& settings) : WarmedUp(settings), floor_(settings.at("floor").get<double>()) {}

 private:
  double after(double p, double) const override { return half_cosine(floor_, p); }
  double floor_;
};

class Step : public WarmedUp {
 public:
  explicit Step(const Json& settings)
      : WarmedUp(settings), at_(settings.at("at").get<std::vector<double>>()), factor_(settings.at("factor").get<double>()) {}

 private:
  double after(double, double run) const override {
    return std::pow(factor_, static_cast<double>(std::count_if(at_.begin(), at_.end(), [run](double at) { return run >= at; })));
  }
  std::vector<double> at_;
  double factor_;
};

class OneCycle : public LrSchedule {
 public:
  explicit OneCycle(const Json& settings)
      : rise_(settings.at("rise").get<double>()), start_(settings.at("start").get<double>()), floor_(settings.at("floor").get<double>()) {}
  double factor(std::int64_t step, std::int64_t total) const override {
    const double run = share(static_cast<double>(step), static_cast<double>(total - 1));
    return run < rise_ ? half_cosine(start_, 1 - run / rise_) : half_cosine(floor_, share(run - rise_, 1 - rise_));
  }

 private:
  double rise_, start_, floor_;
};

Param warmup_param() { return int_param("warmup", "Warm-up", 0, 0, 1e9, "Steps over which the rate rises to its full value", "steps"); }
Param floor_param(double def) { return float_param("floor", "Floor", def, 0, 1, "Where the rate ends, as a share of its full value"); }

template <class T>
void add(Catalog& catalog, const char* name, const char* summary, ParamSchema schema) {
  schema.summary = summary;
  catalog.lr_schedules.add({name, summary, std::move(schema),
                            [](const Json& settings) -> Result<std::unique_ptr<LrSchedule>> { return std::make_unique<T>(settings); }});
}

}  // namespace

void register_lr_schedules(Catalog& catalog) {
  add<Constant>(catalog, "constant", "The full rate throughout", {warmup_param()});
  add<Linear>(catalog, "linear", "Falls evenly to the floor", {warmup_param(), floor_param(0)});
  add<Cosine>(catalog, "cosine", "Falls along a half cosine to the floor", {warmup_param(), floor_param(0.1)});
  add<Step>(catalog, "step", "Falls by a factor at given points of the run",
            {warmup_param(),
             list_param("at", "At", "[0.5, 0.75]", float_param("at", "At", std::nullopt, 0, 1, "Share of the run"),
                        "Shares of the run at which the rate falls"),
             float_param("factor", "Factor", 0.1, 0, 1, "The rate is multiplied by it each time")});
  add<OneCycle>(catalog, "one-cycle", "Rises to the full rate and falls to almost nothing",
                {float_param("rise", "Rise", 0.3, 0, 1, "Share of the run during which the rate rises"),
                 float_param("start", "Start", 0.04, 1e-9, 1, "Where the rate starts, as a share of its full value"), floor_param(4e-6)});
}

}  // namespace dsw
