// SPDX-License-Identifier: GPL-3.0-or-later
// The commands that a focused canvas answers, and what they do.
#include <QApplication>
#include <QClipboard>
#include <QLineEdit>
#include <QMimeData>
#include <nlohmann/json.hpp>

#include "ui/models/spec_document.h"
#include "ui/panels/designer/space_designer.h"
#include "ui/panels/designer/space_drawing.h"
#include "ui/panels/designer/space_outline.h"
#include "ui/panels/designer/space_palette.h"
#include "ui/widgets/graph/graph_scene.h"
#include "ui/widgets/shell/prompts.h"

namespace dsw {
namespace {

constexpr const char* kChanging[] = {"canvas.add",   "canvas.cell",      "canvas.choice",  "canvas.connect",
                                     "canvas.group", "canvas.ungroup",   "canvas.lay-out", "edit.cut",
                                     "edit.paste",   "object.duplicate", "object.rename",  "object.archive"};

Json clipboardNodes() {
  const QMimeData* data = QApplication::clipboard()->mimeData();
  return data && data->hasText() ? Json::parse(data->text().toStdString(), nullptr, false) : Json();
}

}  // namespace

CommandState SpaceDesigner::commandState(const QString& id) const {
  // Cut, Delete and the like are the canvas's while it has the focus; a text field in front of it keeps its own.
  const QWidget* focus = QApplication::focusWidget();
  const bool on_canvas = focus && (focus == canvas_ || canvas_->viewport() == focus);
  if (id == "edit.find" || id == "edit.find-next" || id == "edit.find-previous") {
    CommandState state;
    state.handled = focus && isAncestorOf(focus);
    state.enabled = id == "edit.find" || !finder_->text().isEmpty();
    if (!state.enabled) state.reason = tr("Find something first.");
    return state;
  }
  if (id == "canvas.outline" && focus && isAncestorOf(focus)) return {true, true, {}, {}, false};
  return on_canvas ? canvasState(id) : CommandState();
}

CommandState SpaceDesigner::canvasState(const QString& id) const {
  CommandState state;
  const bool changes =
      std::find_if(std::begin(kChanging), std::end(kChanging), [&](const char* known) { return id == known; }) != std::end(kChanging);
  if (!changes && id != "edit.copy" && id != "edit.select-all" && id != "canvas.outline") return state;
  state.handled = true;
  if (changes && read_only_) {
    state.enabled = false;
    state.reason = tr("This document is read-only.");
    return state;
  }
  const auto level = currentLevel();
  const std::vector<std::string> ids = selectedIds(level.path);
  const Json* part = spacePart(model(), level.part);
  const bool web = part && isWeb(*part);
  const auto need = [&](bool met, const QString& reason) {
    state.enabled = met;
    if (!met) state.reason = reason;
  };
  if (id == "edit.copy" || id == "edit.cut" || id == "object.duplicate" || id == "canvas.group")
    need(!ids.empty() && !web, tr("Select nodes first."));
  else if (id == "object.archive") {
    need((!ids.empty() && !web) || selectedEdge(),
         web ? tr("Nodes of a web are counted in the inspector.") : tr("Select a node or an edge first."));
    state.text = tr("Delete");
  } else if (id == "edit.paste")
    need(clipboardNodes().is_object(), tr("Copy nodes first."));
  else if (id == "object.rename")
    need(ids.size() == 1 && !web, tr("Select one node first."));
  else if (id == "canvas.connect")
    need(canvas_->graphScene()->node(canvas_->selectedNode()) != nullptr, tr("Select the node to connect from first."));
  else if (id == "canvas.ungroup") {
    const Json* node = ids.size() == 1 ? spaceNode(model(), {level.part, ids[0]}) : nullptr;
    need(node && !spaceCellOf(*node).empty(), tr("Select a cell first."));
  } else if (id == "canvas.choice" || id == "canvas.cell" || id == "canvas.add")
    need(!web, tr("Nothing can be added to a web; change how many nodes it has."));
  return state;
}

void SpaceDesigner::runCommand(const QString& id) {
  if (id == "edit.find") {
    finder_->move(canvas_->width() - finder_->width() - 10, 10);
    finder_->show();
    finder_->setFocus(Qt::ShortcutFocusReason);
    finder_->selectAll();
    return;
  }
  if (id == "edit.find-next") return find(1);
  if (id == "edit.find-previous") return find(-1);
  if (id == "canvas.outline") {
    const bool on = outline_->isHidden();
    outline_->setVisible(on);
    palette_->setVisible(!on);
    outline_->setGraph(canvas_->graph());
    outline_->setCurrent(canvas_->selectedNode());
    return on ? outline_->setFocus(Qt::ShortcutFocusReason) : canvas_->setFocus(Qt::ShortcutFocusReason);
  }
  if (id == "canvas.add") {
    outline_->hide();
    palette_->show();
    return palette_->beginTyping();
  }
  if (id == "canvas.cell") return cell();
  if (id == "canvas.choice") return choice();
  if (id == "canvas.connect") return canvas_->beginConnecting();
  if (id == "canvas.group") return group();
  if (id == "canvas.ungroup") return ungroup();
  if (id == "canvas.lay-out") return layOut();
  if (id == "edit.select-all") return canvas_->selectAll();
  if (id == "edit.copy") return copy();
  if (id == "edit.cut") {
    copy();
    return remove();
  }
  if (id == "edit.paste") return paste();
  if (id == "object.duplicate") return copyNodes(canvas_->selection(), QPointF(24, 24));
  if (id == "object.rename") return rename();
  if (id == "object.archive") return remove();
}

void SpaceDesigner::remove() {
  if (const auto edge = selectedEdge()) return detach(edge->first + ">" + edge->second);
  const Level level = currentLevel();
  const std::vector<std::string> ids = selectedIds(level.path);
  if (ids.empty()) return;
  // Then what stood before the first of them is selected.
  const Json* part = spacePart(model(), level.part);
  const auto index = part ? spaceNodeIndex(*part, ids.front()) : std::nullopt;
  const std::vector<std::string> before = index ? spaceInputs(*part, *index) : std::vector<std::string>();
  SpaceChange change = removeSpaceNodes(model(), level.part, ids);
  if (change.ok() && !before.empty() && std::find(ids.begin(), ids.end(), before.front()) == ids.end())
    change.select = {before.front() == "input" ? kSpaceInput : before.front()};
  apply(change, level.path);
}

void SpaceDesigner::copy() {
  const Level level = currentLevel();
  const Json copied = copySpaceNodes(model(), level.part, selectedIds(level.path));
  if (!copied.is_null()) QApplication::clipboard()->setText(QString::fromStdString(copied.dump(1)));
  emit commandsChanged();
}

void SpaceDesigner::paste() {
  const Level level = currentLevel();
  apply(pasteSpaceNodes(model(), level.part, clipboardNodes(), QPointF(24, 24), tr("Paste")), level.path);
}

void SpaceDesigner::group() {
  const Level level = currentLevel();
  const SpaceChange change = groupSpaceNodes(model(), level.part, selectedIds(level.path), "cell");
  apply(change, level.path);
}

void SpaceDesigner::ungroup() {
  const Level level = currentLevel();
  const std::vector<std::string> ids = selectedIds(level.path);
  if (!ids.empty()) apply(ungroupSpaceNode(model(), {level.part, ids.front()}), level.path);
}

/// A selected layer or cell becomes a choice; without one, a choice is added.
void SpaceDesigner::choice() {
  const Level level = currentLevel();
  const std::vector<std::string> ids = selectedIds(level.path);
  const Json* node = ids.size() == 1 ? spaceNode(model(), {level.part, ids.front()}) : nullptr;
  const std::string op = node ? textAt(*node, "op") : std::string();
  if (node && op != "choice" && op != "add" && op != "multiply" && op != "concat") {
    apply(makeSpaceChoice(model(), {level.part, ids.front()}), level.path);
    return;
  }
  const auto edge = selectedEdge();
  addNode({{"op", "choice"}}, std::nullopt, {}, edge ? edge->first + ">" + edge->second : QString());
}

void SpaceDesigner::cell() {
  const auto edge = selectedEdge();
  addNode({{"op", "cell"}}, std::nullopt, {}, edge ? edge->first + ">" + edge->second : QString());
}

void SpaceDesigner::layOut() {
  apply(clearSpacePositions(model()), {});
  canvas_->fit();
}

void SpaceDesigner::rename() {
  const Level level = currentLevel();
  const std::vector<std::string> ids = selectedIds(level.path);
  if (ids.size() != 1) return;
  const QString old = QString::fromStdString(ids[0]);
  const auto name = askText(this, tr("Rename %1").arg(old), tr("Name"), old, tr("Rename"));
  if (name && *name != old) apply(renameSpaceNode(model(), {level.part, ids[0]}, name->toStdString()), level.path);
}

void SpaceDesigner::find(int direction) {
  const QString wanted = finder_->text().trimmed();
  if (wanted.isEmpty()) return;
  QStringList found;
  for (const GraphNode& node : canvas_->graph().nodes) {
    QString all = node.id + ' ' + node.name + ' ' + node.foot;
    for (const GraphRow& row : node.rows) all += ' ' + row.text;
    if (all.contains(wanted, Qt::CaseInsensitive)) found << node.id;
  }
  if (found.isEmpty()) return emit refused(tr("No node is called \"%1\".").arg(wanted));
  const auto at = found.indexOf(canvas_->selectedNode());
  const auto count = found.size();
  const auto next = at < 0 ? 0 : direction == 0 ? at : (at + direction + count) % count;
  canvas_->setSelection({found[next]});
}

}  // namespace dsw
