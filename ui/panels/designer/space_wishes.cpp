// SPDX-License-Identifier: GPL-3.0-or-later
// What the canvas wishes, as changes of the document.
#include <QLineEdit>
#include <nlohmann/json.hpp>

#include "ui/models/space/space_layers.h"
#include "ui/models/spec_document.h"
#include "ui/panels/designer/space_designer.h"
#include "ui/panels/designer/space_drawing.h"
#include "ui/panels/designer/space_palette.h"
#include "ui/widgets/graph/graph_scene.h"

namespace dsw {

void SpaceDesigner::moveNodes(const QStringList& ids, QPointF by) {
  const std::string path = ids.isEmpty() ? std::string() : spaceLevel(canvas_->selectedNode().toStdString());
  const Level level{path, partOf(path)};
  Json start = placed(level);
  std::map<std::string, QPointF> at;
  for (const QString& id : ids) {
    const std::string own = spaceIdIn(id.toStdString());
    if (id.contains('>') || spaceLevel(id.toStdString()) != path || (own.starts_with('*') && !path.empty())) continue;
    if (const auto written = spacePosition(start, {level.part, own})) at[own] = *written + by;
  }
  if (at.empty()) return redraw();
  // Steps of one place after another, as long as nothing else is done, are one step of undo.
  const QStringList chosen = canvas_->selection();
  apply(placeSpaceNodes(std::move(start), level.part, at), path, "move " + ids.join(' '));
  canvas_->graphScene()->setSelection(chosen, chosen.value(0));
}

void SpaceDesigner::copyNodes(const QStringList& ids, QPointF by) {
  const std::string path = ids.isEmpty() ? std::string() : spaceLevel(ids.first().toStdString());
  const Level level{path, partOf(path)};
  const Json start = placed(level);
  const Json copied = copySpaceNodes(start, level.part, selectedIds(path));
  if (copied.is_null()) return;
  apply(pasteSpaceNodes(start, level.part, copied, by, tr("Duplicate")), path);
}

void SpaceDesigner::connectNodes(const QString& from, const QString& to) {
  const SpaceEnd source = spaceSource(from), target = spaceTarget(to);
  if (const GraphVerdict verdict = judge(from, to); !verdict.legal()) return emit refused(verdict.sentence);
  const std::string part = partOf(source.level);
  if (const Json* web = spacePart(model(), part); web && isWeb(*web)) {
    apply(setSpaceWebEdge(model(), part, std::stoi(source.id), std::stoi(target.id), true), target.level);
    return;
  }
  const Json* node = spaceNode(model(), {part, target.id});
  apply(connectSpaceNodes(model(), part, source.id, target.id, node ? mostSpaceInputs(catalog_.layers, model(), *node) : 1), target.level);
}

void SpaceDesigner::reroute(const QString& edge, const QString& to) {
  const auto [from, before] = endsOf(edge);
  const SpaceEnd source = spaceSource(from), old = spaceTarget(before), target = spaceTarget(to);
  if (old.id == kSpaceOutput) return connectNodes(from, to);
  const std::string part = partOf(source.level);
  if (const Json* web = spacePart(model(), part); web && isWeb(*web)) return connectNodes(from, to);
  const SpaceChange off = disconnectSpaceNodes(model(), part, source.id, old.id);
  if (!off.ok()) return emit refused(off.refused);
  const Json* node = spaceNode(off.model, {part, target.id});
  apply(connectSpaceNodes(off.model, part, source.id, target.id, node ? mostSpaceInputs(catalog_.layers, off.model, *node) : 1),
        target.level);
}

void SpaceDesigner::takeFix(const QString& from, const QString& to) {
  const SpaceEnd source = spaceSource(from), target = spaceTarget(to);
  const auto known = facts();
  if (!known) return;
  const auto refusal = judgeSpaceConnection(catalog_.layers, model(), *known, source.level, source.id, target.id);
  if (!refusal || refusal->adapter.is_null()) return;
  const std::string part = partOf(source.level);
  const SpaceChange added = addSpaceNode(model(), part, refusal->adapter, {source.id}, placeBeside(source.level, source.id));
  if (!added.ok()) return emit refused(added.refused);
  const Json* node = spaceNode(added.model, {part, target.id});
  SpaceChange joined = connectSpaceNodes(added.model, part, added.select.front(), target.id,
                                         node ? mostSpaceInputs(catalog_.layers, added.model, *node) : 1);
  if (joined.ok())
    joined.label =
        tr("Connect %1 to %2 through %3").arg(QString::fromStdString(source.id), QString::fromStdString(target.id), refusal->adapter_name);
  apply(joined, source.level);
}

void SpaceDesigner::detach(const QString& edge) {
  const auto [from, to] = endsOf(edge);
  const SpaceEnd source = spaceSource(from), target = spaceTarget(to);
  const std::string part = partOf(source.level);
  if (const Json* web = spacePart(model(), part); web && isWeb(*web)) {
    const bool nodes = std::isdigit(static_cast<unsigned char>(source.id[0])) && std::isdigit(static_cast<unsigned char>(target.id[0]));
    if (!nodes) return emit refused(tr("The ends of a web are set in the inspector."));
    apply(setSpaceWebEdge(model(), part, std::stoi(source.id), std::stoi(target.id), false), target.level);
    return;
  }
  apply(disconnectSpaceNodes(model(), part, source.id, target.id), target.level);
}

void SpaceDesigner::putBetween(const QString& node, const QString& edge) {
  const auto [from, to] = endsOf(edge);
  const SpaceEnd source = spaceSource(from), target = spaceTarget(to);
  const std::string level = spaceLevel(node.toStdString());
  if (level != source.level || level != target.level) {
    emit refused(tr("The edge stands in another cell."));
    return redraw();
  }
  const std::string part = partOf(level);
  if (!apply(moveSpaceNodeInto(model(), {part, spaceIdIn(node.toStdString())}, source.id, target.id), level)) redraw();
}

void SpaceDesigner::askNew(const QString& from, QPointF at) {
  if (read_only_) return;
  offer_from_ = from;
  offer_at_ = at;
  const std::string level = from.isEmpty() ? levelAt(at) : spaceSource(from).level;
  std::vector<SpacePaletteGroup> groups = spacePalette(catalog_.layers, model());
  const auto known = facts();
  const auto shape = known && !from.isEmpty() ? spaceSourceShape(model(), *known, level, spaceSource(from).id) : std::nullopt;
  if (shape) {  // what fits alone
    const std::vector<std::string> fit = spaceLayersThatFit(catalog_.layers, known->input, &*shape);
    for (SpacePaletteGroup& group : groups)
      std::erase_if(group.entries, [&](const auto& entry) {
        const std::string op = textAt(entry.node, "op");
        return op != "choice" && op != "cell" && std::find(fit.begin(), fit.end(), op) == fit.end();
      });
    std::erase_if(groups, [](const SpacePaletteGroup& group) { return group.entries.empty(); });
  }
  offers_->setGroups(groups);
  const QPoint beside = canvas_->mapFromScene(at);
  offers_->move(std::clamp(beside.x(), 4, std::max(4, canvas_->width() - offers_->width() - 4)),
                std::clamp(beside.y(), 4, std::max(4, canvas_->height() - offers_->height() - 4)));
  offers_->show();
  offers_->raise();
  offers_->beginTyping();
}

void SpaceDesigner::addDropped(const QByteArray& node, QPointF at, const QString& edge) {
  const Json parsed = Json::parse(node.toStdString(), nullptr, false);
  if (parsed.is_object()) addNode(parsed, at, {}, edge);
}

Json SpaceDesigner::completed(Json node, const std::string& level, const std::string& source) const {
  const std::string op = textAt(node, "op");
  if (op == "choice" && !node.contains("candidates")) {
    node["candidates"] = Json::array({{{"op", "identity"}}, {{"op", "zero"}}});
    return node;
  }
  const auto known = facts();
  const auto shape = known && !source.empty() ? spaceSourceShape(model(), *known, level, source) : std::nullopt;
  Json made = defaultSpaceNode(catalog_.layers, op, shape ? &*shape : nullptr);
  for (const auto& [key, value] : node.items()) made[key] = value;
  return made;
}

void SpaceDesigner::addNode(Json node, std::optional<QPointF> at, const QString& from, const QString& edge) {
  std::string level, source, target;
  if (!edge.isEmpty()) {
    const auto [a, b] = endsOf(edge);
    level = spaceSource(a).level;
    source = spaceSource(a).id;
    target = spaceTarget(b).id;
  } else if (!from.isEmpty()) {
    level = spaceSource(from).level;
    source = spaceSource(from).id;
  } else if (at) {
    level = levelAt(*at);
  } else {
    // Behind what is selected.
    const QStringList ids = selected();
    const std::string path = ids.isEmpty() ? std::string() : ids.first().toStdString();
    level = spaceLevel(path);
    const std::string id = spaceIdIn(path);
    if (id == kSpaceOutput) {  // before the output: into its edge
      if (const Json* part = spacePart(model(), partOf(level)); part && !isWeb(*part) && !spaceOutput(*part).empty()) {
        source = spaceOutput(*part);
        target = kSpaceOutput;
      }
    } else if (!id.empty()) {
      source = id.starts_with('*') ? id.substr(1) : id;
    }
  }
  const std::string part = partOf(level);
  Json start = model();
  std::optional<QPointF> place;
  if (at) {
    start = placed({level, part});
    place = placeAt(start, {level, part}, *at);
  } else if (!source.empty()) {
    place = placeBeside(level, source);
  }
  if (spaceCellOf(node) == part && !part.empty()) return emit refused(tr("A cell cannot hold itself."));
  if (textAt(node, "op") == "cell" && textAt(node, "cell").empty()) {
    const std::string name = freeSpaceCell(start, "cell");
    start["cells"][name] = {{"nodes", Json::array({{{"id", "identity"}, {"op", "identity"}, {"inputs", {"input"}}}})}};
    node["cell"] = name;
  }
  const Json whole = completed(node, level, source);
  SpaceChange change = !target.empty()
                           ? insertSpaceNode(start, part, whole, source, target, place)
                           : addSpaceNode(start, part, whole, source.empty() ? std::vector<std::string>() : std::vector{source}, place);
  // Behind what was the output, it is the output now.
  if (change.ok() && target.empty() && !source.empty()) {
    const Json* before = spacePart(model(), part);
    if (before && spaceOutput(*before) == source) (*spacePart(change.model, part))["output"] = change.select.front();
  }
  if (change.ok() && textAt(whole, "op") == "cell") open_ << QString::fromStdString(level + change.select.front());
  apply(change, level);
}

void SpaceDesigner::openOrClose(const QString& id) {
  if (id.contains('>')) return;
  if (open_.contains(id)) {
    open_.remove(id);
    wanted_selection_ = QStringList{id};
    return redraw();
  }
  const auto ref = resolveSpacePath(model(), id.toStdString());
  const Json* node = ref ? spaceNode(model(), *ref) : nullptr;
  if (!node || spaceCellOf(*node).empty()) return;
  open_ << id;
  wanted_selection_ = QStringList{id};
  redraw();
}

void SpaceDesigner::goOut() {
  if (!offers_->isHidden()) return offers_->hide();
  if (!finder_->isHidden()) return finder_->hide();
  const QString current = canvas_->selectedNode();
  if (open_.contains(current)) return openOrClose(current);
  const std::string level = spaceLevel(current.toStdString());
  if (level.empty()) return canvas_->setSelection({});
  canvas_->setSelection({QString::fromStdString(level.substr(0, level.size() - 1))});
}

}  // namespace dsw
