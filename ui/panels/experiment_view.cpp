// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/experiment_view.h"

#include <QCheckBox>
#include <QLineEdit>
#include <QSplitter>
#include <QTextBlock>
#include <QToolButton>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "ui/models/number_format.h"
#include "ui/panels/network_graph.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/graph_view.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/json_edit.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/pane.h"
#include "ui/widgets/param_form.h"
#include "ui/widgets/theme.h"

namespace dsw {
ExperimentView::ExperimentView(SpecDocument& document, QWidget* parent)
    : QWidget(parent), document_(document), messages_(new MessageBar(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(messages_);
  auto* split = new QSplitter(Qt::Horizontal, this);
  column->addWidget(split, 1);

  auto* form_pane = new Pane(tr("Form"), {}, split);
  form_pane_ = form_pane;
  changed_only_ = new QCheckBox(tr("Changed only"), form_pane->head());
  filter_ = new QLineEdit(form_pane->head());
  filter_->setPlaceholderText(tr("Filter fields"));
  filter_->setAccessibleName(tr("Filter fields"));
  filter_->setClearButtonEnabled(true);
  filter_->setFixedWidth(130);
  form_pane->head()->line()->addWidget(changed_only_);
  form_pane->head()->line()->addWidget(filter_);
  form_ = form_pane->hold(new ParamForm(form_pane));
  form_->setMinimumWidth(330);

  auto* right = new QSplitter(Qt::Vertical, split);
  right_ = right;
  auto* text_pane = new Pane(tr("Document"), tr("JSON, schema 1"), right);
  text_pane_ = text_pane;
  cursor_place_ = new ThemedLabel({}, FontRole::Hint, Token::Text2, text_pane->head());
  text_pane->head()->line()->addWidget(cursor_place_);
  text_ = text_pane->hold(new JsonEdit(text_pane));

  auto* network_pane = new Pane(tr("Network"), {}, right);
  network_pane_ = network_pane;
  network_note_ = new ElidedLabel({}, network_pane->head(), Token::Text2);  // it takes no room from the form
  network_pane->head()->line()->addWidget(network_note_, 1000);
  auto* zoom_out = iconButton("zoom-out", tr("Zoom out"), network_pane->head());
  auto* zoom_in = iconButton("zoom-in", tr("Zoom in"), network_pane->head());
  auto* fit = iconButton("fullscreen", tr("Fit (F)"), network_pane->head());
  for (QToolButton* button : {zoom_out, zoom_in, fit}) network_pane->head()->line()->addWidget(button);
  network_ = network_pane->hold(new GraphView(network_pane));
  connect(zoom_out, &QToolButton::clicked, network_, [this] { network_->setZoom(network_->zoom() / 1.25); });
  connect(zoom_in, &QToolButton::clicked, network_, [this] { network_->setZoom(network_->zoom() * 1.25); });
  connect(fit, &QToolButton::clicked, network_, &GraphView::fit);
  network_->setMiniMapVisible(false);
  network_->setZoomControlVisible(false);
  network_->setAccessibleName(tr("Network"));

  right->setSizes({420, 280});
  right->setChildrenCollapsible(false);
  split->setSizes({420, 528});
  split->setStretchFactor(0, 0);
  split->setStretchFactor(1, 1);
  split->setChildrenCollapsible(false);

  connect(form_, &ParamForm::edited, &document_, &SpecDocument::setValue);
  connect(form_, &ParamForm::editDone, &document_, &SpecDocument::endMerge);
  connect(form_, &ParamForm::resetRequested, &document_, &SpecDocument::removeKey);
  connect(form_, &ParamForm::focusMoved, this, &ExperimentView::currentPointerChanged);
  connect(form_, &ParamForm::browseRequested, this, &ExperimentView::browseRequested);
  connect(filter_, &QLineEdit::textChanged, form_, &ParamForm::setFilter);
  connect(changed_only_, &QCheckBox::toggled, form_, &ParamForm::setChangedOnly);
  connect(text_, &JsonEdit::typed, &document_, &SpecDocument::textTyped);
  connect(text_, &JsonEdit::undoRequested, &document_.undoStack(), &QUndoStack::undo);
  connect(text_, &JsonEdit::redoRequested, &document_.undoStack(), &QUndoStack::redo);
  connect(text_, &QPlainTextEdit::cursorPositionChanged, this, &ExperimentView::showCursor);
  text_->setCompletions([this](int position) { return completionsAt(position); });
  connect(&document_, &SpecDocument::textChanged, this, [this](int at, int removed, const QString& inserted, bool from_view) {
    if (!from_view) text_->splice(at, removed, inserted);
  });
  connect(&document_, &SpecDocument::changed, this, &ExperimentView::showDocument);
  connect(&document_, &SpecDocument::problemsChanged, this, &ExperimentView::showProblems);
  connect(&document_, &SpecDocument::estimateChanged, this, &ExperimentView::showEstimate);
  connect(network_, &GraphView::nodeActivated, this, [this](const QString&, const QString& pointer) {
    if (!pointer.isEmpty()) form_->goTo(pointer);
  });
  connect(network_, &GraphView::nodeSelected, this, [this](const QString&, const QString& pointer) {
    if (!pointer.isEmpty()) emit currentPointerChanged(pointer);
    if (const auto place = document_.place(pointer)) text_->goTo(place->valueBegin, place->valueEnd - place->valueBegin);
  });
  text_->splice(0, 0, document_.text());
  showDocument();
  showProblems();
  showEstimate();
  showCursor();
}

void ExperimentView::showParts(bool form, bool text, bool network) {
  form_pane_->setVisible(form);
  text_pane_->setVisible(text);
  network_pane_->setVisible(network);
  right_->setVisible(text || network);
}

void ExperimentView::showDocument() {
  if (document_.parses()) form_->setValue(document_.schema(), document_.json());
  form_->setEnabled(document_.parses());
  form_->setFacts(facts());
  showCursor();
}

std::vector<std::pair<QString, QString>> ExperimentView::facts() const {
  std::vector<std::pair<QString, QString>> out;
  const Json& known = document_.dataFacts();
  if (!known.is_object()) return out;
  const auto number = [&](const char* key) {
    return known.contains(key) && known[key].is_number() ? formatCount(known[key].get<double>()) : QString();
  };
  const auto add = [&](const QString& pointer, const QString& text, const QString& value) {
    if (!value.isEmpty()) out.emplace_back(pointer, text.arg(value));
  };
  add("/data/source", tr("%1 chars"), number("characters"));
  if (out.empty()) add("/data/source", tr("%1 examples"), number("examples"));
  add("/data/tokenizer", tr("%1 symbols"), number("symbols"));
  add("/data/split", tr("val %1"), number("val"));
  if (const Estimate* costs = document_.estimate();
      costs && costs->steps > 0 && known.contains("train") && known["train"].is_number() && known["train"].get<double>() > 0)
    out.emplace_back("/training/steps", tr("%1 epochs").arg(formatNumber(costs->examples_total / known["train"].get<double>(), 3)));
  return out;
}

void ExperimentView::showProblems() {
  const auto& problems = document_.problems();
  std::vector<JsonEdit::Mark> marks;
  for (const Problem& p : problems) {
    JsonEdit::Mark mark;
    mark.sentence = QString::fromStdString(p.sentence());
    mark.warning = p.warning;
    QString pointer = QString::fromStdString(p.pointer);
    auto place = document_.place(pointer);
    while (!place && !pointer.isEmpty()) {  // a missing key is marked at its object
      pointer = pointer.left(pointer.lastIndexOf('/'));
      place = document_.place(pointer);
    }
    if (!document_.parses()) {
      mark.begin = document_.parseErrorAt();
      mark.end = mark.begin + 1;
    } else if (place) {
      const bool whole = QString::fromStdString(p.pointer) != pointer;
      mark.begin = whole && place->keyBegin < place->keyEnd ? place->keyBegin : place->valueBegin;
      mark.end = whole ? (place->keyBegin < place->keyEnd ? place->keyEnd : place->valueBegin + 1) : place->valueEnd;
    }
    marks.push_back(mark);
  }
  text_->setMarks(std::move(marks));
  form_->setProblems(document_.parses() ? problems : std::vector<Problem>());

  const int errors = document_.errorCount();
  std::string shown = read_only_ ? "read-only" : "";
  for (const Problem& p : problems) shown += "\n" + p.sentence();
  if (shown == shown_problems_ && !shown.empty()) return;
  shown_problems_ = shown;
  if (errors == 0) {
    if (!read_only_)
      messages_->clear();
    else if (export_project_)
      messages_->showMessage(MessageLevel::Info, tr("Read-only."), tr("To edit it, export the project and import it into one of your own."),
                             {{tr("Export project…"), export_project_, {}}}, false);
    else
      messages_->showMessage(MessageLevel::Info, tr("Read-only."), tr("To edit it, copy its text into an experiment of your own."), {},
                             false);
  } else {
    const Problem* first = nullptr;
    for (const Problem& p : problems)
      if (!first && !p.warning) first = &p;
    std::vector<MessageAction> actions;
    for (const Fix& fix : first->fixes) {
      if (actions.size() == 3) break;
      actions.push_back({QString::fromStdString(fix.label), [this, fix] { document_.applyFix(fix); }, {}});
    }
    actions.push_back({tr("Go to"), [this] { goToProblem(0); }, tr("F8 goes from problem to problem")});
    const QString head = errors == 1 ? tr("1 problem keeps this from running.") : tr("%1 problems keep this from running.").arg(errors);
    QString sentence = QString::fromStdString(document_.parses() ? first->sentence() : first->message);
    messages_->showMessage(MessageLevel::Error, head, sentence.remove('`'), std::move(actions), false);
  }
}

void ExperimentView::showEstimate() {
  form_->setFacts(facts());
  network_->setEmptyText(document_.checking() ? tr("Reading the data…")
                                              : tr("The network is drawn once the document has no problems in its model and data."));
  const Estimate* costs = document_.estimate();
  network_note_->setText(!costs || document_.estimateIsCurrent() || document_.checking() ? tr("click a node to go to its fields")
                                                                                         : tr("of the last document without problems"));
  if (!costs || network_pane_->isHidden()) return;
  network_->setGraph(networkGraph(costs->network, document_.problems()));
}

void ExperimentView::showCursor() {
  const QTextCursor cursor = text_->textCursor();
  cursor_place_->setText(tr("Line %1, column %2").arg(cursor.blockNumber() + 1).arg(cursor.positionInBlock() + 1));
}

void ExperimentView::setReadOnly(std::function<void()> export_project) {
  read_only_ = true;
  export_project_ = std::move(export_project);
  form_->setReadOnly(true);
  text_->setReadOnly(true);
  shown_problems_.clear();
  showProblems();
}

void ExperimentView::goTo(const QString& pointer) {
  if (!text_->hasFocus() && !form_pane_->isHidden() && document_.parses()) return form_->goTo(pointer);
  if (const auto place = document_.place(pointer)) text_->goTo(place->valueBegin, place->valueEnd - place->valueBegin);
}

QString ExperimentView::currentPointer() const {
  return text_->hasFocus() ? document_.pointerAt(text_->textCursor().position()) : form_->focusedPointer();
}

void ExperimentView::toggleFormAndText() {
  if (text_->hasFocus()) {
    form_->goTo(document_.pointerAt(text_->textCursor().position()));
    return;
  }
  QString pointer = form_->focusedPointer();
  auto place = document_.place(pointer);
  while (!place && !pointer.isEmpty()) {
    pointer = pointer.left(pointer.lastIndexOf('/'));
    place = document_.place(pointer);
  }
  text_->setFocus(Qt::ShortcutFocusReason);
  if (place) text_->goTo(place->valueBegin, place->valueEnd - place->valueBegin);
}

void ExperimentView::goToProblem(int direction) {
  const auto& problems = document_.problems();
  if (problems.empty()) return;
  if (!document_.parses()) {
    text_->setFocus(Qt::ShortcutFocusReason);
    return text_->goTo(document_.parseErrorAt());
  }
  const QString here = currentPointer();
  int at = direction > 0 ? -1 : static_cast<int>(problems.size());
  for (int i = 0; i < static_cast<int>(problems.size()); ++i)
    if (QString::fromStdString(problems[static_cast<std::size_t>(i)].pointer) == here) at = i;
  const int count = static_cast<int>(problems.size());
  const int next = direction == 0 ? 0 : (at + direction + count) % count;
  goTo(QString::fromStdString(problems[static_cast<std::size_t>(next)].pointer));
}

void ExperimentView::focusFilter() {
  filter_->setFocus(Qt::ShortcutFocusReason);
  filter_->selectAll();
}

void ExperimentView::resetFocused() {
  const QString pointer = currentPointer();
  if (!pointer.isEmpty()) document_.removeKey(pointer, tr("Reset %1").arg(pointer.mid(pointer.lastIndexOf('/') + 1)));
}

void ExperimentView::showValues() {
  if (text_->hasFocus()) return text_->complete();
  if (auto* box = qobject_cast<QComboBox*>(QApplication::focusWidget())) return box->showPopup();
  if (auto* edit = qobject_cast<QLineEdit*>(QApplication::focusWidget()); edit && edit->completer()) {
    edit->completer()->setCompletionPrefix({});
    edit->completer()->complete();
  }
}

QStringList ExperimentView::completionsAt(int position) const {
  QString pointer = document_.pointerAt(position);
  QStringList out;
  const auto place = document_.place(pointer);
  const Param* param = param_at(document_.schema(), document_.json(), pointer.toStdString());
  if (param && place && position >= place->valueBegin && param->type != ParamType::Object &&
      !(param->type == ParamType::Variant && document_.text().mid(place->valueBegin, 1) == "{")) {
    for (const std::string& choice : param->choices) out << QString::fromStdString(Json(choice).dump());
    for (const auto& [name, schema] : param->alternatives) out << QString::fromStdString(Json(name).dump());
    if (param->type == ParamType::Bool)
      out << "true"
          << "false";
    if (out.isEmpty() && !param->default_text.empty()) out << QString::fromStdString(param->default_text);
    return out;
  }
  // Keys of the object that the cursor stands in, those that are there left out.
  if (param && param->type != ParamType::Object && param->type != ParamType::Variant)
    pointer = pointer.left(std::max<qsizetype>(0, pointer.lastIndexOf('/')));
  const Json::json_pointer at(pointer.toStdString());
  const Json object = document_.json().contains(at) ? document_.json().at(at) : Json::object();
  const ParamSchema* schema = &document_.schema();
  if (!pointer.isEmpty()) {
    const Param* owner = param_at(document_.schema(), document_.json(), pointer.toStdString());
    if (!owner) return out;
    schema = owner->object.get();
    if (owner->type == ParamType::Variant) {
      const std::string type = object.is_object() ? object.value("type", owner->default_alternative) : owner->default_alternative;
      for (const auto& [name, alternative] : owner->alternatives)
        if (name == type) schema = alternative.get();
    }
  }
  if (!schema) return out;
  for (const Param& p : schema->params)
    if (!object.is_object() || !object.contains(p.name)) out << QString::fromStdString(Json(p.name).dump() + ": " + p.default_text);
  return out;
}

}  // namespace dsw
