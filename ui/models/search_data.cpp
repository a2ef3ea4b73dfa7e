// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/search_data.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ui/models/primitive_colors.h"

namespace dsw {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Every reader takes what is there: a missing or odd value is a missing value.
const Json& field(const Json& json, const char* key) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const auto it = json.find(key);
  return it == json.end() ? kNull : *it;
}
double number(const Json& json, const char* key, double otherwise = kMissing) {
  const Json& value = field(json, key);
  return value.is_number() ? value.get<double>() : otherwise;
}
int whole(const Json& value, int otherwise = -1) {
  return value.is_number() && std::abs(value.get<double>()) < 1e9 ? static_cast<int>(value.get<double>()) : otherwise;
}
QString text(const Json& json, const char* key) {
  const Json& value = field(json, key);
  return value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString();
}
const Json& list(const Json& json, const char* key) {
  static const Json kNone = Json::array();
  const Json& value = field(json, key);
  return value.is_array() ? value : kNone;
}
std::vector<double> numbers(const Json& json, const char* key) {
  std::vector<double> out;
  for (const Json& one : list(json, key)) out.push_back(one.is_number() ? one.get<double>() : kMissing);
  return out;
}
SearchCost costOf(const Json& json) {
  return {number(json, "flops"), number(json, "parameters"), number(json, "activation_bytes"), number(json, "ms")};
}

/// A web's node numbers are written as texts.
int nodeNumber(const Json& json, const char* key) {
  bool good = false;
  const int value = text(json, key).toInt(&good);
  return good && value >= 0 ? value : -1;
}

QString shapeOf(const Json& json) {
  QStringList sizes;
  for (const Json& size : list(json, "shape"))
    if (size.is_number()) sizes << QString::number(size.get<std::int64_t>());
  return sizes.join(QStringLiteral("×"));
}

/// Room is small where candidates stand: "relu conv bn 3×3" is a convolution to whoever reads it.
QString briefTitle(QString title) {
  return title.replace(QLatin1String("relu conv bn"), QLatin1String("conv"))
      .replace(QLatin1String("average pool"), QLatin1String("avg pool"));
}

SearchChoice choiceOf(const Json& json) {
  SearchChoice choice{text(json, "id"),
                      text(json, "title"),
                      text(json, "kind"),
                      text(json, "cell"),
                      nodeNumber(json, "from"),
                      nodeNumber(json, "to"),
                      {},
                      {}};
  if (choice.from < 0 || choice.from >= choice.to) choice.from = choice.to = -1;
  for (const Json& place : list(json, "places"))
    if (place.is_string()) choice.places << QString::fromStdString(place.get<std::string>());
  for (const Json& one : list(json, "candidates"))
    choice.candidates.push_back({briefTitle(text(one, "title")), text(one, "op"), text(one, "kind"), costOf(one), 0});
  return choice;
}

std::optional<SearchSpaceInfo> spaceOf(const Json& json) {
  if (!json.is_object()) return {};
  SearchSpaceInfo space;
  space.algorithm = text(json, "algorithm");
  space.epochs = std::max(0, whole(field(json, "epochs"), 0));
  space.steps_per_epoch = std::max(0.0, number(json, "steps_per_epoch", 0));
  space.architectures = number(json, "architectures");
  space.smallest = costOf(field(json, "smallest"));
  space.largest = costOf(field(json, "largest"));
  const Json& target = field(json, "target");
  space.target_metric = target.is_object() ? text(target, "metric") : QStringLiteral("flops");
  space.target = number(target, "value");
  space.skip_limit = number(field(json, "limits"), "skip_share");
  space.eigenvalue_limit = number(field(json, "limits"), "eigenvalue");
  for (const Json& one : list(json, "choices")) space.choices.push_back(choiceOf(one));
  const int count = static_cast<int>(space.choices.size());
  for (const Json& one : list(json, "nodes")) {
    const Json& candidate = field(one, "candidate");
    SearchNode node{text(one, "id"),
                    text(one, "title"),
                    text(one, "kind"),
                    text(one, "cell"),
                    shapeOf(one),
                    text(one, "pointer"),
                    whole(field(one, "choice")),
                    candidate.is_array() && !candidate.empty() ? whole(candidate[0]) : -1,
                    costOf(one)};
    if (node.choice >= count) node.choice = -1;
    if (node.candidate >= count) node.candidate = -1;
    space.nodes.push_back(std::move(node));
  }
  for (const Json& one : list(json, "edges")) space.edges.emplace_back(text(one, "from"), text(one, "to"));
  for (const Json& one : list(json, "cells"))
    space.cells.push_back({text(one, "id"), text(one, "cell"), text(one, "parent"),
                           std::clamp(whole(field(field(one, "web"), "nodes"), 0), 0, 64),
                           std::clamp(whole(field(field(one, "web"), "inputs"), 0), 0, 64)});
  for (const Json& one : list(json, "edge_weights")) {
    SearchEdgeWeights weights{text(one, "cell"), nodeNumber(one, "node"), {}};
    for (const Json& choice : list(one, "choices")) weights.choices.push_back(whole(choice));
    space.edge_weights.push_back(std::move(weights));
  }
  colorCandidates(space);
  return space;
}

double entropyOf(const std::vector<double>& p) {
  double sum = 0;
  for (const double one : p)
    if (one > 0) sum -= one * std::log(one);
  return p.size() > 1 ? sum / std::log(static_cast<double>(p.size())) : 0;
}

/// Nothing where it has no probabilities.
std::optional<ChoiceState> stateOf(const Json& json) {
  ChoiceState state;
  state.p = numbers(json, "p");
  if (state.p.empty()) return {};
  for (double& p : state.p) p = std::isfinite(p) ? std::clamp(p, 0.0, 1.0) : 0;
  state.alpha = numbers(json, "alpha");
  if (state.alpha.size() != state.p.size()) state.alpha.clear();
  std::vector<double> sorted = state.p;
  std::sort(sorted.rbegin(), sorted.rend());
  state.leading = static_cast<int>(std::max_element(state.p.begin(), state.p.end()) - state.p.begin());
  state.entropy = number(json, "entropy", entropyOf(state.p));
  state.margin = number(json, "margin", sorted.size() > 1 ? sorted[0] - sorted[1] : sorted[0]);
  const int chosen = whole(field(json, "chosen"));
  state.chosen = chosen >= 0 && chosen < static_cast<int>(state.p.size()) ? chosen : state.leading;
  for (const Json& open : list(json, "open")) state.open.push_back(!open.is_boolean() || open.get<bool>());
  if (state.open.size() != state.p.size()) state.open.clear();
  return state;
}

std::optional<SearchEpoch> epochOf(const Json& json, const SampleRow& sample) {
  SearchEpoch epoch;
  epoch.epoch = whole(field(json, "epoch"));
  if (epoch.epoch < 0) return {};
  epoch.seq = sample.seq;
  epoch.step = sample.step;
  for (const Json& one : list(json, "choices")) {
    auto state = stateOf(one);
    if (!state) return {};
    epoch.choices.push_back(std::move(*state));
  }
  for (const Json& one : list(json, "edge_weights")) epoch.edge_weights.push_back(numbers(one, "p"));
  epoch.expected = costOf(field(json, "expected"));
  epoch.derived = costOf(field(json, "derived"));
  epoch.architecture = field(json, "architecture").dump();
  epoch.string = text(json, "string");
  epoch.full_flops = number(json, "full_flops");
  epoch.full_parameters = number(json, "full_parameters");
  const Json& guards = field(json, "guards");
  epoch.skip_share = number(guards, "skip_share");
  epoch.eigenvalue = number(guards, "eigenvalue");
  epoch.entropy = number(guards, "entropy");
  epoch.margin = number(guards, "margin");
  epoch.val_loss = number(field(json, "val"), "loss");
  epoch.val_accuracy = number(field(json, "val"), "accuracy");
  return epoch;
}

}  // namespace

double SearchSpaceInfo::targetCost(const SearchCost& cost) const {
  if (target_metric == QLatin1String("parameters")) return cost.parameters;
  if (target_metric == QLatin1String("activation-bytes")) return cost.activation_bytes;
  if (target_metric == QLatin1String("latency")) return cost.ms;
  return cost.flops;
}

SearchDelta SearchData::parse(const std::vector<SampleRow>& samples) {
  SearchDelta delta;
  for (const SampleRow& sample : samples) {
    const bool space = sample.kind == "space", search = sample.kind == "search", derived = sample.kind == "derived";
    if (!space && !search && !derived && sample.kind != "architectures") continue;
    const Json json = Json::parse(sample.data, nullptr, false);
    bool good = json.is_object();
    if (good && space) {
      delta.space = spaceOf(json);
    } else if (good && search) {
      auto epoch = epochOf(json, sample);
      good = epoch.has_value();
      if (epoch) delta.epochs.push_back(std::move(*epoch));
    } else if (good && derived) {
      good = field(json, "model").is_object();
      if (good) delta.derived = DerivedModel{field(json, "model").dump(), costOf(json)};
    } else if (good) {
      for (const Json& item : list(json, "items"))
        if (item.is_object())
          delta.points.push_back({sample.step, number(item, "loss"), number(item, "accuracy"), costOf(item), text(item, "by")});
    }
    delta.damaged += !good;
  }
  return delta;
}

/// A distribution is of use where it is of this space.
bool SearchData::fits(const SearchEpoch& epoch) const {
  if (epoch.choices.size() != space_.choices.size()) return false;
  for (std::size_t c = 0; c < epoch.choices.size(); ++c)
    if (epoch.choices[c].p.size() != space_.choices[c].candidates.size()) return false;
  return true;
}

void SearchData::apply(SearchDelta delta) {
  if (delta.space) {
    space_ = std::move(*delta.space);
    has_space_ = true;
    epochs_.erase(std::remove_if(epochs_.begin(), epochs_.end(), [this](const SearchEpoch& epoch) { return !fits(epoch); }), epochs_.end());
  }
  damaged_ += delta.damaged;
  for (SearchEpoch& epoch : delta.epochs) {
    if (!fits(epoch)) {
      ++damaged_;
      continue;
    }
    const auto place = std::lower_bound(epochs_.begin(), epochs_.end(), epoch.epoch,
                                        [](const SearchEpoch& known, int wanted) { return known.epoch < wanted; });
    if (place != epochs_.end() && place->epoch == epoch.epoch)
      *place = std::move(epoch);
    else
      epochs_.insert(place, std::move(epoch));
  }
  points_.insert(points_.end(), std::make_move_iterator(delta.points.begin()), std::make_move_iterator(delta.points.end()));
  if (delta.derived) derived_ = std::move(*delta.derived);
}

const SearchEpoch* SearchData::at(int epoch) const {
  const auto after =
      std::upper_bound(epochs_.begin(), epochs_.end(), epoch, [](int wanted, const SearchEpoch& known) { return wanted < known.epoch; });
  return after == epochs_.begin() ? nullptr : &*std::prev(after);
}

int SearchData::epochOfStep(double step) const {
  return space_.steps_per_epoch > 0 ? static_cast<int>(std::lround(step / space_.steps_per_epoch)) : 0;
}

double SearchData::edgeWeight(const SearchEpoch& epoch, int choice) const {
  for (std::size_t w = 0; w < std::min(space_.edge_weights.size(), epoch.edge_weights.size()); ++w) {
    const std::vector<int>& choices = space_.edge_weights[w].choices;
    for (std::size_t i = 0; i < std::min(choices.size(), epoch.edge_weights[w].size()); ++i)
      if (choices[i] == choice) return epoch.edge_weights[w][i];
  }
  return kMissing;
}

std::vector<SearchCollapse> SearchData::collapses(const std::vector<EventRow>& events) const {
  std::vector<SearchCollapse> out;
  for (const EventRow& event : events)
    if (event.kind == "collapse")
      out.push_back({epochOfStep(static_cast<double>(event.step)), event.step, QString::fromStdString(event.text)});
  return out;
}

}  // namespace dsw
