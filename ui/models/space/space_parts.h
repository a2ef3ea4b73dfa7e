// SPDX-License-Identifier: GPL-3.0-or-later
// Reading the section /model of a search document (docs/searches.md) by the names that a canvas has for its things. Qt Core only.
//
// A *part* is the network ("") or a cell, by its name. A *path* names a node on the canvas: "norm" of the network, "encoder-1/norm" within
// the cell that the node encoder-1 puts in, where that is open. The ends of a part are no nodes of the document; they have the paths
// kSpaceInput ("*input", of further inputs "*input-2" …) and kSpaceOutput.
#pragma once
#include <QPointF>
#include <QString>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/core/json.h"

namespace dsw {

inline constexpr const char* kSpaceInput = "*input";
inline constexpr const char* kSpaceOutput = "*output";
inline constexpr const char* kSpaceLayout = "layout";  ///< key of /model: {"norm": [x, y], "encoder/norm": [x, y]}, px

/// A node within a part. `id` may be an end.
struct SpaceNodeRef {
  std::string part, id;
  bool operator==(const SpaceNodeRef&) const = default;
  bool isEnd() const { return id.starts_with('*'); }
};

/// {"nodes": …} of a part; null where there is none.
const Json* spacePart(const Json& model, const std::string& part);
Json* spacePart(Json& model, const std::string& part);
std::string spacePartPointer(const std::string& part);  ///< "/model", "/model/cells/encoder"
bool isWeb(const Json& part);
const Json* spaceNode(const Json& model, const SpaceNodeRef& ref);
Json* spaceNode(Json& model, const SpaceNodeRef& ref);
std::optional<std::size_t> spaceNodeIndex(const Json& part, const std::string& id);
std::string spaceNodePointer(const Json& model, const SpaceNodeRef& ref);  ///< of an end, that of its part
std::string textAt(const Json& object, const char* key);                   ///< empty where there is no string

/// What a node reads: ids, or "input" …; the one before it where none are written.
std::vector<std::string> spaceInputs(const Json& part, std::size_t index);
/// The node that gives the part's result: as written, else the last one; empty without nodes.
std::string spaceOutput(const Json& part);
/// "input", and of a cell that takes more "input-2" … (webs say how many; others take what their nodes or places name).
std::vector<std::string> spacePartInputs(const Json& model, const std::string& part);

/// What a path means; nothing where it leads nowhere.
std::optional<SpaceNodeRef> resolveSpacePath(const Json& model, const std::string& path);
/// The cell that a node puts in, or empty.
std::string spaceCellOf(const Json& node);
/// Nodes, and candidates, that put a cell in; as pointers.
std::vector<std::string> spaceCellUses(const Json& model, const std::string& cell);

/// `wanted`, or `wanted`-2 … where a node is called so.
std::string freeSpaceId(const Json& part, const std::string& wanted);
std::string freeSpaceCell(const Json& model, const std::string& wanted);
bool isSpaceName(const std::string& text);  ///< letters, digits, - and _, at most 64

std::string spaceLayoutKey(const SpaceNodeRef& ref);  ///< of a node in kSpaceLayout
/// Where a person put a node, if anybody did.
std::optional<QPointF> spacePosition(const Json& model, const SpaceNodeRef& ref);
/// All of them, for whoever asks for many: an object of JSON looks its keys up one by one.
class SpacePositions {
 public:
  explicit SpacePositions(const Json& model);
  std::optional<QPointF> of(const SpaceNodeRef& ref) const;

 private:
  std::unordered_map<std::string, QPointF> at_;
};

}  // namespace dsw
