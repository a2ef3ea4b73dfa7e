// SPDX-License-Identifier: GPL-3.0-or-later
// Which layers there are, what they take, and what would fit where: asked while a person draws. Shapes have a batch of 1.
#pragma once
#include <QString>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "ui/models/space/space_facts.h"
#include "ui/models/space/space_parts.h"

namespace dsw {

/// Why two ports do not go together, and what put between them would help.
struct SpaceRefusal {
  QString sentence;  ///< "sum takes 64×128; this gives 32×64."
  Json adapter;      ///< a node that makes it fit, or null
  QString adapter_name;
};

/// A group of the palette.
struct SpacePaletteGroup {
  QString title;
  struct Entry {
    QString title, help, icon, key;
    Json node;  ///< what is put in: {"op": "attention"}; key: that of a command, or empty
  };
  std::vector<Entry> entries;
};
/// Structure, then every registered layer by what it is for, then the cells of this space.
std::vector<SpacePaletteGroup> spacePalette(const Registry<LayerType>& layers, const Json& model);
QString spaceOpIcon(const std::string& op);
/// "Layer norm" is what a person reads; "layernorm" what the document says.
QString spaceOpTitle(const std::string& op);

/// "64×128": a shape without its batch.
QString spaceShapeText(const Shape& shape);

/// What a problem says, as a sentence about `name`: "conv is the output and gives …".
QString spaceProblemText(const QString& name, const std::string& message);
/// A layer with its required settings filled in, for an input of this shape where it is known.
Json defaultSpaceNode(const Registry<LayerType>& layers, const std::string& op, const Shape* source);
/// How many inputs a node takes at most.
std::size_t mostSpaceInputs(const Registry<LayerType>& layers, const Json& model, const Json& node);
/// The result of a node for inputs of these shapes; an empty rank where they do not fit, with the reason.
struct SpaceResult {
  std::optional<Shape> shape;
  QString reason;
};
SpaceResult spaceResult(const Registry<LayerType>& layers, const InputSpec& input, const Json& node, const std::vector<Shape>& shapes);

/// @param level  path of the open cell that both stand in, with a slash at its end; empty: the network
/// @param from, to  ids in that part, as connectSpaceNodes takes them
std::optional<SpaceRefusal> judgeSpaceConnection(const Registry<LayerType>& layers, const Json& model, const SpaceFacts& facts,
                                                 const std::string& level, const std::string& from, const std::string& to);
/// Layers that take this shape, likely ones first; all where it is not known.
std::vector<std::string> spaceLayersThatFit(const Registry<LayerType>& layers, const InputSpec& input, const Shape* source);
/// The shape of a source in a level, where it is known.
std::optional<Shape> spaceSourceShape(const Json& model, const SpaceFacts& facts, const std::string& level, const std::string& from);

}  // namespace dsw
