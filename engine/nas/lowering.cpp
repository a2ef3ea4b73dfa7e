// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/lowering.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/nas/space_parts.h"

namespace dsw {
namespace {

constexpr std::size_t kMostNodes = 4096;

/// Whether a candidate can read two inputs.
bool reads_two(const std::string& op) {
  static const std::set<std::string> all{"attention", "mean-tokens", "cell", "add", "multiply", "concat"};
  return all.contains(op);
}

class Lowering {
 public:
  Lowering(const Json& model, const Registry<LayerType>& layers) : model_(model), layers_(layers) {}

  FlatSpace run() {
    flat_.graph = {{"nodes", Json::array()}, {"output", ""}};
    const Place top{"", "", "", {}, {}};
    const std::string output = network(model_, "/model", {"input"}, top);
    flat_.graph["output"] = resolved(output);
    for (Json& node : flat_.graph["nodes"])
      for (Json& input : node["inputs"]) input = resolved(input.get<std::string>());
    for (auto& choice : flat_.candidate_ids)
      for (auto& place : choice)
        for (std::string& id : place) id = resolved(id);
    return std::move(flat_);
  }

 private:
  using Conditions = std::vector<SpaceNode::Condition>;
  /// Where in the flat network something is put.
  struct Place {
    std::string prefix;  ///< of ids: "encoder-1-"
    std::string cell;    ///< id of the cell in place
    std::string share;   ///< choices with the same key below it are one; empty: every place decides for itself
    Conditions conditions;
    std::vector<std::string> inside;  ///< names of the cells around it
  };

  void problem(const std::string& pointer, std::string message) { flat_.problems.push_back({pointer, std::move(message), {}, false}); }

  /// An id behind which a cell's output or a single edge stands.
  std::string resolved(std::string id) const {
    for (std::size_t steps = 0; steps <= aliases_.size(); ++steps) {
      const auto at = aliases_.find(id);
      if (at == aliases_.end()) break;
      id = at->second;
    }
    return id;
  }

  /// {"nodes": […], "output": …}; gives the flat id of its output.
  std::string network(const Json& part, const std::string& pointer, const std::vector<std::string>& inputs, const Place& place) {
    const Json nodes = part.value("nodes", Json());
    if (!nodes.is_array() || nodes.empty()) {
      problem(pointer + "/nodes", "is empty, but a network has at least one node: {\"id\": \"a\", \"op\": \"linear\", …}.");
      return inputs.front();
    }
    std::map<std::string, std::string> names{{"input", inputs.front()}};
    for (std::size_t i = 1; i < inputs.size(); ++i) names[fmt::format("input-{}", i + 1)] = inputs[i];
    const auto id_of = [](const Json& node) {
      const Json id = node.is_object() ? node.value("id", Json()) : Json();
      return id.is_string() ? id.get<std::string>() : std::string();
    };
    for (const Json& node : nodes)
      if (const std::string id = id_of(node); !id.empty()) names.emplace(id, place.prefix + id);
    const auto flat_name = [&](const std::string& name) {
      const auto at = names.find(name);
      return at == names.end() ? place.prefix + name : at->second;
    };
    std::string last = inputs.front();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const Json& node = nodes[i];
      const std::string at = fmt::format("{}/nodes/{}", pointer, i);
      const std::string id = id_of(node);
      if (!node.is_object() || id.empty()) {
        problem(at, "needs an id of letters, digits, - and _ by which others name it: {\"id\": \"a\", \"op\": \"linear\", …}.");
        continue;
      }
      Wiring wiring;
      if (!node.contains("inputs")) {
        wiring = {{last}, {at}};
      } else if (!node["inputs"].is_array() || node["inputs"].empty()) {
        problem(at + "/inputs", "must be a list of ids: [\"input\"].");
        wiring = {{last}, {at}};
      } else {
        for (std::size_t k = 0; k < node["inputs"].size(); ++k) {
          const Json& name = node["inputs"][k];
          wiring.pointers.push_back(fmt::format("{}/inputs/{}", at, k));
          if (!name.is_string()) problem(wiring.pointers.back(), "must be the id of a node, or \"input\".");
          wiring.ids.push_back(name.is_string() ? flat_name(name.get<std::string>()) : last);
        }
      }
      put_node(node, at, place.prefix + id, wiring, place);
      last = place.prefix + id;
    }
    const Json output = part.value("output", Json());
    if (!output.is_string() || output.get<std::string>().empty()) return last;
    const std::string name = output.get<std::string>();
    if (names.contains(name)) return names.at(name);
    std::vector<std::string> known;
    for (const auto& [key, value] : names) known.push_back(key);
    const std::string near = nearest_name(name, known);
    problem(pointer + "/output",
            fmt::format("is \"{}\", which no node is called.{}", name, near.empty() ? "" : " Nearest name: `" + near + "`."));
    return last;
  }

  struct Wiring {
    std::vector<std::string> ids, pointers;
  };

  void put_node(const Json& node, const std::string& pointer, const std::string& id, const Wiring& wiring, const Place& place) {
    if (flat_.notes.size() > kMostNodes) return;
    const Json op = node.value("op", Json());
    if (op == "choice") return put_choice(node, pointer, id, wiring, place);
    if (op == "cell") return put_cell(node, pointer, id, wiring, place);
    put_layer(node, pointer, id, wiring, place);
  }

  std::size_t add_choice(const std::string& key, const std::string& id, const Place& place, SpaceChoice choice) {
    const std::string shared = place.share.empty() ? std::string() : place.share + "/" + key;
    if (!shared.empty()) {
      const auto at = shared_choices_.find(shared);
      if (at != shared_choices_.end()) {
        flat_.choices[at->second].places.push_back(id);
        return at->second;
      }
      shared_choices_.emplace(shared, flat_.choices.size());
    }
    choice.id = id;
    choice.cell = place.cell;
    choice.places = {id};
    flat_.choices.push_back(std::move(choice));
    flat_.candidate_ids.emplace_back();
    return flat_.choices.size() - 1;
  }

  /// Sizes of one name are one choice, wherever they stand.
  std::size_t named_size(const std::string& name, const std::string& id, Place place, SpaceChoice choice) {
    place.share = "size";
    const std::vector<SpaceCandidate> candidates = choice.candidates;
    const std::string at = choice.pointer;
    const bool width = choice.width;
    const std::size_t number = add_choice(name, id, place, std::move(choice));
    SpaceChoice& known = flat_.choices[number];
    known.width = known.width || width;
    if (!std::equal(candidates.begin(), candidates.end(), known.candidates.begin(), known.candidates.end(),
                    [](const SpaceCandidate& a, const SpaceCandidate& b) { return a.value == b.value; }))
      problem(at + "/choice", fmt::format("leaves other sizes open than {}, which has the same name \"{}\".", known.pointer, name));
    return number;
  }

  static Place with_condition(Place place, std::size_t choice, std::vector<bool> candidates) {
    place.conditions.push_back({choice, std::move(candidates)});
    return place;
  }

  static std::string own_key(const std::string& id, const Place& place) { return id.substr(place.prefix.size()); }

  FlatNote note(const std::string& pointer, const Place& place, std::vector<std::string> input_pointers) const {
    return {pointer, place.cell, std::move(input_pointers), SpaceNode::kNone, SpaceNode::kNone, {}, place.conditions};
  }

  void put(const std::string& id, const std::string& op, const std::vector<std::string>& inputs, FlatNote from,
           Json settings = Json::object()) {
    settings["id"] = id;
    settings["op"] = op;
    settings["inputs"] = inputs;
    flat_.graph["nodes"].push_back(std::move(settings));
    flat_.notes.push_back(std::move(from));
  }

  void put_layer(const Json& node, const std::string& pointer, const std::string& id, const Wiring& wiring, const Place& place) {
    Json layer = node;
    layer["id"] = id;
    layer["inputs"] = wiring.ids;
    FlatNote from = note(pointer, place, wiring.pointers);
    for (auto& [key, value] : layer.items()) {
      if (!value.is_object() || !value.contains("choice")) continue;
      const std::string at = pointer + "/" + key;
      const Json values = value["choice"];
      const std::string op = node.value("op", Json()).is_string() ? node["op"].get<std::string>() : "";
      SpaceChoice choice;
      if (!read_values(flat_.problems, values, at, choice)) {
        value = 1;
        continue;
      }
      for (const auto& [own, unused] : value.items())
        if (own != "choice" && own != "name") problem(at + "/" + own, "is not known here; an open size has choice and name.");
      if (!may_be_open(op, key))
        problem(at,
                fmt::format("cannot be left open in {}; open sizes are widths of layers (width of embedding, out of convolutions and of "
                            "linear), heads of attention and hidden of mlp.",
                            op));
      if (op == "attention" && !node.contains("head_width"))
        problem(at, "is left open, so head_width has to be given: the width of one head, whatever their number.");
      const Json name = value.value("name", Json());
      if (value.contains("name") && (!name.is_string() || name.get<std::string>().empty()))
        problem(at + "/name", "must be a word: sizes with the same name are decided together.");
      choice.kind = SpaceChoice::Kind::Size;
      choice.width = is_width(op, key);
      choice.title = name.is_string() ? name.get<std::string>() : key;
      choice.pointer = at;
      std::int64_t most = 0;
      for (const SpaceCandidate& candidate : choice.candidates) most = std::max(most, candidate.value);
      value = most;
      from.sizes.push_back({key, name.is_string() ? named_size(name, id + "-" + key, place, std::move(choice))
                                                  : add_choice(own_key(id, place) + "/" + key, id + "-" + key, place, std::move(choice))});
    }
    flat_.graph["nodes"].push_back(std::move(layer));
    flat_.notes.push_back(std::move(from));
  }

  /// Every candidate as nodes of its own, then the node that takes one of them.
  void put_mix(std::size_t number, const Json& candidates, const std::string& pointer, const std::string& id, const Wiring& wiring,
               const Place& place) {
    std::vector<std::string> ids, pointers;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      std::vector<bool> only(candidates.size(), false);
      only[i] = true;
      Place inner = with_condition(place, number, std::move(only));
      const std::string at = fmt::format("{}/candidates/{}", pointer, i);
      ids.push_back(fmt::format("{}-{}", id, i));
      pointers.push_back(at);
      Json candidate = candidates[i];
      for (const char* key : {"name", "id", "inputs"}) candidate.erase(key);
      Wiring own = wiring;
      // The token ids are for those that leave padding out; the others do without.
      if (own.ids.size() == 2 && own.ids[1] == "input" && !reads_two(candidate.value("op", std::string()))) {
        own.ids.pop_back();
        own.pointers.pop_back();
      }
      put_node(candidate, at, ids.back(), own, inner);
    }
    flat_.candidate_ids[number].push_back(ids);
    FlatNote from = note(pointer, place, pointers);
    from.choice = number;
    put(id, kMixOp, ids, std::move(from));
  }

  void put_choice(const Json& node, const std::string& pointer, const std::string& id, const Wiring& wiring, const Place& place) {
    static const std::set<std::string> known{"id", "op", "inputs", "name", "candidates"};
    for (const auto& [key, value] : node.items())
      if (!known.contains(key)) problem(pointer + "/" + key, "is not known here; a choice has id, name, inputs and candidates.");
    SpaceChoice choice;
    choice.candidates = read_candidates(flat_.problems, node, pointer);
    if (choice.candidates.empty()) {
      aliases_[id] = wiring.ids.front();
      return;
    }
    const Json name = node.value("name", Json());
    choice.title = name.is_string() ? name.get<std::string>() : own_key(id, place);
    choice.pointer = pointer;
    const std::size_t number = add_choice(own_key(id, place), id, place, std::move(choice));
    put_mix(number, node["candidates"], pointer, id, wiring, place);
  }

  void put_cell(const Json& node, const std::string& pointer, const std::string& id, const Wiring& wiring, const Place& place) {
    aliases_[id] = wiring.ids.front();  // where nothing better is found
    static const std::set<std::string> known{"id", "op", "inputs", "cell", "scope", "repeat"};
    for (const auto& [key, value] : node.items())
      if (!known.contains(key)) problem(pointer + "/" + key, "is not known here; a cell's place has id, inputs, cell, scope and repeat.");
    const Json name = node.value("cell", Json());
    const Json cells = model_.value("cells", Json::object());
    if (!name.is_string() || !cells.is_object() || !cells.contains(name.get<std::string>())) {
      std::vector<std::string> names;
      if (cells.is_object())
        for (const auto& [key, value] : cells.items()) names.push_back(key);
      const std::string near = name.is_string() ? nearest_name(name.get<std::string>(), names) : "";
      problem(pointer + (node.contains("cell") ? "/cell" : ""),
              fmt::format("names no cell of /model/cells.{}", near.empty() ? "" : " Nearest name: `" + near + "`."));
      return;
    }
    const std::string cell = name.get<std::string>();
    if (std::find(place.inside.begin(), place.inside.end(), cell) != place.inside.end()) {
      problem(pointer + "/cell", fmt::format("puts the cell \"{}\" into itself.", cell));
      return;
    }
    const Json scope = node.value("scope", Json("each"));
    if (scope != "each" && scope != "shared") problem(pointer + "/scope", "is neither \"each\" nor \"shared\".");
    Place inner = place;
    inner.inside.push_back(cell);
    if (scope == "shared")
      inner.share = "cell " + cell;
    else if (!place.share.empty())
      inner.share = place.share + "/" + own_key(id, place);
    put_repeats(node, pointer, cell, cells.at(cell), id, wiring, place, inner);
  }

  void put_repeats(const Json& node, const std::string& pointer, const std::string& name, const Json& cell, const std::string& id,
                   const Wiring& wiring, const Place& place, Place inner) {
    const Json repeat = node.value("repeat", Json(1));
    if (repeat.is_number_integer() && repeat >= 1 && repeat <= 256) {
      std::string last;
      const auto times = repeat.get<std::int64_t>();
      Wiring chained = wiring;
      for (std::int64_t i = 1; i <= times; ++i) {
        last = put_one(name, cell, pointer, times == 1 ? id : fmt::format("{}-{}", id, i), chained, inner);
        chained.ids.front() = last;
      }
      aliases_[id] = last;
      return;
    }
    SpaceChoice choice;
    if (!repeat.is_object() || !repeat.contains("choice")) {
      problem(pointer + "/repeat", "must be a whole number from 1 to 256, or {\"choice\": [1, 2, 4]}.");
      return;
    }
    if (!read_values(flat_.problems, repeat["choice"], pointer + "/repeat", choice)) return;
    choice.kind = SpaceChoice::Kind::Depth;
    choice.title = "depth";
    choice.pointer = pointer + "/repeat";
    const std::vector<SpaceCandidate> depths = choice.candidates;
    std::int64_t most = 0;
    for (const SpaceCandidate& depth : depths) most = std::max(most, depth.value);
    if (most > 256) return problem(pointer + "/repeat/choice", "has depths above 256.");
    const std::size_t number = add_choice(own_key(id, place) + "/repeat", id, place, std::move(choice));
    std::vector<std::string> outputs{wiring.ids.front()};
    Wiring chained = wiring;
    for (std::int64_t i = 1; i <= most; ++i) {
      std::vector<bool> deep;
      for (const SpaceCandidate& depth : depths) deep.push_back(depth.value >= i);
      outputs.push_back(put_one(name, cell, pointer, fmt::format("{}-{}", id, i), chained, with_condition(inner, number, deep)));
      chained.ids.front() = outputs.back();
    }
    aliases_.erase(id);
    std::vector<std::string> ids;
    for (const SpaceCandidate& depth : depths) ids.push_back(outputs[static_cast<std::size_t>(depth.value)]);
    flat_.candidate_ids[number].push_back(ids);
    FlatNote from = note(pointer, place, std::vector<std::string>(ids.size(), pointer));
    from.choice = number;
    put(id, kMixOp, ids, std::move(from));
  }

  std::string put_one(const std::string& name, const Json& cell, const std::string& pointer, const std::string& id, const Wiring& wiring,
                      Place inner) {
    flat_.cells.push_back({id, name, pointer, inner.cell, 0, 0});
    if (!inner.share.empty() && inner.share != "cell " + name) inner.share += "/" + id.substr(inner.prefix.size());
    inner.prefix = id + "-";
    inner.cell = id;
    const std::string at = "/model/cells/" + name;
    if (cell.is_object() && cell.value("nodes", Json()).is_number()) return put_web(cell, at, wiring, inner);
    if (!cell.is_object()) {
      problem(at, "is no cell: {\"nodes\": […]}.");
      return wiring.ids.front();
    }
    for (const auto& [key, value] : cell.items())
      if (key != "nodes" && key != "output") problem(at + "/" + key, "is not known here; a cell of nodes has nodes and output.");
    return network(cell, at, wiring.ids, inner);
  }

  std::string put_web(const Json& cell, const std::string& at, const Wiring& wiring, const Place& place) {
    SpaceCell& in_place = flat_.cells.back();
    std::set<std::pair<int, int>> edges;
    const std::vector<SpaceCandidate> candidates = read_candidates(flat_.problems, cell, at);
    if (!read_web(flat_.problems, cell, at, in_place, edges) || candidates.empty()) return wiring.ids.front();
    const int nodes = in_place.web_nodes, inputs = in_place.web_inputs;
    if (static_cast<int>(wiring.ids.size()) != inputs) {
      problem(in_place.pointer, fmt::format("gives the cell \"{}\" {} inputs, but it takes {}.", in_place.cell, wiring.ids.size(), inputs));
      return wiring.ids.front();
    }
    const bool reduce = cell.value("reduce", Json(false)) == true;
    const Json keep = cell.value("keep", Json(0));
    if (!keep.is_number_integer() || keep < 0 || keep > 64) problem(at + "/keep", "must be a whole number from 0.");
    std::vector<std::string> names = wiring.ids;
    for (int to = inputs; to < nodes; ++to) {
      SpaceEdges into{place.prefix + std::to_string(to), place.cell, to, {}, keep.is_number_unsigned() ? keep.get<std::size_t>() : 0};
      std::vector<std::string> sums;
      for (int from = 0; from < to; ++from) {
        if (!edges.contains({to, from})) continue;
        SpaceChoice choice;
        choice.candidates = candidates;
        choice.title = fmt::format("{} → {}", from, to);
        choice.pointer = at;
        choice.from = from;
        choice.to = to;
        const std::string id = fmt::format("{}{}-{}", place.prefix, from, to);
        const std::size_t number = add_choice(fmt::format("{}-{}", from, to), id, place, std::move(choice));
        into.choices.push_back(number);
        put_mix(number, reduce && from < inputs ? with_stride(cell["candidates"]) : cell["candidates"], at, id,
                {{names[static_cast<std::size_t>(from)]}, {at}}, place);
        sums.push_back(id);
      }
      names.push_back(into.id);
      if (sums.size() == 1) {
        aliases_[into.id] = sums.front();
        continue;
      }
      FlatNote from = note(at, place, std::vector<std::string>(sums.size(), at));
      from.edges = add_edges(std::move(into), place);
      put(names.back(), kEdgeSumOp, sums, std::move(from));
    }
    const Json output = cell.value("output", Json("last"));
    if (output == "last") return names.back();
    if (output != "concat") problem(at + "/output", "is neither \"last\" nor \"concat\".");
    const std::vector<std::string> made(names.begin() + inputs, names.end());
    if (made.size() == 1) return made.front();
    const std::string id = place.prefix + "out";
    put(id, "concat", made, note(at, place, std::vector<std::string>(made.size(), at)));
    return id;
  }

  std::size_t add_edges(SpaceEdges into, const Place& place) {
    const std::string shared = place.share.empty() ? std::string() : fmt::format("{}/{}", place.share, into.node);
    if (!shared.empty()) {
      const auto [at, fresh] = shared_edges_.emplace(shared, flat_.edges.size());
      if (!fresh) return at->second;
    }
    flat_.edges.push_back(std::move(into));
    return flat_.edges.size() - 1;
  }

  /// Candidates with stride 2 where they have one.
  Json with_stride(Json candidates) const {
    for (Json& candidate : candidates) {
      const auto* entry = layers_.find(candidate.value("op", std::string()));
      if (entry && entry->schema.find("stride")) candidate["stride"] = 2;
    }
    return candidates;
  }

  const Json& model_;
  const Registry<LayerType>& layers_;
  FlatSpace flat_;
  std::map<std::string, std::string> aliases_;
  std::map<std::string, std::size_t> shared_choices_, shared_edges_;
};

}  // namespace

bool is_width(const std::string& op, const std::string& setting) {
  static const std::set<std::pair<std::string, std::string>> widths{{"embedding", "width"},    {"linear", "out"},
                                                                    {"conv2d", "out"},         {"relu-conv-bn", "out"},
                                                                    {"separable-conv", "out"}, {"dilated-conv", "out"}};
  return widths.contains({op, setting});
}

bool may_be_open(const std::string& op, const std::string& setting) {
  return is_width(op, setting) || (op == "attention" && setting == "heads") || (op == "mlp" && setting == "hidden");
}

std::string source_pointer(const std::string& pointer, const std::vector<FlatNote>& notes) {
  const std::string start = "/model/nodes/";
  if (!pointer.starts_with(start)) return pointer;
  const std::size_t slash = pointer.find('/', start.size());
  const std::size_t number = std::stoul(pointer.substr(start.size(), slash == std::string::npos ? slash : slash - start.size()));
  const FlatNote& note = notes.at(number);
  const std::string rest = slash == std::string::npos ? "" : pointer.substr(slash);
  if (!rest.starts_with("/inputs")) return note.pointer + (rest == "/id" && note.choice != SpaceNode::kNone ? "" : rest);
  if (rest.size() <= 8) {  // all inputs: the list that they stand in
    const std::size_t list = note.input_pointers.empty() ? std::string::npos : note.input_pointers.front().rfind("/inputs/");
    return list == std::string::npos ? note.pointer : note.input_pointers.front().substr(0, list + 7);
  }
  const std::size_t input = std::stoul(rest.substr(8));
  return input < note.input_pointers.size() ? note.input_pointers[input] : note.pointer;
}

FlatSpace lower_space(const Json& model, const Registry<LayerType>& layers) { return Lowering(model, layers).run(); }

}  // namespace dsw
