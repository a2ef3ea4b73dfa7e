// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/search_project.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/nas/comparison.h"
#include "engine/run/experiment.h"
#include "engine/run/templates.h"
#include "tests/support/project_fixture.h"

namespace dsw {
namespace sample_search {
namespace {

struct Primitive {
  const char *title, *op, *name;
  double flops, parameters;
};
constexpr Primitive kPrimitives[] = {{"none", "zero", "none", 0, 0},
                                     {"skip", "identity", "skip_connect", 0, 0},
                                     {"conv 1×1", "relu-conv-bn", "nor_conv_1x1", 1.05e6, 272},
                                     {"conv 3×3", "relu-conv-bn", "nor_conv_3x3", 9.44e6, 2320},
                                     {"avg pool", "avgpool2d", "avg_pool_3x3", 0.06e6, 0}};
constexpr double kBase = 4.1e6;
/// What each edge tends to, as logits at the end.
constexpr double kTends[6][5] = {{-0.6, 0.2, 0.5, 2.0, -0.8}, {-0.9, 1.7, 0.1, 0.4, -0.4},    {-0.7, 0.3, 0.2, 1.6, -0.6},
                                 {-0.5, 0.2, -0.3, 0.3, 1.2}, {-0.94, 0.5, 0.95, 0.6, -0.95}, {-0.8, 0.0, 0.4, 1.9, -0.5}};
constexpr int kEdges[6][2] = {{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}};

std::vector<double> softmax(const std::vector<double>& alpha) {
  std::vector<double> p;
  double sum = 0;
  for (const double a : alpha) p.push_back(std::exp(a)), sum += p.back();
  for (double& one : p) one /= sum;
  return p;
}

double ramp(int epoch) {
  // Before the collapse skips rise; then everything is as at the epoch that was restored.
  const int at = epoch > kCollapse ? kRestored + (epoch - kCollapse) : epoch;
  return 1.6 * std::pow(static_cast<double>(at) / kEpochs, 0.9);
}
double skip_bump(int epoch) { return epoch > kCollapse ? 0 : 2.6 * std::pow(std::max(0, epoch - 8) / 13.0, 3); }

std::vector<double> alphas(int edge, int epoch) {
  std::vector<double> alpha;
  for (int i = 0; i < 5; ++i) alpha.push_back(kTends[edge][i] * ramp(epoch) + (i == 1 ? skip_bump(epoch) : 0));
  return alpha;
}

Json cost(double flops, double parameters) {
  return {{"flops", flops}, {"parameters", parameters}, {"activation_bytes", flops / 40}, {"ms", nullptr}};
}

Json state(const std::vector<double>& alpha) {
  const std::vector<double> p = softmax(alpha);
  double entropy = 0;
  for (const double one : p) entropy -= one * std::log(one);
  std::vector<double> sorted = p;
  std::sort(sorted.rbegin(), sorted.rend());
  return {{"p", p},
          {"alpha", alpha},
          {"entropy", entropy / std::log(static_cast<double>(p.size()))},
          {"margin", sorted[0] - sorted[1]},
          {"chosen", std::max_element(p.begin(), p.end()) - p.begin()},
          {"open", std::vector<bool>(p.size(), true)}};
}

Json candidate(const std::string& title, const std::string& op, double flops, double parameters) {
  Json one = cost(flops, parameters);
  one["title"] = title;
  one["op"] = op;
  one["kind"] = op;
  return one;
}

Json node(const std::string& id, const std::string& title, const std::string& kind, const std::string& cell, Json choice = nullptr) {
  Json one = cost(1e5, 1000);
  one["id"] = id;
  one["title"] = title;
  one["kind"] = kind;
  one["pointer"] = "/model/nodes/0";
  one["cell"] = cell;
  one["shape"] = {64, 64};
  one["choice"] = std::move(choice);
  return one;
}

double val_accuracy(int epoch, double off = 0) { return 0.9925 - 0.12 * std::exp(-epoch / 6.0) - off; }

}  // namespace

Json cell_space() {
  Json space{{"algorithm", "beta-darts"},
             {"epochs", kEpochs},
             {"steps_per_epoch", kStepsPerEpoch},
             {"warmup", 0},
             {"architectures", 15625},
             {"smallest", cost(kBase, 5000)},
             {"largest", cost(kBase + 6 * 9.44e6, 19000)},
             {"target", {{"metric", "flops"}, {"value", 2.9e7}}},
             {"limits", {{"skip_share", 0.6}, {"eigenvalue", 0.45}}}};
  Json nodes = Json::array({node("stem", "conv 3×3", "conv", "")}), edges = Json::array(), cells = Json::array();
  std::string before = "stem";
  edges.push_back({{"from", "input"}, {"to", before}});
  Json choices = Json::array();
  for (int place = 1; place <= 3; ++place) {
    const std::string id = "cell-" + std::to_string(place);
    cells.push_back({{"id", id}, {"cell", "cell"}, {"pointer", "/model/nodes/1"}, {"parent", ""}, {"web", {{"nodes", 4}, {"inputs", 1}}}});
    nodes.push_back(node(id + "-3", "sum", "add", id));
    edges.push_back({{"from", before}, {"to", id + "-3"}});
    before = id + "-3";
  }
  nodes.push_back(node("logits", "logits", "output", ""));
  edges.push_back({{"from", before}, {"to", "logits"}});
  for (int e = 0; e < 6; ++e) {
    const std::string from = std::to_string(kEdges[e][0]), to = std::to_string(kEdges[e][1]);
    Json candidates = Json::array();
    for (const Primitive& p : kPrimitives) candidates.push_back(candidate(p.title, p.op, p.flops, p.parameters));
    Json places = Json::array();
    for (int place = 1; place <= 3; ++place) places.push_back("cell-" + std::to_string(place) + "-" + from + "-" + to);
    choices.push_back({{"id", "cell-1-" + from + "-" + to},
                       {"title", from + " → " + to},
                       {"kind", "operation"},
                       {"pointer", "/model/cells/cell"},
                       {"cell", "cell-1"},
                       {"from", from},
                       {"to", to},
                       {"places", places},
                       {"candidates", candidates}});
  }
  space["nodes"] = nodes;
  space["edges"] = edges;
  space["cells"] = cells;
  space["choices"] = choices;
  space["edge_weights"] = {{{"id", "cell-1-2"}, {"cell", "cell-1"}, {"node", "2"}, {"choices", {1, 2}}},
                           {{"id", "cell-1-3"}, {"cell", "cell-1"}, {"node", "3"}, {"choices", {3, 4, 5}}}};
  return space;
}

Json cell_epoch(int epoch) {
  Json choices = Json::array(), architecture = Json::array();
  double expected = kBase, derived = kBase, skip = 0, entropy = 0, margin = 0;
  std::vector<const Primitive*> taken;
  for (int e = 0; e < 6; ++e) {
    Json one = state(alphas(e, epoch));
    for (std::size_t i = 0; i < 5; ++i) expected += one["p"][i].get<double>() * kPrimitives[i].flops;
    taken.push_back(&kPrimitives[one["chosen"].get<std::size_t>()]);
    derived += taken.back()->flops;
    skip += one["p"][1].get<double>() / 6;
    entropy += one["entropy"].get<double>() / 6;
    margin += one["margin"].get<double>() / 6;
    architecture.push_back(one["chosen"]);
    choices.push_back(std::move(one));
  }
  const auto named = [&](int e, int from) {
    return std::string("|") + taken[static_cast<std::size_t>(e)]->name + "~" + std::to_string(from);
  };
  const std::string text = named(0, 0) + "|+" + named(1, 0) + named(2, 1) + "|+" + named(3, 0) + named(4, 1) + named(5, 2) + "|";
  const double eigenvalue =
      epoch > kCollapse ? 0.16 + 0.0004 * epoch : 0.08 + 0.006 * epoch + 0.3 * std::pow(std::max(0, epoch - 8) / 13.0, 4);
  return {{"epoch", epoch},
          {"step", epoch * kStepsPerEpoch},
          {"choices", choices},
          {"edge_weights", {{{"p", {0.45, 0.55}}}, {{"p", {0.31, 0.31, 0.38}}}}},
          {"expected", cost(expected, 9000)},
          {"derived", cost(derived, 9000)},
          {"architecture", architecture},
          {"string", text},
          {"full_flops", 4.27 * derived},
          {"full_parameters", 1.07e6},
          {"guards", {{"skip_share", skip}, {"eigenvalue", eigenvalue}, {"entropy", entropy}, {"margin", margin}}},
          {"val", {{"loss", 0.03 + 0.5 * std::exp(-epoch / 6.0)}, {"accuracy", val_accuracy(epoch)}}},
          {"temperature", 1},
          {"architecture_lr", epoch > kCollapse ? 1.5e-4 : 3e-4}};
}

Json architectures(int epoch) {
  Json items = Json::array();
  for (int k = 0; k < 5; ++k) {
    const double share = std::fmod(0.37 * epoch + 0.23 * k, 1.0);
    Json one = k == 0 ? cell_epoch(epoch)["derived"] : cost(kBase + share * 5.2e7, 9000);
    one["architecture"] = {k, 0, 1, 2, 3, 4};
    one["accuracy"] =
        k == 0 ? val_accuracy(epoch) : val_accuracy(epoch, 0.004 + 0.02 * (1 - share) * (1 - share) + 0.002 * std::fmod(7.0 * share, 1.0));
    one["loss"] = 0.05;
    one["by"] = k == 0 ? "derived" : "sample";
    items.push_back(std::move(one));
  }
  return {{"items", items}};
}

Json derived() {
  const Json model{{"type", "graph"},
                   {"nodes",
                    {{{"id", "stem"}, {"op", "conv2d"}, {"inputs", {"input"}}, {"out", 4}, {"kernel", 3}, {"stride", 2}, {"padding", 1}},
                     {{"id", "relu"}, {"op", "activation"}},
                     {{"id", "pool"}, {"op", "global-average-pool"}},
                     {{"id", "logits"}, {"op", "logits"}}}},
                   {"output", "logits"}};
  Json json = cell_epoch(kEpochs)["derived"];
  json["model"] = model;
  json["architecture"] = cell_epoch(kEpochs)["architecture"];
  json["by"] = "argmax";
  return json;
}

Json chain_space() {
  Json space{{"algorithm", "gdas"},
             {"epochs", 20},
             {"steps_per_epoch", 100},
             {"warmup", 2},
             {"architectures", 288},
             {"smallest", cost(3e5, 40000)},
             {"largest", cost(9e5, 120000)},
             {"target", nullptr},
             {"limits", {{"skip_share", nullptr}, {"eigenvalue", nullptr}}}};
  Json nodes = Json::array({node("embed", "token embed", "embedding", "")}), edges = Json::array({{{"from", "input"}, {"to", "embed"}}});
  Json cells = Json::array(), choices = Json::array();
  std::string before = "embed";
  const auto link = [&](const std::string& from, const std::string& to) { edges.push_back({{"from", from}, {"to", to}}); };
  for (int k = 1; k <= 2; ++k) {
    const std::string id = "encoder-" + std::to_string(k);
    cells.push_back({{"id", id}, {"cell", "encoder"}, {"pointer", "/model/nodes/1"}, {"parent", ""}, {"web", nullptr}});
    nodes.push_back(node(id + "-norm", "layer norm", "norm", id));
    link(before, id + "-norm");
    const auto mix = static_cast<int>(choices.size());
    choices.push_back({{"id", id + "-mix"},
                       {"title", "context mixing"},
                       {"kind", "operation"},
                       {"pointer", "/model/cells/encoder/nodes/1"},
                       {"cell", id},
                       {"places", {id + "-mix"}},
                       {"candidates",
                        {candidate("attention", "attention", 1.6e5, 16640), candidate("attention, window 16", "attention", 1.2e5, 16640),
                         candidate("conv 3", "conv1d", 0.9e5, 12352), candidate("skip", "identity", 0, 0)}}});
    const char* const ops[] = {"full", "window", "conv", "skip"};
    for (int i = 0; i < 4; ++i) {
      Json one = node(id + "-mix-" + ops[i], ops[i], "attention", id);
      one["candidate"] = {mix, i};
      nodes.push_back(std::move(one));
      link(id + "-norm", id + "-mix-" + ops[i]);
      link(id + "-mix-" + ops[i], id + "-mix");
    }
    nodes.push_back(node(id + "-mix", "context mixing", "choice", id, mix));
    choices.push_back(
        {{"id", id + "-hidden"},
         {"title", "mlp, hidden"},
         {"kind", "size"},
         {"pointer", "/model/cells/encoder/nodes/2/hidden"},
         {"cell", id},
         {"places", {id + "-mlp"}},
         {"candidates", {candidate("64", "mlp", 1e5, 8320), candidate("128", "mlp", 2e5, 16576), candidate("256", "mlp", 4e5, 33088)}}});
    nodes.push_back(node(id + "-mlp", "mlp", "mlp", id));
    link(id + "-mix", id + "-mlp");
    before = id + "-mlp";
  }
  choices.push_back({{"id", "depth"},
                     {"title", "depth"},
                     {"kind", "depth"},
                     {"pointer", "/model/nodes/1/repeat"},
                     {"cell", ""},
                     {"places", {"depth"}},
                     {"candidates", {candidate("1", "depth", 3e5, 40000), candidate("2", "depth", 6e5, 80000)}}});
  nodes.push_back(node("depth", "depth", "choice", "", 4));
  link("encoder-1-mlp", "depth");
  link(before, "depth");
  nodes.push_back(node("logits", "logits", "output", ""));
  link("depth", "logits");
  space["nodes"] = nodes;
  space["edges"] = edges;
  space["cells"] = cells;
  space["choices"] = choices;
  space["edge_weights"] = Json::array();
  return space;
}

Json chain_epoch(int epoch) {
  const double s = epoch / 10.0;
  const Json choices = {state({0.2 * s, 0.9 * s, 0.4 * s, -0.5 * s}), state({0.1 * s, 0.8 * s, 0.0}),
                        state({0.5 * s, 0.1 * s, 0.9 * s, -0.2 * s}), state({0.9 * s, 0.2 * s, -0.4 * s}), state({-0.3 * s, 0.6 * s})};
  return {{"epoch", epoch},
          {"step", epoch * 100},
          {"choices", choices},
          {"edge_weights", Json::array()},
          {"expected", cost(7e5 - 1e4 * epoch, 90000)},
          {"derived", cost(5.2e5, 70000)},
          {"architecture", {1, 1, 2, 0, 1}},
          {"guards", {{"skip_share", 0.2}, {"eigenvalue", nullptr}, {"entropy", 0.7}, {"margin", 0.3}}},
          {"val", {{"loss", 0.4}, {"accuracy", 0.9}}},
          {"temperature", 1},
          {"architecture_lr", 3e-4}};
}

}  // namespace sample_search

namespace {

constexpr double kMorning = 1'700'035'200;  // 15 November 2023, 08:00 UTC

Json resolved_search() {
  Json document = Json::parse(value_of(template_document("dnas-nasbench201")));
  document["name"] = "cell-mnist";
  // Short enough that a test can train what is derived from it.
  document["training"] = {{"epochs", 1}, {"steps_per_epoch", 4}, {"batch", 8}, {"eval_batches", 1}};
  return document;
}

/// Events of one run with rising numbers.
struct Script {
  double start;
  std::vector<Event> events = {};
  void add(double seconds, EventBody body) {
    events.push_back({static_cast<std::int64_t>(events.size()) + 1, start + seconds, std::move(body)});
  }
  void sample(int epoch, int steps, const char* kind, const std::string& data) {
    add(60.0 * epoch, SampleBody{std::int64_t{epoch} * steps, kind, data, {}});
  }
};

}  // namespace

RunRow SearchProject::create(Project& project, const std::string& name, const std::string& task, const std::string& experiment) {
  Json resolved = resolved_search();
  resolved["name"] = experiment;
  resolved["task"] = task;
  Experiment document;
  document.document = document.resolved = resolved.dump(2);
  document.task = task;
  document.name = experiment;
  document.device = "cpu";
  document.seed = 1;
  std::string& id = experiments_[experiment];
  id = value_of(project.save_experiment(id, experiment, task, document.document, folder_.path().string()));
  const Json record{
      {"threads", 2}, {"parameters", 81'234}, {"steps_per_epoch", sample_search::kStepsPerEpoch}, {"forward_flops", 8 * 5.02e7}};
  RunRow row = value_of(project.create_run(id, document, record.dump()));
  ids_[name] = row.id;
  return row;
}

void SearchProject::add(Project& project, const std::string& name, int epochs, RunStatus status, bool chain) {
  using namespace sample_search;
  const RunRow row = create(project, name, "search", chain ? "text-encoder" : "cell-mnist");
  Script script{kMorning + 600.0 * static_cast<double>(row.number)};
  script.add(0, StatusBody{RunStatus::Running, 0, {}, {}});
  const int steps = chain ? 100 : kStepsPerEpoch;
  if (epochs >= 0) script.sample(0, steps, "space", (chain ? chain_space() : cell_space()).dump());
  for (int epoch = 0; epoch <= epochs; ++epoch) {
    for (int s = epoch == 0 ? 0 : 1; epoch > 0 && s <= steps; s += 14) {
      const int step = (epoch - 1) * steps + s;
      const double at = static_cast<double>(step) / steps;
      script.add(60 * at, MetricBody{"train/loss", step, 0.04 + 2.2 * std::exp(-at / 4) * (1 + 0.06 * std::sin(step))});
      script.add(60 * at, MetricBody{"search/loss", step, 0.06 + 2.2 * std::exp(-at / 4.4) * (1 + 0.06 * std::cos(step))});
    }
    script.sample(epoch, steps, "search", (chain ? chain_epoch(epoch) : cell_epoch(epoch)).dump());
    script.sample(epoch, steps, "architectures", architectures(epoch).dump());
    if (!chain && epoch == kCollapse)
      script.add(60.0 * epoch, MarkBody{std::int64_t{epoch} * steps, "collapse",
                                        "Epoch 21: skip share rose to 0.61, limit 0.60. The distribution of epoch 18 was restored and the "
                                        "architecture rate halved to 1.5e-4."});
  }
  const int reached = std::max(0, epochs) * steps, total = (chain ? 20 : kEpochs) * steps;
  if (status == RunStatus::Finished && !chain) script.sample(epochs, steps, "derived", derived().dump());
  script.add(60.0 * epochs, ProgressBody{reached, total, 900, "images/s", 30.0 * (total - reached) / steps});
  const bool failed = status == RunStatus::Failed;
  script.add(60.0 * epochs + 1, StatusBody{status, reached, failed ? "search/loss became NaN at step 1270." : "",
                                           failed ? "A lower learning rate may help." : ""});
  project.append(row.id, script.events);
  value_of(project.flush());
}

void SearchProject::add_damaged(Project& project) {
  using namespace sample_search;
  const RunRow row = create(project, "damaged", "search", "cell-mnist");
  Script script{kMorning};
  script.add(0, StatusBody{RunStatus::Running, 0, {}, {}});
  script.sample(0, kStepsPerEpoch, "space", cell_space().dump());
  script.sample(0, kStepsPerEpoch, "search", cell_epoch(0).dump());
  script.sample(1, kStepsPerEpoch, "search", "{\"epoch\": 1, \"choices\": [");
  script.sample(2, kStepsPerEpoch, "search", chain_epoch(2).dump());
  script.sample(3, kStepsPerEpoch, "search", "[1, 2]");
  script.sample(4, kStepsPerEpoch, "search", cell_epoch(4).dump());
  script.add(300, StatusBody{RunStatus::Stopped, 4 * kStepsPerEpoch, {}, {}});
  project.append(row.id, script.events);
  value_of(project.flush());
}

void SearchProject::add_plain(Project& project) {
  const RunRow row = create(project, "plain", "train", "mnist-plain");
  Script script{kMorning};
  script.add(0, StatusBody{RunStatus::Running, 0, {}, {}});
  script.add(1, MetricBody{"val/accuracy", 4000, 0.9918});
  script.add(1, MetricBody{"val/loss", 4000, 0.028});
  script.add(2, StatusBody{RunStatus::Finished, 4000, {}, {}});
  project.append(row.id, script.events);
  value_of(project.flush());
}

void SearchProject::add_comparison(Project& project) {
  const RunRow row = create(project, "compared", "search-comparison", "text-comparison");
  Script script{kMorning};
  script.add(0, StatusBody{RunStatus::Running, 0, {}, {}});
  std::vector<TrainedArm> trained;
  for (std::int64_t run = 0; run < 2; ++run)
    for (const auto& [arm, flops, score] : {std::tuple("a", 4e6, 0.9), {"b-width", 2.2e6, 0.88}, {"c-1", 2e6, 0.89}, {"d", 2.1e6, 0.91}})
      trained.push_back({"SUBJ", run, arm, flops, 1e5, score, score + 0.002 * static_cast<double>(run), 1000, 40 * flops});
  ComparisonBars bars;
  const Json report = comparison_report(trained, {{"SUBJ", 0, 1e8}, {"SUBJ", 1, 1e8}}, bars, Json::object());
  Json rows = Json::array();
  for (const TrainedArm& one : trained) rows.push_back(arm_to_json(one));
  script.sample(0, 8, "trainings", Json{{"done", 10}, {"total", 15}, {"rows", rows}, {"report", report}}.dump());
  script.add(60, ProgressBody{10, 15, 30, "trainings/h", 600});
  script.add(61, StatusBody{RunStatus::Stopped, 10, {}, {}});
  project.append(row.id, script.events);
  value_of(project.flush());
}

SearchProject::SearchProject() {
  const auto project = value_of(Project::open(path(), Project::Mode::Create));
  add(*project, "cell", sample_search::kEpochs, RunStatus::Finished, false);
  add(*project, "open", 31, RunStatus::Stopped, false);
  add(*project, "chain", 20, RunStatus::Finished, true);
  add_damaged(*project);
  add(*project, "fresh", -1, RunStatus::Stopped, false);
  add(*project, "failed", 3, RunStatus::Failed, false);
  add_plain(*project);
  add_comparison(*project);
}

}  // namespace dsw
