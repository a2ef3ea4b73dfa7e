// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/search_events.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/nas/architecture_json.h"
#include "engine/nas/derive.h"
#include "engine/nas/nasbench201.h"

namespace dsw {
namespace {

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }
Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json with_cost(Json json, const Cost& cost, const std::optional<double>& ms) {
  const Json costs = cost_to_json(cost, ms);
  for (const auto& [key, value] : costs.items()) json[key] = value;
  return json;
}

const char* kind_name(SpaceChoice::Kind kind) {
  return kind == SpaceChoice::Kind::Operation ? "operation" : kind == SpaceChoice::Kind::Size ? "size" : "depth";
}

/// Without the batch.
Json shape_to_json(const Shape& shape) {
  Json sizes = Json::array();
  for (int axis = 1; axis < shape.rank(); ++axis) sizes.push_back(shape[axis]);
  return sizes;
}

/// Of a candidate that is one layer, where latency was measured.
std::optional<double> candidate_ms(const SearchState& state, const SpaceChoice& choice, std::size_t candidate) {
  if (state.milliseconds.empty()) return {};
  const std::string id = fmt::format("{}-{}", choice.id, candidate);
  for (std::size_t n = 0; n < state.space.nodes.size(); ++n)
    if (state.space.nodes[n].node.id == id) return state.milliseconds[n].front();
  return {};
}

Json choices_to_json(const SearchState& state) {
  const SearchSpace& space = state.space;
  Json list = Json::array();
  for (const SpaceChoice& choice : space.choices) {
    Json candidates = Json::array();
    for (std::size_t i = 0; i < choice.candidates.size(); ++i) {
      const SpaceCandidate& candidate = choice.candidates[i];
      Json words{{"title", candidate.title}, {"op", candidate.op}, {"kind", candidate.kind}};
      candidates.push_back(with_cost(std::move(words), candidate.cost, candidate_ms(state, choice, i)));
    }
    Json one{
        {"id", choice.id}, {"title", choice.title}, {"kind", kind_name(choice.kind)}, {"pointer", choice.pointer}, {"cell", choice.cell}};
    if (choice.to >= 0) {
      one["from"] = std::to_string(choice.from);
      one["to"] = std::to_string(choice.to);
    }
    one["places"] = choice.places;
    one["candidates"] = std::move(candidates);
    list.push_back(std::move(one));
  }
  return list;
}

void add_network(const SearchSpace& space, Json& to) {
  Json &nodes = to["nodes"] = Json::array(), &edges = to["edges"] = Json::array();
  for (const SpaceNode& node : space.nodes) {
    const bool chooses = node.choice != SpaceNode::kNone;
    Json one{{"id", node.node.id},
             {"title", chooses ? space.choices[node.choice].title : node.node.layer->title},
             {"kind", node.node.layer->kind},
             {"pointer", node.pointer},
             {"cell", node.cell},
             {"shape", shape_to_json(node.node.output)},
             {"choice", chooses ? Json(node.choice) : Json()}};
    if (!node.conditions.empty()) {
      const SpaceNode::Condition& last = node.conditions.back();
      for (std::size_t i = 0; i < last.candidates.size(); ++i)
        if (last.candidates[i]) one["candidate"] = {last.choice, i};
    }
    nodes.push_back(with_cost(std::move(one), node.costs.front(), {}));
    for (const std::size_t from : node.node.inputs)
      edges.push_back({{"from", from == kGraphInput ? "input" : space.nodes[from].node.id}, {"to", node.node.id}});
  }
}

}  // namespace

Json cost_to_json(const Cost& cost, std::optional<double> ms) {
  return {{"flops", cost.flops}, {"parameters", cost.parameters}, {"activation_bytes", cost.activation_bytes}, {"ms", or_null(ms)}};
}

Json space_event(const SearchState& state) {
  const SearchSpace& space = state.space;
  const SearchSettings& settings = state.settings;
  Json json{{"algorithm", settings.algorithm.at("type")},
            {"epochs", settings.epochs},
            {"steps_per_epoch", settings.steps_per_epoch},
            {"warmup", settings.warmup},
            {"architectures", finite_or_null(space.architectures())},
            {"smallest", cost_to_json(space.cost(space.cheapest()), {})},
            {"largest", cost_to_json(space.cost(space.dearest()), {})},
            {"target", settings.target > 0 ? Json{{"metric", cost_metric_name(settings.metric)}, {"value", settings.target}} : Json()},
            {"limits",
             {{"skip_share", settings.skip_limit < 1 ? Json(settings.skip_limit) : Json()},
              {"eigenvalue", settings.eigenvalue_limit > 0 ? Json(settings.eigenvalue_limit) : Json()}}}};
  add_network(space, json);
  Json& cells = json["cells"] = Json::array();
  for (const SpaceCell& cell : space.cells) {
    Json one{{"id", cell.id}, {"cell", cell.cell}, {"pointer", cell.pointer}, {"parent", cell.parent}};
    one["web"] = cell.web_nodes > 0 ? Json{{"nodes", cell.web_nodes}, {"inputs", cell.web_inputs}} : Json();
    cells.push_back(std::move(one));
  }
  json["choices"] = choices_to_json(state);
  Json& weights = json["edge_weights"] = Json::array();
  for (const SpaceEdges& edges : space.edges)
    weights.push_back({{"id", edges.id}, {"cell", edges.cell}, {"node", std::to_string(edges.node)}, {"choices", edges.choices}});
  return json;
}

Json epoch_event(const SearchState& state, const EpochReport& report) {
  const std::vector<std::vector<double>> alphas = state.parameters->alphas();
  Json choices = Json::array(), edges = Json::array();
  for (std::size_t c = 0; c < report.p.size(); ++c) {
    std::vector<double> sorted = report.p[c];
    std::sort(sorted.rbegin(), sorted.rend());
    choices.push_back({{"p", report.p[c]},
                       {"alpha", alphas[c]},
                       {"entropy", normalised_entropy(report.p[c])},
                       {"margin", sorted[0] - sorted[1]},
                       {"chosen", report.architecture.choices[c]},
                       {"open", state.open[c]}});
  }
  for (const std::vector<double>& p : report.edges) edges.push_back({{"p", p}});
  Json json{{"epoch", report.epoch},
            {"step", state.step},
            {"choices", choices},
            {"edge_weights", edges},
            {"expected", cost_to_json(report.expected, report.expected_ms)},
            {"derived", cost_to_json(report.derived, report.derived_ms)},
            {"architecture", architecture_to_json(report.architecture)}};
  if (const auto cell = benchmark_cell(state.space, report.architecture)) {
    json["string"] = cell->text;
    json["full_flops"] = cell->flops;
    json["full_parameters"] = cell->parameters;
  }
  json["guards"] = {{"skip_share", report.guards.skip_share},
                    {"eigenvalue", or_null(report.eigenvalue)},
                    {"entropy", report.guards.entropy},
                    {"margin", report.guards.margin}};
  json["val"] = report.val ? Json{{"loss", report.val->loss()}, {"accuracy", report.val->accuracy()}} : Json();
  const double progress = state.settings.progress(state.step);
  json["temperature"] = state.algorithm->temperature(progress, std::max<std::int64_t>(0, report.epoch - state.settings.warmup));
  json["architecture_lr"] = state.architecture_rate();
  return json;
}

Json measured_event(const MeasuredArchitecture& one) {
  return with_cost(
      {{"architecture", architecture_to_json(one.architecture)}, {"loss", one.loss}, {"accuracy", one.accuracy}, {"by", one.by}}, one.cost,
      {});
}

Json search_summary(const SearchState& state, const Architecture& architecture, const std::optional<Evaluation>& val) {
  Json summary{{"architecture", derived_model(state.space, architecture)}};
  std::optional<double> ms;
  if (!state.milliseconds.empty() && state.settings.metric == CostMetric::Latency) ms = state.cost_of(architecture);
  summary = with_cost(std::move(summary), derived_cost(state.space, architecture, *state.layers), ms);
  if (const auto cell = benchmark_cell(state.space, architecture)) {
    summary["string"] = cell->text;
    summary["full_flops"] = cell->flops;
    summary["full_parameters"] = cell->parameters;
  }
  summary["search_flops"] = state.flops;
  summary["val"] = val ? Json{{"loss", val->loss()}, {"accuracy", val->accuracy()}} : Json();
  Json taken = Json::object();
  for (std::size_t c = 0; c < state.space.choices.size(); ++c)
    taken[state.space.choices[c].id] = state.space.choices[c].candidates[static_cast<std::size_t>(architecture.choices[c])].title;
  summary["provenance"] = {{"document", state.document.at("name")},
                           {"algorithm", state.settings.algorithm.at("type")},
                           {"seed", state.seed},
                           {"epochs", state.settings.epochs},
                           {"choices", taken}};
  return summary;
}

}  // namespace dsw
