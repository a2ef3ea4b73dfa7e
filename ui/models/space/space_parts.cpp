// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/space/space_parts.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace dsw {
namespace {

const Json kNoNodes = Json::array();

const Json& nodesOf(const Json& part) {
  const auto nodes = part.is_object() ? part.find("nodes") : part.end();
  return part.is_object() && nodes != part.end() && nodes->is_array() ? *nodes : kNoNodes;
}

}  // namespace

std::string textAt(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

const Json* spacePart(const Json& model, const std::string& part) {
  if (!model.is_object()) return nullptr;
  if (part.empty()) return &model;
  const auto cells = model.find("cells");
  if (cells == model.end() || !cells->is_object()) return nullptr;
  const auto cell = cells->find(part);
  return cell != cells->end() && cell->is_object() ? &*cell : nullptr;
}

Json* spacePart(Json& model, const std::string& part) { return const_cast<Json*>(spacePart(std::as_const(model), part)); }

std::string spacePartPointer(const std::string& part) { return part.empty() ? "/model" : "/model/cells/" + part; }

bool isWeb(const Json& part) { return part.is_object() && part.contains("nodes") && part.at("nodes").is_number(); }

std::optional<std::size_t> spaceNodeIndex(const Json& part, const std::string& id) {
  const Json& nodes = nodesOf(part);
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (textAt(nodes[i], "id") == id) return i;
  return std::nullopt;
}

const Json* spaceNode(const Json& model, const SpaceNodeRef& ref) {
  const Json* part = spacePart(model, ref.part);
  if (!part) return nullptr;
  const auto index = spaceNodeIndex(*part, ref.id);
  return index ? &nodesOf(*part)[*index] : nullptr;
}

Json* spaceNode(Json& model, const SpaceNodeRef& ref) { return const_cast<Json*>(spaceNode(std::as_const(model), ref)); }

std::string spaceNodePointer(const Json& model, const SpaceNodeRef& ref) {
  const std::string at = spacePartPointer(ref.part);
  const Json* part = spacePart(model, ref.part);
  const auto index = part ? spaceNodeIndex(*part, ref.id) : std::nullopt;
  return index ? at + "/nodes/" + std::to_string(*index) : at;
}

std::vector<std::string> spaceInputs(const Json& part, std::size_t index) {
  const Json& nodes = nodesOf(part);
  const Json& node = nodes[index];
  if (!node.is_object() || !node.contains("inputs")) return {index == 0 ? "input" : textAt(nodes[index - 1], "id")};
  std::vector<std::string> inputs;
  if (node.at("inputs").is_array())
    for (const Json& input : node.at("inputs"))
      if (input.is_string()) inputs.push_back(input.get<std::string>());
  return inputs;
}

std::string spaceOutput(const Json& part) {
  const std::string named = textAt(part, "output");
  if (!named.empty()) return named;
  const Json& nodes = nodesOf(part);
  return nodes.empty() ? std::string() : textAt(nodes.back(), "id");
}

std::vector<std::string> spacePartInputs(const Json& model, const std::string& part) {
  std::size_t count = 1;
  const Json* at = spacePart(model, part);
  if (at && !part.empty()) {
    if (isWeb(*at)) {
      const Json inputs = at->value("inputs", Json(1));
      if (inputs.is_number_integer()) count = static_cast<std::size_t>(std::clamp<std::int64_t>(inputs.get<std::int64_t>(), 1, 16));
    } else {
      for (std::size_t i = 0; i < nodesOf(*at).size(); ++i)
        for (const std::string& input : spaceInputs(*at, i))
          if (input.starts_with("input-") && !spaceNodeIndex(*at, input) && input.size() < 9 &&
              std::all_of(input.begin() + 6, input.end(), [](unsigned char c) { return std::isdigit(c); }))
            count = std::max<std::size_t>(count, std::stoul(input.substr(6)));
    }
  }
  std::vector<std::string> names{"input"};
  for (std::size_t i = 2; i <= std::min<std::size_t>(count, 16); ++i) names.push_back("input-" + std::to_string(i));
  return names;
}

std::string spaceCellOf(const Json& node) { return textAt(node, "op") == "cell" ? textAt(node, "cell") : std::string(); }

std::optional<SpaceNodeRef> resolveSpacePath(const Json& model, const std::string& path) {
  SpaceNodeRef ref;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t slash = path.find('/', begin);
    ref.id = path.substr(begin, slash == std::string::npos ? slash : slash - begin);
    if (slash == std::string::npos) break;
    const Json* node = spaceNode(model, ref);
    const std::string cell = node ? spaceCellOf(*node) : std::string();
    if (cell.empty()) return std::nullopt;
    ref.part = cell;
    begin = slash + 1;
  }
  const Json* part = spacePart(model, ref.part);
  if (!part) return std::nullopt;
  if (ref.isEnd()) return ref;
  if (isWeb(*part)) return !ref.id.empty() && std::isdigit(static_cast<unsigned char>(ref.id[0])) ? std::optional(ref) : std::nullopt;
  return spaceNodeIndex(*part, ref.id) ? std::optional(ref) : std::nullopt;
}

std::vector<std::string> spaceCellUses(const Json& model, const std::string& cell) {
  std::vector<std::string> uses;
  const auto candidates = [&](const Json& owner, const std::string& pointer) {
    if (!owner.is_object() || !owner.contains("candidates") || !owner.at("candidates").is_array()) return;
    for (std::size_t k = 0; k < owner.at("candidates").size(); ++k)
      if (spaceCellOf(owner.at("candidates")[k]) == cell) uses.push_back(pointer + "/candidates/" + std::to_string(k));
  };
  const auto look = [&](const Json& part, const std::string& pointer) {
    candidates(part, pointer);
    for (std::size_t i = 0; i < nodesOf(part).size(); ++i) {
      const std::string at = pointer + "/nodes/" + std::to_string(i);
      if (spaceCellOf(nodesOf(part)[i]) == cell) uses.push_back(at);
      candidates(nodesOf(part)[i], at);
    }
  };
  look(model, "/model");
  if (model.is_object() && model.contains("cells") && model.at("cells").is_object())
    for (const auto& [name, part] : model.at("cells").items()) look(part, "/model/cells/" + name);
  return uses;
}

bool isSpaceName(const std::string& text) {
  return !text.empty() && text.size() <= 64 && text != "input" &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
}

std::string freeSpaceId(const Json& part, const std::string& wanted) {
  std::string id = isSpaceName(wanted) ? wanted : "node", base = id;
  // The one after "mix-2" is "mix-3".
  const std::size_t dash = base.rfind('-');
  if (dash != std::string::npos && dash > 0 && base.find_first_not_of("0123456789", dash + 1) == std::string::npos) base.resize(dash);
  for (int number = 2; spaceNodeIndex(part, id) || id == "input"; ++number) id = base + "-" + std::to_string(number);
  return id;
}

std::string freeSpaceCell(const Json& model, const std::string& wanted) {
  const std::string base = isSpaceName(wanted) ? wanted : "cell";
  std::string name = base;
  for (int number = 2; spacePart(model, name); ++number) name = base + "-" + std::to_string(number);
  return name;
}

namespace {
std::optional<QPointF> pointOf(const Json& at) {
  if (!at.is_array() || at.size() != 2 || !at[0].is_number() || !at[1].is_number()) return std::nullopt;
  return QPointF(at[0].get<double>(), at[1].get<double>());
}
const Json* layoutOf(const Json& model) {
  if (!model.is_object()) return nullptr;
  const auto layout = model.find(kSpaceLayout);
  return layout != model.end() && layout->is_object() ? &*layout : nullptr;
}
}  // namespace

std::string spaceLayoutKey(const SpaceNodeRef& ref) { return ref.part.empty() ? ref.id : ref.part + "/" + ref.id; }

std::optional<QPointF> spacePosition(const Json& model, const SpaceNodeRef& ref) {
  const Json* layout = layoutOf(model);
  const auto at = layout ? layout->find(spaceLayoutKey(ref)) : Json::const_iterator();
  return layout && at != layout->end() ? pointOf(*at) : std::nullopt;
}

SpacePositions::SpacePositions(const Json& model) {
  if (const Json* layout = layoutOf(model))
    for (const auto& [key, place] : layout->items())
      if (const auto at = pointOf(place)) at_.emplace(key, *at);
}

std::optional<QPointF> SpacePositions::of(const SpaceNodeRef& ref) const {
  const auto at = at_.find(spaceLayoutKey(ref));
  return at == at_.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace dsw
