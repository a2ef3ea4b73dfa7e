// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/designer/space_designer.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "ui/models/command_registry.h"
#include "ui/models/space/space_analysis.h"
#include "ui/models/space/space_layers.h"
#include "ui/models/spec_document.h"
#include "ui/panels/designer/space_drawing.h"
#include "ui/panels/designer/space_outline.h"
#include "ui/panels/designer/space_palette.h"
#include "ui/panels/designer/space_status.h"
#include "ui/widgets/graph/graph_scene.h"

namespace dsw {
namespace {

constexpr qreal kBeside = 44;
const Json kNoModel = Json::object();

/// What stands in the level "encoder-1/" has the frame "encoder-1".
QString frameOf(const std::string& level) { return level.empty() ? QString() : QString::fromStdString(level.substr(0, level.size() - 1)); }

}  // namespace

SpaceDesigner::SpaceDesigner(SpecDocument& document, const Catalog& catalog, DatasetCache& datasets, CommandRegistry& commands,
                             QWidget* parent)
    : QWidget(parent),
      document_(document),
      catalog_(catalog),
      analysis_(new SpaceAnalysis(document, catalog, datasets, this)),
      canvas_(new GraphEditor([this](const QString& from, const QString& to) { return judge(from, to); }, this)),
      palette_(new SpacePalette(commands, false, this)),
      offers_(new SpacePalette(commands, true, canvas_)),
      outline_(new SpaceOutline(this)),
      status_(new SpaceStatus(this)),
      finder_(new QLineEdit(canvas_)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* row = new QHBoxLayout;
  row->setSpacing(0);
  row->addWidget(palette_);
  row->addWidget(outline_);
  row->addWidget(canvas_, 1);
  column->addLayout(row, 1);
  column->addWidget(status_);
  canvas_->setAccessibleName(tr("Space"));
  canvas_->setDropType(SpacePalette::mimeType());
  offers_->hide();
  outline_->hide();
  finder_->hide();
  finder_->setPlaceholderText(tr("Find a node"));
  finder_->setAccessibleName(tr("Find a node"));
  finder_->setFixedWidth(220);
  finder_->setClearButtonEnabled(true);
  connect(finder_, &QLineEdit::textEdited, this, [this] { find(0); });
  connect(finder_, &QLineEdit::returnPressed, this, [this] {
    finder_->hide();
    canvas_->setFocus(Qt::OtherFocusReason);
  });
  redraw_timer_.setSingleShot(true);
  redraw_timer_.setInterval(0);
  connect(&redraw_timer_, &QTimer::timeout, this, &SpaceDesigner::redraw);
  connect(&document_, &SpecDocument::changed, this, &SpaceDesigner::redraw);
  connect(&document_, &SpecDocument::problemsChanged, &redraw_timer_, qOverload<>(&QTimer::start));
  connect(&document_, &SpecDocument::estimateChanged, &redraw_timer_, qOverload<>(&QTimer::start));
  connect(analysis_, &SpaceAnalysis::changed, this, [this] {
    redraw_timer_.start();
    emit factsChanged();
  });
  connect(canvas_, &GraphEditor::selectionChanged, this, &SpaceDesigner::selectionChanged);
  connect(canvas_, &GraphEditor::selectionChanged, this, &SpaceDesigner::commandsChanged);
  connect(canvas_, &GraphEditor::selectionChanged, this, [this] { outline_->setCurrent(canvas_->selectedNode()); });
  connect(outline_, &SpaceOutline::chosen, this, [this](const QString& id) { canvas_->setSelection({id}); });
  connect(outline_, &SpaceOutline::left, this, [this] { canvas_->setFocus(Qt::OtherFocusReason); });
  connect(canvas_, &GraphEditor::moveWanted, this, &SpaceDesigner::moveNodes);
  connect(canvas_, &GraphEditor::copyWanted, this, &SpaceDesigner::copyNodes);
  connect(canvas_, &GraphEditor::connectWanted, this, &SpaceDesigner::connectNodes);
  connect(canvas_, &GraphEditor::rerouteWanted, this, &SpaceDesigner::reroute);
  connect(canvas_, &GraphEditor::fixWanted, this, &SpaceDesigner::takeFix);
  connect(canvas_, &GraphEditor::detachWanted, this, &SpaceDesigner::detach);
  connect(canvas_, &GraphEditor::betweenWanted, this, &SpaceDesigner::putBetween);
  connect(canvas_, &GraphEditor::newWanted, this, &SpaceDesigner::askNew);
  connect(canvas_, &GraphEditor::dropped, this, &SpaceDesigner::addDropped);
  connect(canvas_, &GraphEditor::openWanted, this, &SpaceDesigner::openOrClose);
  connect(canvas_, &GraphEditor::outWanted, this, &SpaceDesigner::goOut);
  connect(palette_, &SpacePalette::chosen, this, [this](const QByteArray& text) {
    const auto edge = selectedEdge();
    canvas_->setFocus(Qt::OtherFocusReason);
    addNode(Json::parse(text.toStdString()), std::nullopt, {}, edge ? edge->first + ">" + edge->second : QString());
  });
  connect(palette_, &SpacePalette::left, this, [this] { canvas_->setFocus(Qt::OtherFocusReason); });
  connect(offers_, &SpacePalette::chosen, this, [this](const QByteArray& text) {
    offers_->hide();
    canvas_->setFocus(Qt::OtherFocusReason);
    addNode(Json::parse(text.toStdString()), offer_at_, offer_from_, {});
  });
  connect(offers_, &SpacePalette::left, this, [this] {
    offers_->hide();
    canvas_->setFocus(Qt::OtherFocusReason);
  });
  connect(status_, &SpaceStatus::problemsClicked, this, &SpaceDesigner::problemsWanted);
  redraw();
}

SpaceDesigner::~SpaceDesigner() = default;

const Json& SpaceDesigner::model() const {
  const Json& json = document_.json();
  return json.is_object() && json.contains("model") && json.at("model").is_object() ? json.at("model") : kNoModel;
}

std::shared_ptr<const SpaceFacts> SpaceDesigner::facts() const { return analysis_->facts(); }

void SpaceDesigner::redraw() {
  redraw_timer_.stop();
  for (auto it = open_.begin(); it != open_.end();) {
    const auto ref = resolveSpacePath(model(), it->toStdString());
    const Json* node = ref ? spaceNode(model(), *ref) : nullptr;
    it = node && spacePart(model(), spaceCellOf(*node)) && !spaceCellOf(*node).empty() ? std::next(it) : open_.erase(it);
  }
  const auto known = facts();
  const bool was_empty = canvas_->graph().nodes.empty();
  GraphData graph = drawSpace(model(), known.get(), document_.problems(), open_);
  if (!document_.checking()) errors_.clear();
  for (GraphNode& node : graph.nodes) {
    if (!document_.checking() && !node.error.isEmpty()) errors_.insert(node.id, node.error);
    if (document_.checking() && node.error.isEmpty()) node.error = errors_.value(node.id);
  }
  canvas_->setGraph(std::move(graph));
  if (wanted_selection_) {
    canvas_->setSelection(*wanted_selection_);
    wanted_selection_.reset();
  }
  const auto nodes = model().find("nodes");
  canvas_->setHint(nodes == model().end() || nodes->empty() ? tr("Type the first layer (Space), or drag one from the left.") : QString());
  if (was_empty || (canvas_->isFitted() && (canvas_->zoom() < 1 || !canvas_->showsAll())))
    canvas_->fit();  // until the person chooses a view
  palette_->setGroups(spacePalette(catalog_.layers, model()));
  if (!outline_->isHidden()) outline_->setGraph(canvas_->graph());
  status_->setValues(document_, known.get());
  emit selectionChanged();
  emit commandsChanged();
}

bool SpaceDesigner::apply(SpaceChange change, const std::string& level, const QString& merge) {
  if (read_only_) return false;
  if (!change.ok()) {
    emit refused(change.refused);
    return false;
  }
  if (!document_.parses()) {
    emit refused(tr("The text of this document is not JSON; mend it there first."));
    return false;
  }
  Json whole = Json::object();
  for (const auto& [key, value] : document_.json().items()) whole[key] = key == "model" ? Json() : value;
  whole["model"] = std::move(change.model);
  QStringList ids;
  for (const std::string& id : change.select) ids << QString::fromStdString(level + id);
  wanted_selection_ = ids;
  if (merge.isEmpty()) document_.endMerge();
  document_.setJson(std::move(whole), change.label, merge);
  if (merge.isEmpty()) document_.endMerge();
  wanted_selection_.reset();  // where nothing changed
  return true;
}

GraphVerdict SpaceDesigner::judge(const QString& from, const QString& to) const {
  const SpaceEnd source = spaceSource(from), target = spaceTarget(to);
  if (source.level != target.level) return {tr("It stands in another cell; a cell is entered through its input."), {}};
  if (to.endsWith(QLatin1String(kSpaceInput)) && target.level.empty() && target.id == kSpaceInput)
    return {tr("Nothing leads into the data."), {}};
  if (source.id == kSpaceOutput) return {tr("The output leads nowhere."), {}};
  const std::string part = partOf(source.level);
  if (const Json* web = spacePart(model(), part); web && isWeb(*web)) {
    const auto number = [](const std::string& id) { return std::isdigit(static_cast<unsigned char>(id[0])) ? std::stoi(id) : -1; };
    if (number(source.id) < 0 || number(target.id) < 0) return {tr("The ends of a web are set in the inspector."), {}};
    const SpaceChange tried = setSpaceWebEdge(model(), part, number(source.id), number(target.id), true);
    return {tried.refused, {}};
  }
  const auto known = facts();
  static const SpaceFacts kUnknown;
  const auto refusal = judgeSpaceConnection(catalog_.layers, model(), known ? *known : kUnknown, source.level, source.id, target.id);
  if (!refusal) return {};
  return {refusal->sentence, refusal->adapter.is_null() ? QString() : tr("Insert %1").arg(refusal->adapter_name)};
}

std::string SpaceDesigner::partOf(const std::string& level) const {
  if (level.empty()) return {};
  const auto ref = resolveSpacePath(model(), level.substr(0, level.size() - 1));
  const Json* node = ref ? spaceNode(model(), *ref) : nullptr;
  return node ? spaceCellOf(*node) : std::string();
}

QStringList SpaceDesigner::selected() const {
  QStringList ids = canvas_->selection();
  ids.erase(std::remove_if(ids.begin(), ids.end(), [](const QString& id) { return id.contains('>'); }), ids.end());
  const QString current = canvas_->selectedNode();
  if (ids.removeAll(current) > 0) ids.prepend(current);
  return ids;
}

std::pair<QString, QString> SpaceDesigner::endsOf(const QString& edge) { return {edge.section('>', 0, 0), edge.section('>', 1)}; }

std::optional<std::pair<QString, QString>> SpaceDesigner::selectedEdge() const {
  const QStringList ids = canvas_->selection();
  if (ids.size() != 1 || !ids.first().contains('>')) return std::nullopt;
  return endsOf(ids.first());
}

SpaceDesigner::Level SpaceDesigner::currentLevel() const {
  const QStringList ids = selected();
  if (!ids.isEmpty()) {
    const std::string level = spaceLevel(ids.first().toStdString());
    return {level, partOf(level)};
  }
  if (const auto edge = selectedEdge()) {
    const std::string level = spaceSource(edge->first).level;
    return {level, partOf(level)};
  }
  return {};
}

std::string SpaceDesigner::subject() const {
  const auto edge = selectedEdge();
  const QStringList ids = selected();
  const std::string path = !edge && ids.size() == 1 ? ids.first().toStdString() : std::string();
  const std::string level = edge ? spaceSource(edge->first).level : spaceLevel(path);
  const Json* part = level.empty() ? nullptr : spacePart(model(), partOf(level));
  return part && isWeb(*part) ? level.substr(0, level.size() - 1) : path;
}

/// Of what is selected, the nodes of one level; its ends left out.
std::vector<std::string> SpaceDesigner::selectedIds(const std::string& level) const {
  std::vector<std::string> ids;
  for (const QString& path : selected())
    if (spaceLevel(path.toStdString()) == level && !spaceIdIn(path.toStdString()).starts_with('*'))
      ids.push_back(spaceIdIn(path.toStdString()));
  return ids;
}

Json SpaceDesigner::placed(const Level& level) const {
  Json copy = model();
  const GraphScene* scene = canvas_->graphScene();
  const QString frame = frameOf(level.path);
  const GraphFrameItem* around = frame.isEmpty() ? nullptr : scene->frame(frame);
  const QPointF origin = around ? around->mapRectToScene(around->box()).topLeft() + kGraphFrameInside : QPointF();
  std::map<std::string, QPointF> at;
  bool any = false;
  std::vector<std::pair<QRectF, QSizeF>> opened;  // where it is drawn, how much more than closed
  for (const GraphFrame& f : canvas_->graph().frames)
    if (f.parent == frame) {
      const QRectF box = scene->rectOf(f.id);
      opened.emplace_back(box, box.size() - f.closed);
    }
  const auto take = [&](const QString& path, bool pinned) {
    const std::string id = spaceIdIn(path.toStdString());
    any = any || pinned;
    const QRectF box = scene->rectOf(path);
    QPointF place = box.topLeft() - origin;
    for (const auto& [rect, more] : opened) {  // what made room for an open cell stands closer where that is closed
      if (rect == box) continue;
      if (box.left() >= rect.right() - 1)
        place.rx() -= more.width();
      else if (box.top() >= rect.bottom() - 1)
        place.ry() -= more.height();
    }
    at[id] = place;
  };
  for (const GraphNode& node : canvas_->graph().nodes)
    if (node.frame == frame && node.kind != GraphNodeKind::Entry && node.kind != GraphNodeKind::Exit)
      take(node.id, node.pinned.has_value());
  for (const GraphFrame& f : canvas_->graph().frames)
    if (f.parent == frame) take(f.id, f.pinned.has_value());
  if (any) return copy;  // they are written already
  return placeSpaceNodes(copy, level.part, at).model;
}

std::optional<QPointF> SpaceDesigner::placeAt(const Json& model_placed, const Level& level, QPointF scene_at) const {
  // As far from where the nearest node is written as it is drawn from it.
  const QString frame = frameOf(level.path);
  std::optional<QPointF> best;
  qreal least = std::numeric_limits<qreal>::infinity();
  const auto look = [&](const QString& path) {
    const auto written = spacePosition(model_placed, {level.part, spaceIdIn(path.toStdString())});
    const QPointF d = scene_at - canvas_->graphScene()->rectOf(path).topLeft();
    if (!written || std::hypot(d.x(), d.y()) >= least) return;
    least = std::hypot(d.x(), d.y());
    best = *written + d;
  };
  for (const GraphNode& node : canvas_->graph().nodes)
    if (node.frame == frame) look(node.id);
  for (const GraphFrame& f : canvas_->graph().frames)
    if (f.parent == frame) look(f.id);
  if (best) return QPointF(std::round(best->x() / 8) * 8, std::round(best->y() / 8) * 8);
  return best;
}

std::optional<QPointF> SpaceDesigner::placeBeside(const std::string& level, const std::string& id) const {
  const auto at = spacePosition(model(), {partOf(level), id.starts_with("input") ? "*" + id : id});
  const QRectF box = canvas_->graphScene()->rectOf(QString::fromStdString(level + (id.starts_with("input") ? "*" + id : id)));
  if (!at) return std::nullopt;
  return *at + QPointF(std::round((box.width() + kBeside) / 8) * 8, 0);
}

std::string SpaceDesigner::levelAt(QPointF scene_at) const {
  const GraphFrameItem* frame = canvas_->graphScene()->frameAt(scene_at);
  return frame ? frame->frame().id.toStdString() + "/" : std::string();
}

void SpaceDesigner::setReadOnly(bool on) {
  read_only_ = on;
  canvas_->setReadOnly(on);
  palette_->setEnabled(!on);
}

QString SpaceDesigner::currentPointer() const {
  const QStringList ids = selected();
  const auto ref = ids.isEmpty() ? std::nullopt : resolveSpacePath(model(), ids.first().toStdString());
  return QString::fromStdString(ref ? spaceNodePointer(model(), *ref) : "/model");
}

bool SpaceDesigner::goTo(const QString& pointer) {
  const QStringList steps = pointer.split('/');
  if (steps.value(1) != "model") return false;
  const auto node_of = [&](const Json* part, int at) -> std::string {
    if (!part || steps.value(at) != "nodes" || steps.size() <= at + 1) return {};
    const Json nodes = part->value("nodes", Json());
    const auto number = static_cast<std::size_t>(steps.value(at + 1).toULongLong());
    return nodes.is_array() && number < nodes.size() ? textAt(nodes[number], "id") : std::string();
  };
  QString path;
  if (steps.value(2) == "cells" && steps.size() > 3) {
    // A node that puts the cell in, of the network where there is one.
    const std::string cell = steps[3].toStdString();
    for (const std::string& use : spaceCellUses(model(), cell)) {
      const QStringList at = QString::fromStdString(use).split('/');
      if (at.value(2) != "nodes" || at.size() != 4) continue;
      path = QString::fromStdString(textAt(model().at("nodes")[static_cast<std::size_t>(at[3].toInt())], "id"));
      break;
    }
    if (path.isEmpty()) return false;
    if (const std::string inner = node_of(spacePart(model(), cell), 4); !inner.empty()) {
      open_ << path;
      path += "/" + QString::fromStdString(inner);
    }
  } else {
    path = QString::fromStdString(node_of(&model(), 2));
  }
  if (path.isEmpty()) return steps.size() <= 3;
  redraw();
  canvas_->setSelection({path});
  return true;
}

}  // namespace dsw
