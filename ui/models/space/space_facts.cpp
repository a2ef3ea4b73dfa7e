// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/space/space_facts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/nas/search_algorithm.h"
#include "engine/nas/search_memory.h"
#include "engine/nas/search_space.h"
#include "ui/models/space/space_edit.h"

namespace dsw {
namespace {

const Cost& dearest(const std::vector<Cost>& costs) {
  return *std::max_element(costs.begin(), costs.end(), [](const Cost& a, const Cost& b) { return a.flops < b.flops; });
}

std::string repeatedPrefix(const Json& node, const std::string& id) {
  const bool once = !node.contains("repeat") || node.at("repeat") == 1;
  return once ? id : id + "-1";
}

/// What gives the result of a web: the last node, or the only edge into it, or what joins the nodes.
std::string webResult(const Json& web, const std::string& prefix) {
  if (textAt(web, "output") == "concat") return prefix + "out";
  const auto edges = spaceWebEdges(web);
  const int last = web.at("nodes").is_number_integer() ? web.at("nodes").get<int>() - 1 : 0;
  int into = 0, from = 0;
  for (const auto& edge : edges)
    if (edge.second == last) ++into, from = edge.first;
  return into == 1 ? prefix + std::to_string(from) + "-" + std::to_string(last) : prefix + std::to_string(last);
}

const char* kindName(SpaceChoice::Kind kind) {
  return kind == SpaceChoice::Kind::Operation ? "operation" : kind == SpaceChoice::Kind::Size ? "size" : "depth";
}

double optimizerSlots(const Json& document) {
  const Json optimizer = document.value("optimizer", Json::object());
  if (!optimizer.is_object()) return 0;
  const std::string type = textAt(optimizer, "type");
  return type == "adamw" ? 2 : 1;
}

/// Where most channels pass; all, while the algorithm is not settled.
PartialChannels partialChannels(const Json& document) {
  const Json search = document.value("search", Json::object());
  const Json settings = search.is_object() ? search.value("algorithm", Json::object()) : Json();
  const std::string type = settings.is_object() ? textAt(settings, "type") : std::string();
  const auto* entry = search_algorithms().find(type);
  if (!entry) return {};
  try {
    const auto algorithm = entry->make(with_defaults(entry->schema, settings));
    return algorithm ? (*algorithm)->partial(1) : PartialChannels{};
  } catch (const std::exception&) {  // a setting of another kind
    return {};
  }
}

}  // namespace

const SpaceFacts::Node* SpaceFacts::node(const std::string& flat) const {
  const auto at = nodes.find(flat);
  return at == nodes.end() ? nullptr : &at->second;
}

const SpaceFacts::Choice* SpaceFacts::choice(const std::string& flat) const {
  const auto at = choices.find(flat);
  return at == choices.end() ? nullptr : &at->second;
}

SpaceFacts spaceFacts(const Json& document, const InputSpec& input, const Catalog& catalog) {
  SpaceFacts facts;
  facts.input = input;
  facts.input_shape = input.input_shape(1);
  if (!document.contains("model") || !document.at("model").is_object()) return facts;
  const SearchSpace space = analyse_space(document.at("model"), input, catalog.layers);
  for (const SpaceNode& node : space.nodes) {
    if (node.costs.empty()) continue;
    facts.nodes[node.node.id] = {node.node.layer->title, node.node.layer->kind, node.node.output, dearest(node.costs)};
  }
  for (const SpaceChoice& choice : space.choices) {
    SpaceFacts::Choice known{kindName(choice.kind), {}, {}, choice.places.size()};
    for (const SpaceCandidate& candidate : choice.candidates) {
      known.titles.push_back(candidate.title);
      if (space.problems.empty()) known.costs.push_back(candidate.cost);  // else they are not worked out
    }
    for (const std::string& place : choice.places) facts.choices[place] = known;
  }
  facts.choice_count = space.choices.size();
  facts.whole = space.problems.empty();
  if (!facts.whole) return facts;
  facts.architectures = space.architectures();
  facts.smallest = space.cost(space.cheapest());
  facts.largest = space.cost(space.dearest());
  for (const auto& [id, node] : facts.nodes) facts.supernet_parameters += node.cost.parameters;
  const Json training = document.value("training", Json::object());
  const Json batch = training.is_object() ? training.value("batch", Json(64)) : Json(64);
  const SearchMemory memory = search_memory(space, batch.is_number_integer() ? std::max<std::int64_t>(1, batch.get<std::int64_t>()) : 64,
                                            optimizerSlots(document), partialChannels(document));
  facts.all_bytes = memory.all_bytes;
  facts.path_bytes = memory.path_bytes;
  return facts;
}

std::string spaceFlatId(const Json& model, const std::string& path) {
  std::string prefix;
  SpaceNodeRef ref;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t slash = path.find('/', begin);
    ref.id = path.substr(begin, slash == std::string::npos ? slash : slash - begin);
    const Json* node = spaceNode(model, ref);
    const std::string cell = node ? spaceCellOf(*node) : std::string();
    if (slash == std::string::npos) {
      const Json* part = cell.empty() ? nullptr : spacePart(model, cell);
      const Json repeat = node && node->contains("repeat") ? node->at("repeat") : Json(1);
      if (!part || repeat.is_object()) return prefix + ref.id;  // an open depth has a node of its own
      const std::string times = repeat.is_number_integer() && repeat != 1 ? "-" + std::to_string(repeat.get<std::int64_t>()) : "";
      if (isWeb(*part)) return webResult(*part, prefix + ref.id + times + "-");
      const std::string output = spaceOutput(*part);
      if (output.empty() || path.size() > 512) return prefix + ref.id;
      // Its result is that of its output, which may be a cell again.
      const std::string inner = spaceFlatId(model, path + "/" + output);
      const std::string first = prefix + repeatedPrefix(*node, ref.id), last = prefix + ref.id + times;
      return inner.starts_with(first + "-") ? last + inner.substr(first.size()) : inner;
    }
    if (cell.empty()) return prefix + ref.id;
    prefix += repeatedPrefix(*node, ref.id) + "-";
    ref.part = cell;
    begin = slash + 1;
  }
}

}  // namespace dsw
