// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/space/space_layers.h"

#include <QObject>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/nn/layer_type.h"
#include "ui/models/space/space_edit.h"

namespace dsw {
namespace {

QString tr(const char* text) { return QObject::tr(text); }

struct OpLook {
  const char* op;
  const char* title;
  const char* icon;
  const char* group;
};
constexpr const char* kStructure = "Structure";
constexpr const char* kMixing = "Context mixing";
constexpr const char* kForward = "Feed-forward";
constexpr const char* kPictures = "Pictures";
constexpr const char* kOther = "Other layers";
constexpr OpLook kLooks[] = {
    {"choice", "Choice", "signpost-split", kStructure},
    {"cell", "Cell", "box", kStructure},
    {"add", "Sum", "plus-circle", kStructure},
    {"multiply", "Product", "x-circle", kStructure},
    {"concat", "Concatenate", "intersect", kStructure},
    {"identity", "Identity", "arrow-right", kStructure},
    {"zero", "Zero", "dash-lg", kStructure},
    {"logits", "Logits", "bullseye", kStructure},
    {"attention", "Attention", "shuffle", kMixing},
    {"token-conv", "Convolution over tokens", "bezier2", kMixing},
    {"transformer-block", "Transformer block", "stack", kMixing},
    {"mlp", "MLP", "layers", kForward},
    {"linear", "Linear", "distribute-vertical", kForward},
    {"activation", "Activation", "activity", kForward},
    {"layernorm", "Layer norm", "sliders2", kForward},
    {"rmsnorm", "RMS norm", "sliders2", kForward},
    {"dropout", "Dropout", "eye-slash", kForward},
    {"embedding", "Embedding", "grid-3x3", kForward},
    {"positions", "Positions", "list-ul", kForward},
    {"mean-tokens", "Mean of tokens", "filter", kForward},
    {"conv2d", "Convolution", "bezier2", kPictures},
    {"relu-conv-bn", "ReLU, convolution, norm", "bezier2", kPictures},
    {"separable-conv", "Separable convolution", "bezier2", kPictures},
    {"dilated-conv", "Dilated convolution", "bezier2", kPictures},
    {"batchnorm2d", "Batch norm", "sliders2", kPictures},
    {"maxpool2d", "Max pool", "funnel", kPictures},
    {"avgpool2d", "Average pool", "funnel", kPictures},
    {"global-average-pool", "Global average", "funnel", kPictures},
    {"flatten", "Flatten", "distribute-vertical", kPictures},
};
const OpLook* lookOf(const std::string& op) {
  for (const OpLook& look : kLooks)
    if (op == look.op) return &look;
  return nullptr;
}

/// The settings of a layer as a number for every size that is left open: the largest.
Json largestSettings(const Json& node) {
  Json settings = Json::object();
  for (const auto& [key, value] : node.items()) {
    if (key == "id" || key == "op" || key == "inputs" || key == "name") continue;
    settings[key] = value;
    if (!value.is_object() || !value.contains("choice") || !value.at("choice").is_array()) continue;
    std::int64_t most = 1;
    for (const Json& size : value.at("choice"))
      if (size.is_number_integer()) most = std::max(most, size.get<std::int64_t>());
    settings[key] = most;
  }
  return settings;
}

std::unique_ptr<LayerType> layerOf(const Registry<LayerType>& layers, const Json& node) {
  const auto* entry = layers.find(textAt(node, "op"));
  if (!entry) return nullptr;
  const Json settings = largestSettings(node);
  if (!check_params(entry->schema, settings).empty()) return nullptr;
  auto made = entry->make(with_defaults(entry->schema, settings));
  return made ? std::move(*made) : nullptr;
}

QString sentence(std::string text) {
  QString out = QString::fromStdString(text);
  if (!out.isEmpty()) out[0] = out[0].toUpper();
  return out.endsWith('.') ? out : out + '.';
}

/// What could stand between a source and a target that do not fit.
std::vector<Json> adapters(const Shape& from, const std::optional<Shape>& wanted) {
  std::vector<Json> list;
  if (wanted && wanted->rank() == from.rank()) {
    if (from.rank() == 4 && (*wanted)[2] > 0 && (*wanted)[3] > 0) {
      Json conv = {{"op", "conv2d"}, {"out", (*wanted)[1]}, {"kernel", 1}};
      if (from[2] != (*wanted)[2]) conv["stride"] = std::max<std::int64_t>(1, from[2] / (*wanted)[2]);
      list.push_back(conv);
    } else {
      list.push_back({{"op", "linear"}, {"out", (*wanted)[-1]}});
    }
  }
  for (const char* op : {"flatten", "global-average-pool", "mean-tokens"}) list.push_back({{"op", op}});
  list.push_back({{"op", "logits"}});
  return list;
}

}  // namespace

QString spaceOpIcon(const std::string& op) {
  const OpLook* look = lookOf(op);
  return QString::fromLatin1(look ? look->icon : "square");
}

QString spaceOpTitle(const std::string& op) {
  const OpLook* look = lookOf(op);
  return look ? tr(look->title) : QString::fromStdString(op);
}

QString spaceShapeText(const Shape& shape) {
  QStringList parts;
  for (int axis = 1; axis < shape.rank(); ++axis) parts << QString::number(shape[axis]);
  return parts.join(QChar(0x00D7));
}

std::vector<SpacePaletteGroup> spacePalette(const Registry<LayerType>& layers, const Json& model) {
  std::vector<SpacePaletteGroup> groups;
  for (const char* title : {kStructure, kMixing, kForward, kPictures, kOther}) groups.push_back({tr(title), {}});
  const auto groupOf = [&](const char* title) -> SpacePaletteGroup& {
    return *std::find_if(groups.begin(), groups.end(), [&](const SpacePaletteGroup& g) { return g.title == tr(title); });
  };
  const auto add = [&](const std::string& op, const QString& help, const QString& command) {
    const OpLook* look = lookOf(op);
    groupOf(look ? look->group : kOther).entries.push_back({spaceOpTitle(op), help, spaceOpIcon(op), command, {{"op", op}}});
  };
  const std::vector<std::string> names = layers.names();
  add("choice", tr("Left open: the search takes one of its candidates"), QStringLiteral("canvas.choice"));
  add("cell", tr("A part of its own, which may stand in several places"), QStringLiteral("canvas.cell"));
  for (const OpLook& look : kLooks)  // in this order, those that are registered
    if (const auto* entry = layers.find(look.op)) add(look.op, QString::fromStdString(entry->summary), {});
  if (const auto* attention = layers.find("attention"); attention && attention->schema.find("window")) {
    auto& mixing = groupOf(kMixing).entries;
    mixing.insert(mixing.begin() + 1,
                  {tr("Windowed attention"), tr("A token sees those near it"), "columns", {}, {{"op", "attention"}, {"window", 16}}});
  }
  for (const std::string& name : names)
    if (!lookOf(name)) add(name, QString::fromStdString(layers.find(name)->summary), {});
  SpacePaletteGroup cells{tr("My cells"), {}};
  if (model.is_object() && model.contains("cells") && model.at("cells").is_object())
    for (const auto& [name, cell] : model.at("cells").items())
      cells.entries.push_back({QString::fromStdString(name), tr("The same cell once more"), "box", {}, {{"op", "cell"}, {"cell", name}}});
  groups.push_back(std::move(cells));
  std::erase_if(groups, [](const SpacePaletteGroup& group) { return group.entries.empty(); });
  return groups;
}

QString spaceProblemText(const QString& name, const std::string& message) {
  QString text = QString::fromStdString(message).remove('`');
  return text.isEmpty() || !text[0].isLower() ? text : name + ' ' + text;
}

Json defaultSpaceNode(const Registry<LayerType>& layers, const std::string& op, const Shape* source) {
  Json node = {{"op", op}};
  const auto* entry = layers.find(op);
  if (!entry) return node;
  for (const Param& param : entry->schema.params) {
    if (!param.required) continue;
    if (param.type == ParamType::Int) {
      std::int64_t value = 64;
      if (source && source->rank() >= 2 && op != "embedding") value = source->rank() == 4 ? (*source)[1] : (*source)[-1];
      if (param.low) value = std::max(value, static_cast<std::int64_t>(*param.low));
      if (param.high) value = std::min(value, static_cast<std::int64_t>(*param.high));
      node[param.name] = value;
    } else if (!param.choices.empty()) {
      node[param.name] = param.choices.front();
    }
  }
  return node;
}

std::size_t mostSpaceInputs(const Registry<LayerType>& layers, const Json& model, const Json& node) {
  const std::string op = textAt(node, "op");
  if (op == "cell") {
    const std::string cell = textAt(node, "cell");
    const Json* part = spacePart(model, cell);
    return part && isWeb(*part) ? spacePartInputs(model, cell).size() : std::max<std::size_t>(1, spacePartInputs(model, cell).size());
  }
  if (op == "choice") {  // hands the second input to those of its candidates that want it
    std::size_t most = 1;
    if (node.contains("candidates") && node.at("candidates").is_array())
      for (const Json& candidate : node.at("candidates")) most = std::max(most, mostSpaceInputs(layers, model, candidate));
    return most;
  }
  const std::unique_ptr<LayerType> layer = layerOf(layers, node);
  return layer ? layer->most_inputs : 1;
}

SpaceResult spaceResult(const Registry<LayerType>& layers, const InputSpec& input, const Json& node, const std::vector<Shape>& shapes) {
  const std::unique_ptr<LayerType> layer = layerOf(layers, node);
  if (!layer || shapes.empty()) return {};
  const bool ids = input.kind != InputSpec::Kind::Image && shapes.front() == input.input_shape(1);
  if (layer->wants_ids != ids)
    return {std::nullopt, layer->wants_ids ? tr("It reads token ids, which only the input gives.")
                                           : tr("It reads numbers, but these are token ids: an embedding first.")};
  try {
    const std::unique_ptr<Module> module = layer->make(shapes, input);
    const auto* join = dynamic_cast<const JoinModule*>(module.get());
    return {join ? join->join_shape(shapes) : module->output_shape(shapes.front()), {}};
  } catch (const Error& error) {
    return {std::nullopt, sentence(error.message)};
  }
}

std::optional<Shape> spaceSourceShape(const Json& model, const SpaceFacts& facts, const std::string& level, const std::string& from) {
  if (from == "input" && level.empty()) return facts.input_shape.rank() > 0 ? std::optional(facts.input_shape) : std::nullopt;
  if (from == "input" || from.starts_with("input-")) {  // what the cell's node reads
    const std::string outer = level.substr(0, level.size() - 1);
    const std::size_t slash = outer.rfind('/');
    const std::string above = slash == std::string::npos ? "" : outer.substr(0, slash + 1);
    const auto ref = resolveSpacePath(model, outer);
    const Json* part = ref ? spacePart(model, ref->part) : nullptr;
    const auto index = part ? spaceNodeIndex(*part, ref->id) : std::nullopt;
    if (!index) return std::nullopt;
    const std::vector<std::string> inputs = spaceInputs(*part, *index);
    const std::size_t number = from == "input" ? 0 : std::stoul(from.substr(6)) - 1;
    return number < inputs.size() ? spaceSourceShape(model, facts, above, inputs[number]) : std::nullopt;
  }
  const SpaceFacts::Node* node = facts.node(spaceFlatId(model, level + from));
  return node ? std::optional(node->output) : std::nullopt;
}

std::optional<SpaceRefusal> judgeSpaceConnection(const Registry<LayerType>& layers, const Json& model, const SpaceFacts& facts,
                                                 const std::string& level, const std::string& from, const std::string& to) {
  const auto ref = resolveSpacePath(model, level + (to == kSpaceOutput ? kSpaceOutput : to));
  if (!ref) return SpaceRefusal{tr("There is no such node."), nullptr, {}};
  const Json* part = spacePart(model, ref->part);
  const Json* node = to == kSpaceOutput ? nullptr : spaceNode(model, *ref);
  const std::size_t most = node ? mostSpaceInputs(layers, model, *node) : 1;
  if (const SpaceChange tried = connectSpaceNodes(model, ref->part, from, to, most); !tried.ok())
    return SpaceRefusal{tried.refused, nullptr, {}};
  const auto given = spaceSourceShape(model, facts, level, from);
  if (!given) return std::nullopt;

  std::vector<Shape> others;  // of the inputs that stay
  if (node && most > 1)
    for (const std::string& input : spaceInputs(*part, *spaceNodeIndex(*part, to)))
      if (const auto shape = spaceSourceShape(model, facts, level, input)) others.push_back(*shape);
  const auto fits = [&](const Shape& shape) -> QString {
    if (to == kSpaceOutput) {
      if (!level.empty()) return {};
      Shape wanted{1, facts.input.classes};
      if (facts.input.kind == InputSpec::Kind::Tokens) wanted = {1, facts.input.context, facts.input.vocabulary};
      return shape == wanted ? QString() : tr("The data need %1; this gives %2.").arg(spaceShapeText(wanted), spaceShapeText(shape));
    }
    std::vector<Shape> shapes = others;
    shapes.push_back(shape);
    const std::string op = textAt(*node, "op");
    if (op == "cell") return {};
    if (op == "add" || op == "multiply")
      return others.empty() || others.front() == shape
                 ? QString()
                 : tr("%1 takes %2; this gives %3.").arg(QString::fromStdString(to), spaceShapeText(others.front()), spaceShapeText(shape));
    std::vector<Json> candidates{*node};
    if (op == "choice") candidates = node->value("candidates", Json::array()).get<std::vector<Json>>();
    for (const Json& candidate : candidates) {
      std::vector<Shape> taken = shapes;
      if (op == "choice") taken.resize(std::min(taken.size(), mostSpaceInputs(layers, model, candidate)));
      const SpaceResult result = spaceResult(layers, facts.input, candidate, taken);
      if (!result.reason.isEmpty())
        return op == "choice" ? tr("Candidate %1: %2").arg(QString::fromStdString(textAt(candidate, "op")), result.reason) : result.reason;
    }
    return {};
  };
  const QString reason = fits(*given);
  if (reason.isEmpty()) return std::nullopt;
  SpaceRefusal refusal{reason, nullptr, {}};
  std::optional<Shape> wanted;
  if (!others.empty()) wanted = others.front();
  for (const Json& adapter : adapters(*given, wanted)) {
    const SpaceResult result = spaceResult(layers, facts.input, adapter, {*given});
    if (!result.shape || !fits(*result.shape).isEmpty()) continue;
    refusal.adapter = adapter;
    refusal.adapter_name = QString::fromStdString(textAt(adapter, "op"));
    break;
  }
  return refusal;
}

std::vector<std::string> spaceLayersThatFit(const Registry<LayerType>& layers, const InputSpec& input, const Shape* source) {
  std::vector<std::string> fitting, likely;
  for (const OpLook& look : kLooks)
    if (layers.find(look.op)) likely.push_back(look.op);
  for (const std::string& name : layers.names())
    if (!lookOf(name)) likely.push_back(name);
  for (const std::string& op : likely) {
    if (source) {
      const Json node = defaultSpaceNode(layers, op, source);
      const std::unique_ptr<LayerType> layer = layerOf(layers, node);
      if (!layer) continue;
      if (layer->least_inputs == 1 && !spaceResult(layers, input, node, {*source}).shape) continue;
    }
    fitting.push_back(op);
  }
  return fitting;
}

}  // namespace dsw
