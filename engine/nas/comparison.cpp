// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/nas/statistics.h"

namespace dsw {
namespace {

using RunKey = std::pair<std::string, std::int64_t>;
using ByRun = std::map<RunKey, TrainedArm>;

Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(); }

class Report {
 public:
  Report(const std::vector<TrainedArm>& trained, const std::vector<SearchCost>& searches, const ComparisonBars& bars) : bars_(bars) {
    for (const SearchCost& one : searches) search_flops_[{one.set, one.run}] = one.flops;
    for (const TrainedArm& one : trained) {
      if (one.arm.starts_with("c-")) {
        take_random(one);
      } else {
        arms_[one.arm][{one.set, one.run}] = one;
      }
    }
    std::string best;
    for (const auto& [name, runs] : arms_)
      if (name.starts_with("b-") && (best.empty() || better(mean_score(runs), mean_score(arms_[best])))) best = name;
    if (!best.empty()) arms_["b"] = arms_[best];
    shrunk_by_ = best.empty() ? "" : best.substr(2);
  }

  Json make(const Json& latencies) {
    Json report{{"arms", arms(latencies)}, {"score", bars_.loss ? "loss" : "accuracy"}};
    if (!has("a") || !has("d")) {
      report["verdict"] = "The comparison is not complete.";
      return report;
    }
    const double share = mean_flops(arms_["d"]) / mean_flops(arms_["a"]);
    report["saving"] = 1 - share;
    const MeanInterval against_a = difference("d", "a");
    const bool noninferior = against_a.lower > -bars_.margin;
    report["noninferior"] = {{"difference", against_a.mean},
                             {"lower", finite(against_a.lower)},
                             {"margin", bars_.margin},
                             {"holds", noninferior},
                             {"runs", against_a.count}};
    report["sets"] = each_set();
    Json& against = report["against"] = Json::object();
    for (const auto& [name, runs] : arms_) {
      if (name == "a" || name == "d" || name.starts_with("b-")) continue;
      const MeanInterval found = difference("d", name);
      against[name] = {{"difference", found.mean}, {"lower", finite(found.lower)}, {"upper", finite(found.upper)}, {"runs", found.count}};
    }
    bool needed = true;
    if (has("b")) {
      const MeanInterval shrunk = difference("b", "a");
      needed = shrunk.lower <= -bars_.margin;
      report["shrunk"] = {
          {"by", shrunk_by_}, {"difference", shrunk.mean}, {"lower", finite(shrunk.lower)}, {"upper", finite(shrunk.upper)}};
    }
    report["search_needed"] = needed;
    if (const Json costs = costs_of_choosing(); !costs.is_null()) report["random"] = costs;
    report["verdict"] = verdict(share, against_a, noninferior, needed, report.value("random", Json()));
    return report;
  }

 private:
  bool has(const std::string& arm) const { return arms_.contains(arm); }
  bool better(double a, double b) const { return bars_.loss ? a < b : a > b; }

  /// What (c) and (d) cost before they were chosen, over the runs that have both; null where there are none.
  Json costs_of_choosing() const {
    double trainings = 0, searches = 0;
    std::int64_t least = 0, most = 0, runs = 0, short_of = 0;
    for (const auto& [key, random] : random_) {
      const auto search = search_flops_.find(key);
      if (search == search_flops_.end()) continue;
      least = runs == 0 ? random.networks : std::min(least, random.networks);
      most = std::max(most, random.networks);
      short_of += random.flops < search->second ? 1 : 0;
      trainings += random.flops;
      searches += search->second;
      ++runs;
    }
    if (runs == 0) return {};
    const auto mean = [&](double sum) { return sum / static_cast<double>(runs); };
    return {{"networks", {least, most}},
            {"training_flops", mean(trainings)},
            {"search_flops", mean(searches)},
            {"runs", runs},
            {"runs_short", short_of}};
  }

  void take_random(const TrainedArm& one) {
    Random& random = random_[{one.set, one.run}];
    random.flops += one.training_flops;
    ++random.networks;
    const auto [at, fresh] = arms_["c"].try_emplace({one.set, one.run}, one);
    if (!fresh && better(one.val, at->second.val)) at->second = one;
  }

  static double mean_flops(const ByRun& runs) {
    double sum = 0;
    for (const auto& [key, one] : runs) sum += one.flops;
    return sum / static_cast<double>(runs.size());
  }
  static double mean_score(const ByRun& runs) { return interval(runs).mean; }
  static MeanInterval interval(const ByRun& runs) {
    std::vector<double> scores;
    for (const auto& [key, one] : runs) scores.push_back(one.test);
    return mean_interval(scores);
  }

  /// x against y over the runs that have both; of one set where it is named.
  MeanInterval difference(const std::string& x, const std::string& y, const std::string& set = {}) {
    std::vector<double> values;
    for (const auto& [key, one] : arms_[x]) {
      const auto other = arms_[y].find(key);
      if (other == arms_[y].end() || (!set.empty() && key.first != set)) continue;
      values.push_back(bars_.loss ? 1 - one.test / other->second.test : one.test - other->second.test);
    }
    return mean_interval(values);
  }

  Json arms(const Json& latencies) {
    Json all = Json::object();
    for (const auto& [name, runs] : arms_) {
      const MeanInterval scores = interval(runs);
      double parameters = 0;
      std::int64_t examples = 0;
      for (const auto& [key, one] : runs) {
        parameters += one.parameters / static_cast<double>(runs.size());
        examples += one.examples;
      }
      all[name] = {{"flops", mean_flops(runs)},
                   {"score_mean", scores.mean},
                   {"score_sd", scores.sd},
                   {"latency_ms", latencies.value(name == "b" ? "b-" + shrunk_by_ : name == "c" ? "c-1" : name, Json())},
                   {"parameters", parameters},
                   {"runs", runs.size()},
                   {"examples", examples}};
    }
    return all;
  }

  Json each_set() {
    std::set<std::string> names;
    for (const auto& [key, one] : arms_["d"]) names.insert(key.first);
    Json all = Json::object();
    for (const std::string& name : names) {
      const MeanInterval found = difference("d", "a", name);
      all[name] = {{"difference", found.mean},
                   {"lower", finite(found.lower)},
                   {"margin", bars_.margin_each},
                   {"holds", found.lower > -bars_.margin_each},
                   {"runs", found.count}};
    }
    return all;
  }

  std::string amount(double difference) const {
    return bars_.loss ? fmt::format("{:+.2f} % of the loss", 100 * difference) : fmt::format("{:+.2f} points", 100 * difference);
  }

  static std::string sentence_of(const Json& costs) {
    const std::int64_t least = costs.at("networks").at(0), most = costs.at("networks").at(1), short_of = costs.at("runs_short");
    std::string text = fmt::format("Of these there were {} a run, whose training took {:.3g} FLOPs; the search took {:.3g}. ",
                                   least == most ? std::to_string(least) : fmt::format("{} to {}", least, most),
                                   costs.at("training_flops").get<double>(), costs.at("search_flops").get<double>());
    if (short_of > 0)
      text += fmt::format("In {} of {} runs they took less than the search, since the limit of their number was reached. ", short_of,
                          costs.at("runs").get<std::int64_t>());
    return text;
  }

  std::string verdict(double share, const MeanInterval& against_a, bool noninferior, bool needed, const Json& costs) {
    std::string text =
        fmt::format("The derived network takes {:.1f} % of the baseline's FLOPs (bar {:.0f} %). ", 100 * share, 100 * bars_.share);
    text += fmt::format("Against the baseline: {}, lower end {} over {} runs; {} at a margin of {:.2f} %. ", amount(against_a.mean),
                        std::isfinite(against_a.lower) ? amount(against_a.lower) : "unknown", against_a.count,
                        noninferior ? "not inferior" : "not shown to be as good", 100 * bars_.margin);
    if (share < 0.4) text += "It costs far less than was asked: a network this small is enough for these data. ";
    if (!needed) text += fmt::format("A search was not needed: the baseline shrunk by {} is as good as the baseline. ", shrunk_by_);
    if (needed && has("b")) {
      const MeanInterval beaten = difference("d", "b"), shrunk = difference("b", "a");
      text += fmt::format("Against the shrunk baseline: {}, lower end {}{}. ", amount(beaten.mean),
                          std::isfinite(beaten.lower) ? amount(beaten.lower) : "unknown",
                          beaten.lower > 0   ? "; the search beats shrinking"
                          : shrunk.upper < 0 ? "; it is not shown to beat shrinking, which loses"
                                             : "");
    }
    if (has("c")) {
      const MeanInterval random = difference("d", "c");
      text += fmt::format("Against the best of the random networks: {}{}. ", amount(random.mean),
                          random.mean < -bars_.margin_random ? ", which is worse: random search was better"
                          : random.lower > 0                 ? ", which is better"
                                                             : "");
      if (!costs.is_null()) text += sentence_of(costs);
    }
    for (const auto& [name, runs] : arms_) {
      if (name == "a" || name == "b" || name == "c" || name == "d" || name.starts_with("b-")) continue;
      const MeanInterval control = difference("d", name);
      const bool beaten = std::isfinite(control.lower) ? control.lower > 0 : control.mean > 0;
      text += fmt::format("Against the control {}: {}, {}. ", name, amount(control.mean),
                          beaten ? "which is better" : "so the control is as good");
    }
    text.pop_back();
    return text;
  }

  struct Random {
    std::int64_t networks = 0;
    double flops = 0;  ///< of their training
  };

  const ComparisonBars& bars_;
  std::map<RunKey, Random> random_;
  std::map<RunKey, double> search_flops_;
  std::map<std::string, ByRun> arms_;
  std::string shrunk_by_;
};

}  // namespace

Json arm_to_json(const TrainedArm& arm) {
  return {{"set", arm.set},
          {"run", arm.run},
          {"arm", arm.arm},
          {"flops", arm.flops},
          {"parameters", arm.parameters},
          {"val", arm.val},
          {"test", arm.test},
          {"examples", arm.examples},
          {"training_flops", arm.training_flops}};
}

TrainedArm arm_from_json(const Json& json) {
  return {json.at("set"), json.at("run"),  json.at("arm"),      json.at("flops"),         json.at("parameters"),
          json.at("val"), json.at("test"), json.at("examples"), json.at("training_flops")};
}

Json comparison_report(const std::vector<TrainedArm>& trained, const std::vector<SearchCost>& searches, const ComparisonBars& bars,
                       const Json& latencies) {
  return Report(trained, searches, bars).make(latencies);
}

std::string comparison_table(const Json& report) {
  std::string text = fmt::format("| arm | FLOPs | parameters | {} | sd | runs | latency, ms |\n|---|---|---|---|---|---|---|\n",
                                 report.at("score").get<std::string>());
  for (const auto& [name, arm] : report.at("arms").items())
    text += fmt::format("| {} | {:.3f} M | {:.3f} M | {:.4f} | {:.4f} | {} | {} |\n", name, arm.at("flops").get<double>() / 1e6,
                        arm.at("parameters").get<double>() / 1e6, arm.at("score_mean").get<double>(), arm.at("score_sd").get<double>(),
                        arm.at("runs").get<std::int64_t>(),
                        arm.at("latency_ms").is_number() ? fmt::format("{:.3f}", arm.at("latency_ms").get<double>()) : "");
  return text + "\n" + report.at("verdict").get<std::string>() + "\n";
}

}  // namespace dsw
