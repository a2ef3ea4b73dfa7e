// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a graph document: names, settings, wiring, order, shapes; each mistake is said at its JSON pointer.
#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/nn/models/graph.h"
#include "engine/nn/models/settings.h"

namespace dsw {
namespace {

constexpr std::size_t kMostNodes = 4096;

std::string json_text(const std::string& text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }
std::string short_text(const std::string& text) { return text.size() <= 60 ? text : text.substr(0, 60) + "…"; }

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
}

/// A node as it is written: what could be read of it.
struct Draft {
  std::string id, pointer;
  std::vector<std::string> inputs;
  std::vector<std::string> input_pointers;
  std::shared_ptr<LayerType> layer;  ///< null: op or settings are wrong
  std::string op;
  std::vector<std::size_t> from;  ///< draft numbers; kGraphInput
  bool wired = true;              ///< all inputs are known
};

class Analyser {
 public:
  Analyser(const Json& settings, const InputSpec& input, std::int64_t batch, const Registry<LayerType>& layers)
      : settings_(settings), input_(input), batch_(batch), layers_(layers) {}

  GraphAnalysis run() {
    const Json nodes = settings_.value("nodes", Json());
    if (!nodes.is_array() || nodes.empty()) {
      problem("/model/nodes", "is empty, but a network has at least one node: {\"id\": \"a\", \"op\": \"linear\", …}");
      return std::move(analysis_);
    }
    if (nodes.size() > kMostNodes) {
      problem("/model/nodes", fmt::format("has {} nodes, but at most {} are possible", nodes.size(), kMostNodes));
      return std::move(analysis_);
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) read_node(nodes[i], i);
    wire();
    const std::size_t output = find_output();
    const std::vector<std::size_t> order = sort();
    if (output != kGraphInput) find_dead_ends(output);
    if (order.size() == drafts_.size()) infer_shapes(order, output);
    return std::move(analysis_);
  }

 private:
  void problem(const std::string& pointer, std::string message, std::vector<Fix> fixes = {}) {
    if (message.back() != '.') message += '.';
    analysis_.problems.push_back({pointer, std::move(message), std::move(fixes), false});
  }

  /// "…, nearest name" with a fix that sets the pointer to it.
  void unknown(const std::string& pointer, const std::string& name, const std::string& message, const std::vector<std::string>& names) {
    const std::string near = nearest_name(name, names);
    std::vector<Fix> fixes;
    if (!near.empty()) fixes.push_back({"Use " + near, pointer, json_text(near), {}, false});
    problem(pointer,
            fmt::format("is {}, {}.{}", json_text(short_text(name)), message,
                        near.empty() ? std::string() : fmt::format(" Nearest name: `{}`.", near)),
            std::move(fixes));
  }

  void read_node(const Json& node, std::size_t index) {
    Draft draft;
    draft.pointer = fmt::format("/model/nodes/{}", index);
    if (!node.is_object()) {
      problem(draft.pointer, "is no object, but a node is one: {\"id\": \"a\", \"op\": \"linear\", …}");
      draft.wired = false;
      drafts_.push_back(std::move(draft));
      return;
    }
    read_id(node, draft);
    read_inputs(node, draft, index);
    read_layer(node, draft);
    drafts_.push_back(std::move(draft));
  }

  void read_id(const Json& node, Draft& draft) {
    const Json id = node.value("id", Json());
    if (!id.is_string() || !is_name(id.get<std::string>())) {
      problem(draft.pointer + (node.contains("id") ? "/id" : ""), "needs an id of letters, digits, - and _ by which others name it");
      return;
    }
    draft.id = id.get<std::string>();
    if (draft.id == "input") problem(draft.pointer + "/id", "is \"input\", which is the network's own input");
    if (!by_id_.emplace(draft.id, drafts_.size()).second)
      problem(draft.pointer + "/id", fmt::format("is \"{}\", but an earlier node is called so", draft.id));
  }

  void read_inputs(const Json& node, Draft& draft, std::size_t index) {
    if (!node.contains("inputs")) {
      draft.inputs = {index == 0 ? "input" : drafts_.back().id};
      draft.input_pointers = {draft.pointer};
      return;
    }
    const Json& inputs = node["inputs"];
    const std::string pointer = draft.pointer + "/inputs";
    if (!inputs.is_array() || inputs.empty()) {
      problem(pointer, "must be a list of ids: [\"input\"]");
      draft.wired = false;
      return;
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].is_string()) {
        problem(fmt::format("{}/{}", pointer, i), "must be the id of a node, or \"input\"");
        draft.wired = false;
        continue;
      }
      draft.inputs.push_back(inputs[i].get<std::string>());
      draft.input_pointers.push_back(fmt::format("{}/{}", pointer, i));
    }
  }

  void read_layer(const Json& node, Draft& draft) {
    const Json op = node.value("op", Json());
    if (!op.is_string()) {
      problem(draft.pointer, "names no op; one of the layers: linear, conv2d, activation, add, …");
      return;
    }
    draft.op = op.get<std::string>();
    const auto* entry = layers_.find(draft.op);
    if (!entry) {
      unknown(draft.pointer + "/op", draft.op, "but there is no such layer", layers_.names());
      return;
    }
    Json rest = node;
    for (const char* key : {"id", "op", "inputs"}) rest.erase(key);
    std::vector<Problem> wrong = check_params(entry->schema, rest, draft.pointer);
    if (wrong.empty()) {
      auto made = entry->make(with_defaults(entry->schema, rest));
      if (made) {
        draft.layer = std::move(*made);
      } else {
        problem(draft.pointer, made.error().message);
      }
    }
    for (Problem& found : wrong) analysis_.problems.push_back(std::move(found));
    if (!draft.layer || !draft.wired) return;
    const std::size_t count = draft.inputs.size();
    if (count < draft.layer->least_inputs || count > draft.layer->most_inputs) {
      const std::string wanted =
          draft.layer->most_inputs == 1 ? "one" : fmt::format("{} to {}", draft.layer->least_inputs, draft.layer->most_inputs);
      problem(draft.pointer + (node.contains("inputs") ? "/inputs" : ""),
              fmt::format("gives {} {} inputs, but it takes {}", draft.op, count, wanted));
      draft.wired = false;
    }
  }

  void wire() {
    std::vector<std::string> names{"input"};
    for (const Draft& draft : drafts_) names.push_back(draft.id);
    for (Draft& draft : drafts_) {
      for (std::size_t i = 0; i < draft.inputs.size(); ++i) {
        const std::string& name = draft.inputs[i];
        const auto at = by_id_.find(name);
        if (name == "input") {
          draft.from.push_back(kGraphInput);
        } else if (at != by_id_.end()) {
          draft.from.push_back(at->second);
        } else {
          draft.wired = false;
          if (!name.empty()) unknown(draft.input_pointers[i], name, "which no node is called", names);
        }
      }
    }
  }

  std::size_t find_output() {
    const Json name = settings_.value("output", Json());
    if (!name.is_string() || name.get<std::string>().empty()) return drafts_.size() - 1;
    const auto at = by_id_.find(name.get<std::string>());
    if (at != by_id_.end()) return at->second;
    std::vector<std::string> names;
    for (const Draft& draft : drafts_) names.push_back(draft.id);
    unknown("/model/output", name.get<std::string>(), "which no node is called", names);
    return kGraphInput;
  }

  /// Inputs first; equal ones in document order. Cycles are said once each; then the order is not whole.
  std::vector<std::size_t> sort() {
    enum class Mark { New, Open, Done };
    std::vector<Mark> marks(drafts_.size(), Mark::New);
    std::vector<std::size_t> order;
    bool cyclic = false;
    for (std::size_t root = 0; root < drafts_.size(); ++root) {
      if (marks[root] != Mark::New) continue;
      std::vector<std::pair<std::size_t, std::size_t>> path{{root, 0}};  // node, its next input
      marks[root] = Mark::Open;
      while (!path.empty()) {
        auto& [node, next] = path.back();
        if (next == drafts_[node].from.size()) {
          marks[node] = Mark::Done;
          order.push_back(node);
          path.pop_back();
          continue;
        }
        const std::size_t from = drafts_[node].from[next++];
        if (from == kGraphInput || marks[from] == Mark::Done) continue;
        if (marks[from] == Mark::Open) {
          say_cycle(path, from);
          cyclic = true;
          continue;
        }
        marks[from] = Mark::Open;
        path.emplace_back(from, 0);
      }
    }
    return cyclic ? std::vector<std::size_t>() : order;
  }

  void say_cycle(const std::vector<std::pair<std::size_t, std::size_t>>& path, std::size_t from) {
    std::string text = drafts_[from].id;
    std::size_t steps = 0;
    for (auto at = path.rbegin(); at != path.rend() && at->first != from && ++steps <= 8; ++at) text = drafts_[at->first].id + " → " + text;
    if (steps > 8) text = "… → " + text;
    const Draft& last = drafts_[path.back().first];
    problem(last.pointer + "/inputs",
            fmt::format("closes a cycle: {} → {}; a network runs from its input to its output", drafts_[from].id, text));
  }

  void find_dead_ends(std::size_t output) {
    std::vector<bool> used(drafts_.size(), false);
    std::vector<std::size_t> open{output};
    used[output] = true;
    while (!open.empty()) {
      const std::size_t node = open.back();
      open.pop_back();
      for (const std::size_t from : drafts_[node].from) {
        if (from == kGraphInput || used[from]) continue;
        used[from] = true;
        open.push_back(from);
      }
    }
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      if (!used[i])
        problem(drafts_[i].pointer,
                fmt::format("leads nowhere: the output {} does not need `{}`", json_text(drafts_[output].id), drafts_[i].id));
    }
  }

  void infer_shapes(const std::vector<std::size_t>& order, std::size_t output) {
    const Shape input_shape = input_.input_shape(batch_);
    const bool ids = input_.kind != InputSpec::Kind::Image;
    std::vector<std::size_t> place(drafts_.size(), kGraphInput);
    std::vector<bool> known(drafts_.size(), false);
    for (const std::size_t index : order) {
      Draft& draft = drafts_[index];
      if (!draft.layer || !draft.wired) continue;
      GraphNode node{draft.id, draft.op, index, {}, draft.layer, nullptr, {}};
      std::vector<Shape> shapes;
      bool ready = true, reads_ids = false;
      bool masked = true;
      for (std::size_t i = 0; i < draft.from.size(); ++i) {
        const std::size_t from = draft.from[i];
        ready = ready && (from == kGraphInput || known[from]);
        if (draft.layer->masks && i == 1)
          masked = from == kGraphInput && input_.kind == InputSpec::Kind::TokenSequence;
        else
          reads_ids = reads_ids || (from == kGraphInput && ids);
        if (!ready) break;
        node.inputs.push_back(from == kGraphInput ? kGraphInput : place[from]);
        shapes.push_back(from == kGraphInput ? input_shape : analysis_.nodes[place[from]].output);
      }
      if (!ready) continue;
      if (!masked) {
        problem(draft.input_pointers[1], "must be \"input\", the token ids of texts with padding, which is left out; or leave it away");
        continue;
      }
      if (reads_ids != draft.layer->wants_ids) {
        problem(draft.pointer, reads_ids ? "reads the input, which is token ids: an embedding has to come first"
                                         : "embeds numbers, but it wants the token ids of the input");
        continue;
      }
      try {
        node.module = draft.layer->make(shapes, input_);
        const auto* join = dynamic_cast<const JoinModule*>(node.module.get());
        node.output = join ? join->join_shape(shapes) : node.module->output_shape(shapes.front());
      } catch (const Error& error) {
        problem(draft.pointer, "does not fit: " + error.message);
        continue;
      }
      known[index] = true;
      place[index] = analysis_.nodes.size();
      analysis_.nodes.push_back(std::move(node));
    }
    if (output == kGraphInput || !known[output]) return;
    analysis_.output = place[output];
    Shape wanted{batch_, input_.classes};
    if (input_.kind == InputSpec::Kind::Tokens) wanted = {batch_, input_.context, input_.vocabulary};
    const Shape& given = analysis_.nodes[place[output]].output;
    if (given != wanted) {
      problem(drafts_[output].pointer, fmt::format("is the output and gives {}, but the data need {}; the layer logits has the right width",
                                                   given.text(), wanted.text()));
    }
  }

  const Json& settings_;
  const InputSpec& input_;
  std::int64_t batch_;
  const Registry<LayerType>& layers_;
  std::vector<Draft> drafts_;
  std::map<std::string, std::size_t> by_id_;
  GraphAnalysis analysis_;
};

}  // namespace

GraphAnalysis analyse_graph(const Json& settings, const InputSpec& input, std::int64_t batch, const Registry<LayerType>& layers) {
  return Analyser(settings, input, batch, layers).run();
}

}  // namespace dsw
