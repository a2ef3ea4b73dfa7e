// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/designer/space_inspector.h"

#include <QHeaderView>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "engine/nas/lowering.h"
#include "ui/models/number_format.h"
#include "ui/models/space/space_layers.h"
#include "ui/models/spec_document.h"
#include "ui/panels/designer/space_designer.h"
#include "ui/panels/designer/space_drawing.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/fact_sheet.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/pane.h"
#include "ui/widgets/param_row.h"

namespace dsw {
namespace {

/// "2, 4, 8" of {"choice": [2, 4, 8]}, "4" of 4.
Json openText(const Json& value) {
  if (value.is_number()) return value.dump();
  if (!value.is_object() || !value.contains("choice") || !value.at("choice").is_array()) return value;
  QStringList sizes;
  for (const Json& size : value.at("choice")) sizes << QString::fromStdString(size.dump());
  const std::string name = textAt(value, "name");
  return (name.empty() ? "" : name + ": ") + sizes.join(", ").toStdString();
}

/// One number closes a size, several leave it open; anything else stays as text, and the check says what is wrong with it.
Json openValue(const Json& value) {
  if (!value.is_string()) return value;
  Json sizes = Json::array();
  const QString text = QString::fromStdString(value.get<std::string>());
  const qsizetype colon = text.indexOf(':');
  for (const QString& part : text.mid(colon + 1).split(',', Qt::SkipEmptyParts)) {
    bool good = false;
    const qlonglong number = part.trimmed().toLongLong(&good);
    if (!good) return value;
    sizes.push_back(number);
  }
  if (sizes.empty()) return text.trimmed().isEmpty() ? Json() : value;
  if (sizes.size() == 1) return sizes[0];
  Json open{{"choice", sizes}};
  if (const QString name = text.left(std::max<qsizetype>(colon, 0)).trimmed(); !name.isEmpty()) open["name"] = name.toStdString();
  return open;
}

/// The text of a row that may leave a size open: what the person typed, as long as it means the value.
Json openShown(const ParamRow* row, const Json& value) {
  const auto* edit = qobject_cast<const QLineEdit*>(row->control());
  if (const Json typed = edit ? Json(edit->text().toStdString()) : Json(); !value.is_null() && openValue(typed) == value) return typed;
  return openText(value);
}

Param openParam(Param param) {
  param.type = ParamType::String;
  param.help += QObject::tr(
                    " Several numbers with commas leave it open: 2, 4, 8. Those with a name before them, "
                    "stream: 32, 64, are decided together.")
                    .toStdString();
  param.default_text.clear();
  return param;
}

}  // namespace

SpaceInspector::SpaceInspector(SpaceDesigner& designer, QWidget* parent)
    : QScrollArea(parent), designer_(designer), body_(new QWidget(viewport())), column_(new QVBoxLayout(body_)) {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Selected node"));
  column_->setContentsMargins(0, 0, 0, 8);
  column_->setSpacing(0);
  column_->addStretch(1);
  setWidget(body_);
  connect(&designer_, &SpaceDesigner::selectionChanged, this, &SpaceInspector::refresh);
  connect(&designer_, &SpaceDesigner::factsChanged, this, &SpaceInspector::refresh);
  refresh();
}

SpaceNodeRef SpaceInspector::owner() const {
  const Json* node = spaceNode(designer_.model(), ref_);
  const std::string cell = node ? spaceCellOf(*node) : std::string();
  return cell.empty() ? ref_ : SpaceNodeRef{cell, {}};  // candidates of a web belong to its cell
}

void SpaceInspector::refresh() {
  if (showing_) return;
  const std::string path = designer_.subject();
  const auto ref = path.empty() ? std::nullopt : resolveSpacePath(designer_.model(), path);
  const Json* node = ref ? spaceNode(designer_.model(), *ref) : nullptr;
  const bool had = hasSubject();
  if (path != path_) candidate_ = -1;
  path_ = node ? path : std::string();
  level_ = spaceLevel(path_);
  ref_ = node ? *ref : SpaceNodeRef();
  // Rows are made again where there are others, so that the cursor stays where the person types.
  std::string shape = path_;
  if (node) {
    shape += "|" + textAt(*node, "op") + "|" + spaceCellOf(*node) + "|" + std::to_string(candidate_);
    const Json* list = spaceCandidates(designer_.model(), owner());
    if (list)
      for (const Json& candidate : *list) shape += "," + textAt(candidate, "op") + spaceCellOf(candidate);
  }
  if (shape != shape_) {
    shape_ = shape;
    rebuild();
  }
  showValues();
  showFacts();
  if (had != hasSubject()) emit subjectChanged();
}

QWidget* SpaceInspector::section(const QString& title, const QString& note) {
  auto* widget = new QWidget(body_);
  auto* column = new QVBoxLayout(widget);
  column->setContentsMargins(0, 10, 0, 8);
  column->setSpacing(2);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(12, 0, 12, 2);
  head->addWidget(new ThemedLabel(title, FontRole::Strong, Token::Text1, widget));
  head->addStretch(1);
  head->addWidget(new ThemedLabel(note, FontRole::Hint, Token::Text3, widget));
  column->addLayout(head);
  column_->insertWidget(column_->count() - 1, widget);
  auto* line = new QWidget(body_);
  line->setObjectName(QStringLiteral("hairline"));
  line->setAttribute(Qt::WA_StyledBackground);
  line->setFixedHeight(1);
  column_->insertWidget(column_->count() - 1, line);
  return widget;
}

ParamRow* SpaceInspector::addRow(QWidget* in, const Param& param, const std::string& key, std::function<void(const Json&)> set_value) {
  auto* row = new ParamRow(param, QString::fromStdString("/" + key), 0, in, true);
  row->setReadOnly(designer_.isReadOnly());
  connect(row, &ParamRow::edited, this, [set_value](const QString& text) { set_value(Json::parse(text.toStdString(), nullptr, false)); });
  connect(row, &ParamRow::editDone, &designer_.document(), &SpecDocument::endMerge);
  connect(row, &ParamRow::resetRequested, this, [set_value] { set_value(nullptr); });
  in->layout()->addWidget(row);
  rows_.push_back(row);
  return row;
}

void SpaceInspector::set(const std::string& key, const Json& value) {
  if (value.is_discarded()) return;
  const std::string merge = "inspector " + path_ + " " + key + std::to_string(candidate_);
  const SpaceChange change = candidate_ >= 0
                                 ? setSpaceCandidateValue(designer_.model(), owner(), static_cast<std::size_t>(candidate_), key, value)
                                 : setSpaceValue(designer_.model(), ref_, key, value);
  SpaceChange kept = change;
  kept.select = {ref_.id};
  designer_.apply(kept, level_, QString::fromStdString(merge));
}

void SpaceInspector::rebuild() {
  rows_.clear();
  values_.clear();
  if (candidates_) candidates_->disconnect(this);
  candidates_ = nullptr;
  facts_ = nullptr;
  while (column_->count() > 1) {
    QLayoutItem* item = column_->takeAt(0);
    if (QWidget* widget = item->widget()) {
      widget->hide();
      widget->deleteLater();  // later: the event handled now may be of one of them
    }
    delete item;
  }
  const Json* node = spaceNode(designer_.model(), ref_);
  if (path_.empty() || !node) return;
  const std::string op = textAt(*node, "op"), cell = spaceCellOf(*node);
  buildNames(*node);
  if (!cell.empty()) buildCell(*node);
  const Json* list = spaceCandidates(designer_.model(), owner());
  const Json* part = cell.empty() ? nullptr : spacePart(designer_.model(), cell);
  if (op == "choice" || (part && isWeb(*part))) buildCandidates(list);
  if (list && candidate_ >= 0 && candidate_ < static_cast<int>(list->size()))
    buildSettings(textAt((*list)[static_cast<std::size_t>(candidate_)], "op"), (*list)[static_cast<std::size_t>(candidate_)], true);
  else if (op != "choice" && op != "cell")
    buildSettings(op, *node, false);
  facts_ = new FactSheet(body_);
  facts_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  facts_->setFrameShape(QFrame::NoFrame);
  facts_->showWhole();
  column_->insertWidget(column_->count() - 1, facts_);
}

void SpaceInspector::buildNames(const Json& node) {
  const std::string op = textAt(node, "op");
  QWidget* in = section(spaceOpTitle(op));
  Param id =
      string_param("id", tr("Id").toStdString(), std::nullopt, tr("By which others name it: letters, digits, - and _.").toStdString());
  // A name is taken when the field is left: half of one would rename the node at every letter.
  auto* row = new ParamRow(id, "/id", 0, in, true);
  row->setReadOnly(designer_.isReadOnly());
  in->layout()->addWidget(row);
  auto wanted = std::make_shared<std::string>();
  connect(row, &ParamRow::edited, this, [wanted](const QString& text) { *wanted = Json::parse(text.toStdString()).get<std::string>(); });
  connect(row, &ParamRow::editDone, this, [this, wanted] {
    if (wanted->empty() || *wanted == ref_.id) return;
    const std::string name = *wanted;
    wanted->clear();
    designer_.apply(renameSpaceNode(designer_.model(), ref_, name), level_);
  });
  rows_.push_back(row);
  values_.push_back([this] { return Json(ref_.id); });
  if (op == "choice") {
    addRow(in, string_param("name", tr("Name").toStdString(), std::nullopt, tr("What is shown for it; the id without one.").toStdString()),
           "name", [this](const Json& value) {
             const int kept = candidate_;
             candidate_ = -1;
             set("name", value.is_string() && value.get<std::string>().empty() ? Json() : value);
             candidate_ = kept;
           });
    values_.push_back([this] {
      const Json* at = spaceNode(designer_.model(), ref_);
      return at ? at->value("name", Json()) : Json();
    });
  } else if (op != "cell") {
    auto* open = new QPushButton(themeIcon("signpost-split"), tr("Make it a choice"), in);
    open->setToolTip(tr("Leave open whether it is there (H)"));
    open->setEnabled(!designer_.isReadOnly());
    connect(open, &QPushButton::clicked, this, [this] { designer_.apply(makeSpaceChoice(designer_.model(), ref_), level_); });
    auto* line = new QHBoxLayout;
    line->setContentsMargins(12, 4, 8, 0);
    line->addWidget(open);
    line->addStretch(1);
    static_cast<QVBoxLayout*>(in->layout())->addLayout(line);
  }
}

void SpaceInspector::buildCell(const Json& node) {
  const std::string cell = spaceCellOf(node);
  QWidget* in = section(cell == "cell" ? tr("Cell") : tr("Cell %1").arg(QString::fromStdString(cell)));
  const auto node_value = [this](const std::string& key) {
    return [this, key] {
      const Json* at = spaceNode(designer_.model(), ref_);
      return at ? at->value(key, Json()) : Json();
    };
  };
  const auto set_node = [this](const std::string& key) {
    return [this, key](const Json& value) {
      SpaceChange change = setSpaceValue(designer_.model(), ref_, key, key == "repeat" ? openValue(value) : value);
      designer_.apply(change, level_, QString::fromStdString("inspector " + path_ + " " + key));
    };
  };
  addRow(in,
         choice_param("scope", tr("Decides").toStdString(), "each", {"each", "shared"},
                      tr("each: every place for itself; shared: all shared places of the cell together").toStdString()),
         "scope", set_node("scope"));
  values_.push_back(node_value("scope"));
  Param repeat = openParam(
      int_param("repeat", tr("Depth").toStdString(), 1, 1, 256, tr("How often it stands there, one after the other.").toStdString()));
  repeat.default_text = "\"1\"";
  const ParamRow* depth = addRow(in, repeat, "repeat", set_node("repeat"));
  values_.push_back([depth, value = node_value("repeat")] { return openShown(depth, value()); });
  const Json* part = spacePart(designer_.model(), cell);
  if (!part || !isWeb(*part)) return;
  const auto add = [&](const Param& param) {
    addRow(in, param, param.name, [this, cell, key = param.name](const Json& value) {
      SpaceChange change = setSpaceCellValue(designer_.model(), cell, key, value);
      change.select = {ref_.id};
      designer_.apply(change, level_, QString::fromStdString("inspector cell " + cell + " " + key));
    });
    values_.push_back([this, cell, key = param.name] {
      const Json* at = spacePart(designer_.model(), cell);
      return at ? at->value(key, Json()) : Json();
    });
  };
  add(required(int_param("nodes", tr("Nodes").toStdString(), std::nullopt, 2, 64, tr("Inputs included.").toStdString())));
  add(int_param("inputs", tr("Inputs").toStdString(), 1, 1, 63, tr("Of the nodes, so many are inputs.").toStdString()));
  add(choice_param("output", tr("Output").toStdString(), "last", {"last", "concat"},
                   tr("The last node, or all that are no inputs along the channels.").toStdString()));
  add(bool_param("reduce", tr("Reduce").toStdString(), false, tr("Edges from inputs halve the picture.").toStdString()));
  add(int_param("keep", tr("Keep").toStdString(), 0, 0, 64, tr("So many strongest edges into each node stay; 0: all.").toStdString()));
}

void SpaceInspector::buildCandidates(const Json* list) {
  QWidget* in = section(tr("Candidates"));
  candidates_ = new QTreeWidget(in);
  candidates_->setColumnCount(3);
  candidates_->setHeaderLabels({tr("Candidate"), tr("FLOPs"), tr("Params")});
  candidates_->setRootIsDecorated(false);
  candidates_->setUniformRowHeights(true);
  candidates_->setFrameShape(QFrame::NoFrame);
  candidates_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  candidates_->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  candidates_->setAccessibleName(tr("Candidates"));
  candidates_->header()->setStretchLastSection(false);
  candidates_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  candidates_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  candidates_->header()->setSectionResizeMode(2, QHeaderView::ResizeToContents);
  const std::size_t count = list ? list->size() : 0;
  for (std::size_t i = 0; i < count; ++i) {
    auto* row = new QTreeWidgetItem(candidates_);
    row->setIcon(0, themeIcon(spaceOpIcon(textAt((*list)[i], "op"))));
    for (const int column : {1, 2}) {
      row->setFont(column, themeFont(FontRole::NumberSmall));
      row->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    }
    row->setSizeHint(0, {0, 24});
  }
  candidates_->setFixedHeight(26 + 24 * static_cast<int>(std::max<std::size_t>(1, count)));
  if (candidate_ >= 0 && candidate_ < static_cast<int>(count)) candidates_->setCurrentItem(candidates_->topLevelItem(candidate_));
  connect(candidates_, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* now) {
    candidate_ = now ? candidates_->indexOfTopLevelItem(now) : -1;
    QTimer::singleShot(0, this, [this] {
      refresh();
      if (candidates_ && candidates_->isVisible() && !candidates_->hasFocus() && candidate_ >= 0)
        candidates_->setFocus(Qt::OtherFocusReason);
    });
  });
  in->layout()->addWidget(candidates_);
  auto* line = new QHBoxLayout;
  line->setContentsMargins(12, 6, 8, 0);
  line->setSpacing(4);
  auto* add = new QPushButton(themeIcon("plus-lg"), tr("Add"), in);
  add->setAccessibleName(tr("Add candidate"));
  add->setToolTip(tr("Add candidate"));
  auto* menu = new QMenu(add);
  connect(menu, &QMenu::aboutToShow, this, [this, menu] {
    menu->clear();
    for (const SpacePaletteGroup& group : spacePalette(designer_.layers(), designer_.model())) {
      QMenu* sub = nullptr;
      for (const auto& entry : group.entries) {
        const std::string op = textAt(entry.node, "op");
        if (op == "choice" || (op == "cell" && !entry.node.contains("cell"))) continue;
        if (!sub) sub = menu->addMenu(group.title);
        sub->addAction(themeIcon(entry.icon), entry.title, this, [this, node = entry.node] {
          const auto known = designer_.facts();
          const auto index =
              spacePart(designer_.model(), ref_.part) ? spaceNodeIndex(*spacePart(designer_.model(), ref_.part), ref_.id) : std::nullopt;
          std::optional<dsw::Shape> shape;
          if (known && index) {
            const auto inputs = spaceInputs(*spacePart(designer_.model(), ref_.part), *index);
            if (!inputs.empty()) shape = spaceSourceShape(designer_.model(), *known, level_, inputs.front());
          }
          Json whole = defaultSpaceNode(designer_.layers(), textAt(node, "op"), shape ? &*shape : nullptr);
          for (const auto& [key, value] : node.items()) whole[key] = value;
          SpaceChange change = addSpaceCandidate(designer_.model(), owner(), whole);
          change.select = {ref_.id};
          const Json* now = spaceCandidates(designer_.model(), owner());
          const int next = now ? static_cast<int>(now->size()) : 0;
          if (change.ok()) candidate_ = next;
          designer_.apply(change, level_);
        });
      }
    }
  });
  add->setMenu(menu);
  line->addWidget(add);
  line->addStretch(1);
  const auto tool = [&](const QString& icon, const QString& name, auto run) {
    QToolButton* button = iconButton(icon, name, in);
    button->setEnabled(candidate_ >= 0 && !designer_.isReadOnly());
    connect(button, &QToolButton::clicked, this, run);
    line->addWidget(button);
  };
  const auto change = [this](const SpaceChange& made, int now) {
    SpaceChange kept = made;
    kept.select = {ref_.id};
    if (made.ok()) candidate_ = now;
    designer_.apply(kept, level_);
  };
  const auto number = [this] { return static_cast<std::size_t>(candidate_); };
  tool("arrow-up", tr("Move up"), [=, this] { change(moveSpaceCandidate(designer_.model(), owner(), number(), -1), candidate_ - 1); });
  tool("arrow-down", tr("Move down"), [=, this] { change(moveSpaceCandidate(designer_.model(), owner(), number(), 1), candidate_ + 1); });
  if (!ref_.id.empty() && owner() == ref_)
    tool("check-lg", tr("Use this one only"), [=, this] { change(settleSpaceChoice(designer_.model(), ref_, number()), -1); });
  tool("trash", tr("Remove"), [=, this] { change(removeSpaceCandidate(designer_.model(), owner(), number()), -1); });
  add->setEnabled(!designer_.isReadOnly());
  static_cast<QVBoxLayout*>(in->layout())->addLayout(line);
}

void SpaceInspector::buildSettings(const std::string& op, const Json&, bool of_candidate) {
  const auto* entry = designer_.layers().find(op);
  if (!entry || entry->schema.params.empty()) return;
  QWidget* in = section(of_candidate ? tr("Candidate: %1").arg(spaceOpTitle(op)) : tr("Settings"));
  for (const Param& param : entry->schema.params) {
    if (param.type == ParamType::Object || param.type == ParamType::Variant) continue;
    const bool open = may_be_open(op, param.name);
    const ParamRow* row = addRow(in, open ? openParam(param) : param, param.name,
                                 [this, open, key = param.name](const Json& value) { set(key, open ? openValue(value) : value); });
    values_.push_back([this, open, row, key = param.name] {
      const Json all = settingsShown();
      const Json value = all.is_object() ? all.value(key, Json()) : Json();
      return open ? openShown(row, value) : value;
    });
  }
}

Json SpaceInspector::settingsShown() const {
  if (candidate_ < 0) {
    const Json* node = spaceNode(designer_.model(), ref_);
    return node ? *node : Json();
  }
  const Json* list = spaceCandidates(designer_.model(), owner());
  return list && candidate_ < static_cast<int>(list->size()) ? (*list)[static_cast<std::size_t>(candidate_)] : Json();
}

void SpaceInspector::showValues() {
  for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i]->showValue(values_[i]());
  if (!candidates_) return;
  const Json* list = spaceCandidates(designer_.model(), owner());
  const auto known = designer_.facts();
  std::string flat = spaceFlatId(designer_.model(), path_);
  const Json* node = spaceNode(designer_.model(), ref_);
  if (known && node && !spaceCellOf(*node).empty()) {  // of a web, its first edge
    const auto edges = spaceWebEdges(*spacePart(designer_.model(), spaceCellOf(*node)));
    const std::string inside = spaceFlatId(designer_.model(), path_ + "/0");
    if (!edges.empty() && inside.size() > 1)
      flat = inside.substr(0, inside.size() - 1) + std::to_string(edges[0].first) + "-" + std::to_string(edges[0].second);
  }
  const SpaceFacts::Choice* choice = known ? known->choice(flat) : nullptr;
  for (int i = 0; list && i < candidates_->topLevelItemCount() && i < static_cast<int>(list->size()); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Json& candidate = (*list)[at];
    const bool fits = choice && choice->titles.size() == list->size();
    const std::string name = textAt(candidate, "name"), cell = spaceCellOf(candidate);
    QTreeWidgetItem* row = candidates_->topLevelItem(i);
    row->setText(0, !name.empty()                         ? QString::fromStdString(name)
                    : !cell.empty()                       ? QString::fromStdString(cell)
                    : fits && !choice->titles[at].empty() ? QString::fromStdString(choice->titles[at])
                                                          : spaceOpTitle(textAt(candidate, "op")));
    const bool costed = choice && choice->costs.size() == list->size();
    row->setText(1, costed ? formatCount(choice->costs[at].flops) : QString(kMissing));
    row->setText(2, costed ? formatCount(choice->costs[at].parameters) : QString(kMissing));
  }
}

void SpaceInspector::showFacts() {
  if (!facts_) return;
  std::vector<FactSection> sections;
  const auto known = designer_.facts();
  const Json* node = spaceNode(designer_.model(), ref_);
  FactSection here{tr("In this space"), {}, {}, nullptr};
  if (known && node) {
    if (const auto shape = spaceSourceShape(designer_.model(), *known, level_, ref_.id))
      here.facts.push_back(valueFact(tr("Gives"), spaceShapeText(*shape)));
    if (const SpaceFacts::Node* at = known->node(spaceFlatId(designer_.model(), path_));
        at && spaceCellOf(*node).empty() && textAt(*node, "op") != "choice") {
      here.facts.push_back(valueFact(tr("FLOPs"), formatCount(at->cost.flops)));
      here.facts.push_back(valueFact(tr("Parameters"), formatCount(at->cost.parameters)));
      if (known->whole && known->largest.flops > 0)
        here.facts.push_back(valueFact(tr("Share of the largest"), formatPercent(at->cost.flops / known->largest.flops)));
    }
    if (const SpaceFacts::Choice* choice = known->choice(spaceFlatId(designer_.model(), path_)); choice && choice->places > 1)
      here.facts.push_back(valueFact(tr("Decides in"), tr("%1 places").arg(choice->places)));
  }
  const std::string cell = !node ? std::string() : !spaceCellOf(*node).empty() ? spaceCellOf(*node) : ref_.part;
  if (!cell.empty()) {
    const std::size_t uses = spaceCellUses(designer_.model(), cell).size();
    here.facts.push_back(valueFact(tr("Cell used by"), uses == 1 ? tr("1 place") : tr("%1 places").arg(uses)));
  }
  if (!here.facts.empty()) sections.push_back(std::move(here));
  const std::string pointer = spaceNodePointer(designer_.model(), ref_);
  FactSection wrong{tr("Problems"), {}, {}, nullptr};
  for (const Problem& problem : designer_.document().problems()) {
    const bool about = problem.pointer == pointer || problem.pointer.starts_with(pointer + "/");
    if (!about || problem.warning) continue;
    Fact fact = textFact(spaceProblemText(QString::fromStdString(ref_.id), problem.message), Token::Failed);
    wrong.facts.push_back(fact);
    for (const Fix& fix : problem.fixes)
      wrong.facts.push_back(linkFact({}, QString::fromStdString(fix.label), [this, fix] { designer_.document().applyFix(fix); }));
  }
  if (!wrong.facts.empty()) sections.push_back(std::move(wrong));
  facts_->setSections(std::move(sections));
}

}  // namespace dsw
