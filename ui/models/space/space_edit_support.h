// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by the files of space_edit.h.
#pragma once
#include <nlohmann/json.hpp>

#include "ui/models/space/space_edit.h"

namespace dsw {

/// Remembers what every node of a part reads, and the part's output, while nodes are added, moved or removed; finish() writes out what the
/// order of nodes no longer says.
class PartKeeper {
 public:
  explicit PartKeeper(Json& part);
  void finish();

 private:
  Json& part_;
  std::map<std::string, std::vector<std::string>> inputs_;
  std::string output_;
};

SpaceChange refusedChange(const QString& why);
inline QString quoted(const std::string& name) { return QString::fromStdString(name); }
/// "a", "a and b", "3 nodes".
QString namesOf(const std::vector<std::string>& ids);
Json& nodesIn(Json& part);
void setSpaceInputs(Json& node, const std::vector<std::string>& inputs);
/// Keys in the order id, op, inputs, rest.
Json orderedNode(const Json& node, const std::string& id, const std::vector<std::string>& inputs);
void setSpacePosition(Json& model, const SpaceNodeRef& ref, std::optional<QPointF> at);
/// Every reader of `before` in a part reads `after` instead; its output too. An empty `after`: nothing.
void replaceSpaceSource(Json& part, const std::string& before, const std::string& after);

}  // namespace dsw
