// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nas/space_parts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dsw {
namespace {

constexpr std::size_t kMostCandidates = 64;

void tell(std::vector<Problem>& problems, const std::string& pointer, std::string message) {
  problems.push_back({pointer, std::move(message), {}, false});
}

}  // namespace

bool read_values(std::vector<Problem>& problems, const Json& values, const std::string& pointer, SpaceChoice& choice) {
  std::set<std::int64_t> seen;
  bool good = values.is_array();
  if (good)
    for (const Json& value : values)
      good = good && value.is_number_integer() && value >= 0 && value < 1'000'000 && seen.insert(value.get<std::int64_t>()).second;
  if (!good) {
    tell(problems, pointer + "/choice", "must be a list of different whole numbers: {\"choice\": [2, 4, 8]}.");
    return false;
  }
  if (values.size() < 2) {
    tell(problems, pointer + "/choice", "leaves one size only, so nothing is left open; a choice has at least two.");
    return false;
  }
  for (const Json& value : values) {
    SpaceCandidate candidate;
    candidate.value = value.get<std::int64_t>();
    candidate.title = std::to_string(candidate.value);
    candidate.op = candidate.kind = "size";
    choice.candidates.push_back(std::move(candidate));
  }
  return true;
}

std::vector<SpaceCandidate> read_candidates(std::vector<Problem>& problems, const Json& node, const std::string& pointer) {
  const Json candidates = node.value("candidates", Json());
  std::vector<SpaceCandidate> read;
  if (!candidates.is_array() || candidates.empty()) {
    tell(problems, pointer + (node.contains("candidates") ? "/candidates" : ""),
         "needs candidates: [{\"op\": \"identity\"}, {\"op\": \"linear\", …}].");
    return read;
  }
  if (candidates.size() == 1)
    tell(problems, pointer + "/candidates", "has one candidate only, so nothing is left open; write the layer itself, or add another.");
  if (candidates.size() > kMostCandidates) {
    tell(problems, pointer + "/candidates",
         fmt::format("has {} candidates, but at most {} are possible.", candidates.size(), kMostCandidates));
    return read;
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Json op = candidates[i].is_object() ? candidates[i].value("op", Json()) : Json();
    SpaceCandidate candidate;
    candidate.op = op.is_string() ? op.get<std::string>() : "";
    candidate.skips = candidate.op == "identity";
    candidate.zero = candidate.op == "zero";
    if (candidate.op.empty() || candidate.op == "choice") {
      tell(problems, fmt::format("{}/candidates/{}", pointer, i), "names no layer and no cell: {\"op\": \"identity\"}.");
      return {};
    }
    for (const char* key : {"id", "inputs"})
      if (candidates[i].contains(key))
        tell(problems, fmt::format("{}/candidates/{}/{}", pointer, i, key), "is the choice's own: candidates have neither id nor inputs.");
    if (candidates[i].contains("name") && candidates[i]["name"].is_string()) candidate.title = candidates[i]["name"].get<std::string>();
    read.push_back(std::move(candidate));
  }
  return read;
}

bool read_web(std::vector<Problem>& problems, const Json& cell, const std::string& at, SpaceCell& in_place,
              std::set<std::pair<int, int>>& edges) {
  static const std::set<std::string> known{"nodes", "inputs", "candidates", "edges", "output", "reduce", "keep"};
  for (const auto& [key, value] : cell.items())
    if (!known.contains(key))
      tell(problems, at + "/" + key, "is not known here; a web has nodes, inputs, candidates, edges, output, reduce and keep.");
  const Json nodes = cell["nodes"], inputs = cell.value("inputs", Json(1));
  if (!nodes.is_number_integer() || nodes < 2 || nodes > 64)
    return tell(problems, at + "/nodes", "must be a whole number from 2 to 64."), false;
  if (!inputs.is_number_integer() || inputs < 1 || inputs >= nodes)
    return tell(problems, at + "/inputs", "must be a whole number from 1, below the number of nodes."), false;
  in_place.web_nodes = nodes.get<int>();
  in_place.web_inputs = inputs.get<int>();
  if (!cell.contains("edges")) {
    for (int to = in_place.web_inputs; to < in_place.web_nodes; ++to)
      for (int from = 0; from < to; ++from) edges.emplace(to, from);
    return true;
  }
  const Json& list = cell["edges"];
  if (!list.is_array()) return tell(problems, at + "/edges", "must be a list of [from, to]."), false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Json& edge = list[i];
    const bool pair = edge.is_array() && edge.size() == 2 && edge[0].is_number_integer() && edge[1].is_number_integer();
    if (!pair || edge[0] < 0 || edge[1] < in_place.web_inputs || edge[1] >= in_place.web_nodes || edge[0] >= edge[1])
      return tell(problems, fmt::format("{}/edges/{}", at, i),
                  "must be [from, to] with from before to, and to no input: a web runs from lower to higher nodes."),
             false;
    edges.emplace(edge[1].get<int>(), edge[0].get<int>());
  }
  for (int to = in_place.web_inputs; to < in_place.web_nodes; ++to)
    if (std::none_of(edges.begin(), edges.end(), [to](const auto& edge) { return edge.first == to; }))
      return tell(problems, at + "/edges", fmt::format("leaves node {} without an edge.", to)), false;
  return true;
}

}  // namespace dsw
