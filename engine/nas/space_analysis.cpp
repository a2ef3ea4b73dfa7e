// SPDX-License-Identifier: GPL-3.0-or-later
// A space is lowered to a flat graph, which the analysis of graph models then reads; problems go back to where they were written.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/nas/lowering.h"
#include "engine/nas/open_width.h"
#include "engine/nas/search_space.h"

namespace dsw {
namespace {

/// Stands for kMixOp and kEdgeSumOp in shapes and costs; the supernet computes them.
class Gathering : public JoinModule {
 public:
  explicit Gathering(bool sums) : sums_(sums) {}
  Tensor join(const std::vector<Tensor>&, Forward&) override { throw Error(ErrorCode::Internal, "a choice is computed by its supernet"); }
  Shape join_shape(const std::vector<Shape>& inputs) const override {
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      if (inputs[i] == inputs.front()) continue;
      throw Error(ErrorCode::ShapeMismatch,
                  fmt::format("{} of one shape, but the first gives {} and number {} gives {}",
                              sums_ ? "a sum wants edges" : "a choice wants candidates", inputs.front().text(), i + 1, inputs[i].text()));
    }
    return inputs.front();
  }
  Cost join_cost(const std::vector<Shape>& inputs) const override {
    return sums_ ? Cost{static_cast<double>(inputs.front().elements()) * static_cast<double>(inputs.size() - 1), 0, 0} : Cost{};
  }

 private:
  bool sums_;
};

Registry<LayerType> with_choices(const Registry<LayerType>& layers) {
  Registry<LayerType> all("layer");
  for (const std::string& name : layers.names()) all.add(*layers.find(name));
  for (const bool sums : {false, true}) {
    all.add({sums ? kEdgeSumOp : kMixOp, "", {}, [sums](const Json&) -> Result<std::unique_ptr<LayerType>> {
               return std::make_unique<LayerType>(
                   LayerType{sums ? "add" : "choice", sums ? "+" : "choice", 1, 4096, false, false,
                             [sums](const std::vector<Shape>&, const InputSpec&) { return std::make_unique<Gathering>(sums); },
                             Narrowing::Follows, ""});
             }});
  }
  return all;
}

Cost own_cost(const Module& module, const std::vector<Shape>& shapes) {
  const auto* join = dynamic_cast<const JoinModule*>(&module);
  return join ? join->join_cost(shapes) : module.cost(shapes.front());
}

class SpaceReader {
 public:
  SpaceReader(const Json& model, const InputSpec& input, const Registry<LayerType>& layers)
      : layers_(with_choices(layers)), flat_(lower_space(model, layers_)) {
    space_.input = input;
  }

  SearchSpace run() {
    for (Problem& found : flat_.problems) add(std::move(found));
    GraphAnalysis graph;
    if (!flat_.notes.empty()) {
      graph = analyse_graph(flat_.graph, space_.input, 1, layers_);
      for (Problem& found : graph.problems) {
        for (Fix& fix : found.fixes) fix.pointer = source_pointer(fix.pointer, flat_.notes);
        found.pointer = source_pointer(found.pointer, flat_.notes);
        add(std::move(found));
      }
    }
    const bool fits = space_.problems.empty();
    if (!fits)
      for (SpaceChoice& choice : flat_.choices) choice.width = false;  // nothing is said of widths before the widest fits
    const OpenWidths widths(flat_, graph, space_.input, layers_);
    for (const Problem& found : widths.problems()) add(found);
    space_.choices = std::move(flat_.choices);
    space_.edges = std::move(flat_.edges);
    space_.cells = std::move(flat_.cells);
    take_nodes(graph, widths);
    if (space_.problems.empty()) {
      if (space_.choices.empty()) add({"/model/nodes", "leaves nothing open: a space has at least one choice.", {}, false});
      check_reached();
    }
    if (space_.problems.empty()) {
      fill_candidates();
      width_costs();
    }
    return std::move(space_);
  }

 private:
  void add(Problem found) {
    const bool known =
        std::any_of(space_.problems.begin(), space_.problems.end(), [&](const Problem& p) { return p.pointer == found.pointer; });
    if (!known) space_.problems.push_back(std::move(found));
  }

  void take_nodes(GraphAnalysis& graph, const OpenWidths& widths) {
    space_.output = graph.output;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      GraphNode& node = graph.nodes[n];
      FlatNote& note = flat_.notes[node.index];
      SpaceNode taken{std::move(node),
                      note.pointer,
                      note.cell,
                      note.choice,
                      note.edges,
                      note.sizes,
                      widths.axis(n),
                      note.conditions,
                      flat_.graph["nodes"][node.index],
                      {},
                      {}};
      for (const char* key : {"id", "op", "inputs"}) taken.settings.erase(key);
      for (const std::size_t choice : widths.seen_by(n))
        if (std::none_of(note.sizes.begin(), note.sizes.end(), [&](const SpaceNode::Size& size) { return size.choice == choice; }))
          taken.sizes.push_back({"", choice});
      cost_of(taken, n, widths);
      space_.nodes.push_back(std::move(taken));
    }
  }

  /// For each combination of sizes, the last one's fastest.
  void cost_of(SpaceNode& node, std::size_t number, const OpenWidths& widths) {
    const auto* entry = layers_.find(node.node.op);
    std::size_t combinations = 1;
    for (const SpaceNode::Size& size : node.sizes) combinations *= space_.choices[size.choice].candidates.size();
    for (std::size_t combination = 0; combination < combinations; ++combination) {
      const std::vector<std::size_t> picked = space_.picks(node, combination);
      OpenWidths::Picks picks;
      for (std::size_t s = 0; s < picked.size(); ++s) picks[node.sizes[s].choice] = picked[s];
      const std::vector<Shape>& shapes = node.input_shapes.emplace_back(widths.input_shapes(number, picks));
      try {
        Cost cost;
        if (node.sizes.empty()) {
          cost = own_cost(*node.node.module, shapes);
        } else {
          auto type = entry->make(with_defaults(entry->schema, space_.settings(node, combination)));
          cost = own_cost(*(*type)->make(shapes, space_.input), shapes);
        }
        cost.activation_bytes += widths.kept_output(number, picks);
        node.costs.push_back(cost);
      } catch (const Error& error) {
        add({node.pointer, "does not fit with every size: " + error.message + ".", {}, false});
        node.costs.push_back({});
      }
    }
  }

  /// An output that gets nothing of the input, whatever is chosen.
  void check_reached() {
    std::vector<bool> reached(space_.nodes.size(), false);
    for (std::size_t i = 0; i < space_.nodes.size(); ++i) {
      const GraphNode& node = space_.nodes[i].node;
      for (const std::size_t from : node.inputs) reached[i] = reached[i] || from == kGraphInput || reached[from];
      if (node.op == "zero") reached[i] = false;
    }
    if (space_.output != kGraphInput && !reached[space_.output])
      add({space_.nodes[space_.output].pointer, "is the output, but nothing of the input reaches it: every path is zero.", {}, false});
  }

  /// Titles and costs of candidates, which are known only now. A nested choice counts as its cheapest candidate.
  void fill_candidates() {
    std::map<std::string, std::size_t> place;
    for (std::size_t i = 0; i < space_.nodes.size(); ++i) place[space_.nodes[i].node.id] = i;
    for (std::size_t c = 0; c < space_.choices.size(); ++c) {
      SpaceChoice& choice = space_.choices[c];
      if (choice.width) continue;
      if (choice.kind == SpaceChoice::Kind::Size) {
        for (const SpaceNode& node : space_.nodes)
          for (std::size_t s = 0; s < node.sizes.size(); ++s)
            if (node.sizes[s].choice == c && choice.places.front() == node.node.id + "-" + node.sizes[s].setting)
              size_costs(node, s, choice);
        continue;
      }
      if (choice.kind != SpaceChoice::Kind::Operation) continue;
      const std::vector<std::string>& ids = flat_.candidate_ids[c].front();
      for (std::size_t i = 0; i < ids.size(); ++i) {
        SpaceCandidate& candidate = choice.candidates[i];
        const auto at = place.find(fmt::format("{}-{}", choice.id, i));
        if (candidate.op == "cell") {
          if (candidate.title.empty()) candidate.title = "cell";
          candidate.kind = "cell";
          candidate.cost = nested_cost(c, i);
        } else if (at != place.end()) {
          const SpaceNode& node = space_.nodes[at->second];
          if (candidate.title.empty()) candidate.title = node.node.layer->title;
          candidate.kind = node.node.layer->kind;
          candidate.cost =
              *std::min_element(node.costs.begin(), node.costs.end(), [](const Cost& a, const Cost& b) { return a.flops < b.flops; });
        }
      }
    }
  }

  /// Of a width: what the cheapest network with it costs.
  void width_costs() {
    Architecture smallest = space_.cheapest();
    for (std::size_t c = 0; c < space_.choices.size(); ++c) {
      if (!space_.choices[c].width) continue;
      Architecture with = smallest;
      for (std::size_t i = 0; i < space_.choices[c].candidates.size(); ++i) {
        with.choices[c] = static_cast<std::int32_t>(i);
        space_.choices[c].candidates[i].cost = space_.cost(with);
      }
    }
  }

  void size_costs(const SpaceNode& node, std::size_t which, SpaceChoice& choice) const {
    std::size_t stride = 1;
    for (std::size_t s = node.sizes.size(); s-- > which + 1;) stride *= space_.choices[node.sizes[s].choice].candidates.size();
    for (std::size_t i = 0; i < choice.candidates.size(); ++i) choice.candidates[i].cost = node.costs[i * stride];
  }

  /// Nodes that are computed only where this choice takes this candidate, without those of choices within.
  Cost nested_cost(std::size_t choice, std::size_t candidate) const {
    Cost sum;
    const std::string first = space_.choices[choice].places.front() + fmt::format("-{}-", candidate);
    for (const SpaceNode& node : space_.nodes)
      if (node.node.id.starts_with(first) && !node.conditions.empty() && node.conditions.back().choice == choice &&
          node.conditions.back().candidates[candidate])
        sum += node.costs.front();
    return sum;
  }

  Registry<LayerType> layers_;
  FlatSpace flat_;
  SearchSpace space_;
};

}  // namespace

SearchSpace analyse_space(const Json& model, const InputSpec& input, const Registry<LayerType>& layers) {
  return SpaceReader(model, input, layers).run();
}

ParamSchema space_schema() {
  ParamSchema schema;
  schema.summary = "A network in which some layers, sizes and depths are left open.";
  Param node = any_param(
      "", "Node",
      "A layer, a choice {\"id\", \"op\": \"choice\", \"candidates\": […]} or a cell {\"id\", \"op\": \"cell\", \"cell\": NAME}.");
  Param nodes = required(list_param("nodes", "Nodes", "", node,
                                    "Layers, choices and cells with their ids and inputs. Without inputs a node reads the one before it."));
  nodes.min_items = 1;
  schema.add(nodes);
  schema.add(any_param("cells", "Cells", "Parts with a name: {NAME: {\"nodes\": […]}}."));
  schema.add(string_param("output", "Output", std::nullopt, "Id of the node whose result is the network's. Default: the last one."));
  schema.add(advanced(
      any_param("layout", "Layout", "Where nodes stand on the canvas, px: {NODE: [x, y], CELL/NODE: [x, y]}. It changes nothing else.")));
  return schema;
}

}  // namespace dsw
