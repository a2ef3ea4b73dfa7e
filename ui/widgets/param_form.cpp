// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/param_form.h"

#include <QToolButton>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/param_row.h"
#include "ui/widgets/theme.h"

namespace dsw {

/// A titled group of rows with its JSON pointer at the right; folds by a click, Space, Left and Right.
class ParamGroup : public QWidget {
 public:
  ParamGroup(const QString& title, const QString& pointer, QWidget* parent) : QWidget(parent), pointer_(pointer), body_(new QWidget(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    head_ = new QToolButton(this);
    head_->setObjectName("paramGroupHead");
    head_->setText(title);
    head_->setFont(themeFont(FontRole::Strong));
    head_->setAutoRaise(true);
    head_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    head_->setIconSize(QSize(12, 12));
    head_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    head_->setFixedHeight(30);
    auto* line = new QHBoxLayout;
    line->setContentsMargins(2, 0, 12, 0);
    line->addWidget(head_, 1);
    line->addWidget(new ThemedLabel(pointer, FontRole::NumberSmall, Token::Text3, this));
    column->addLayout(line);
    rows_ = new QVBoxLayout(body_);
    rows_->setContentsMargins(0, 0, 0, 6);
    rows_->setSpacing(0);
    column->addWidget(body_);
    more_ = new QToolButton(body_);
    more_->setObjectName("paramGroupMore");
    more_->setAutoRaise(true);
    more_->setFont(themeFont(FontRole::Hint));
    more_->setFixedHeight(24);
    auto* more_line = new QHBoxLayout;
    more_line->setContentsMargins(6, 0, 0, 0);
    more_line->addWidget(more_);
    more_line->addStretch(1);
    rows_->addLayout(more_line);
    QObject::connect(head_, &QToolButton::clicked, this, [this] { setOpen(!open_); });
    setOpen(true);
  }
  /// Rows that are folded away unless they are asked for.
  void showMore(int count, bool shown) {
    more_->setVisible(count > 0);
    more_->setText(shown        ? QObject::tr("Fewer settings")
                   : count == 1 ? QObject::tr("1 more setting")
                                : QObject::tr("%1 more settings").arg(count));
  }
  QToolButton* more() { return more_; }
  bool showsAdvanced = false;
  void setOpen(bool open) {
    open_ = open;
    body_->setVisible(open);
    head_->setIcon(themeIcon(open ? "chevron-down" : "chevron-right"));
    head_->setAccessibleName(head_->text() + (open ? QObject::tr(", open") : QObject::tr(", closed")));
  }
  bool isOpen() const { return open_; }
  /// Rows are made with this parent: moving them later would polish them all again.
  QWidget* body() { return body_; }
  void addRow(QWidget* row) { rows_->insertWidget(rows_->count() - 1, row); }
  const QString& pointer() const { return pointer_; }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter p(this);
    p.setPen(themeColor(Token::Line));
    p.drawLine(QPointF(0, height() - 0.5), QPointF(width(), height() - 0.5));
  }

 private:
  QString pointer_;
  QWidget* body_;
  QToolButton* head_;
  QToolButton* more_;
  QVBoxLayout* rows_;
  bool open_ = true;
};

namespace {

QString childPointer(const QString& parent, const std::string& key) {
  return parent + "/" + QString::fromStdString(key).replace("~", "~0").replace("/", "~1");
}

const Json kNothing;

const Json& member(const Json& object, const std::string& key) {
  return object.is_object() && object.contains(key) ? object[key] : kNothing;
}

std::string typeOf(const Param& p, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  const Json& type = member(value, "type");
  return type.is_string() ? type.get<std::string>() : p.default_alternative;
}

const ParamSchema* chosen(const Param& p, const Json& value) {
  if (p.type == ParamType::Object) return p.object.get();
  const std::string type = typeOf(p, value);
  for (const auto& [name, schema] : p.alternatives)
    if (name == type) return schema.get();
  return nullptr;
}

/// Which rows a document has: changes when a type is chosen, not when a value is.
void shapeOf(const ParamSchema& schema, const Json& document, QString& shape) {
  for (const Param& p : schema.params) {
    shape += QString::fromStdString(p.name) + ";";
    if (p.type != ParamType::Object && p.type != ParamType::Variant) continue;
    const Json& value = member(document, p.name);
    if (p.type == ParamType::Variant) shape += "=" + QString::fromStdString(typeOf(p, value));
    if (const ParamSchema* inner = chosen(p, value)) {
      shape += "{";
      shapeOf(*inner, value, shape);
      shape += "}";
    }
  }
}

}  // namespace

ParamForm::ParamForm(QWidget* parent) : QScrollArea(parent), body_(new QWidget(viewport())), layout_(new QVBoxLayout(body_)) {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::TabFocus);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Form"));
  layout_->setContentsMargins(0, 0, 0, 8);
  layout_->setSpacing(0);
  layout_->addStretch(1);
  setWidget(body_);
}

ParamForm::~ParamForm() = default;

void ParamForm::setValue(const ParamSchema& schema, const Json& document) {
  QString shape;
  shapeOf(schema, document, shape);
  if (shape != shape_) {
    const QString focused = focusedPointer();
    shape_ = shape;
    rebuild(schema, document);
    if (!focused.isEmpty()) goTo(focused);
  }
  for (ParamRow* row : rows_) {
    const Json::json_pointer at(row->pointer().toStdString());
    // A short form ("char") is the type of its variant.
    row->showValue(document.contains(at) ? document.at(at) : kNothing);
  }
  refreshVisibility();
}

void ParamForm::rebuild(const ParamSchema& schema, const Json& document) {
  // Later, as the event that is handled now may be of one of these controls: choosing a type builds the form again.
  for (ParamRow* row : rows_) row->disconnect(this);
  for (ParamGroup* group : groups_) {
    layout_->removeWidget(group);
    group->hide();
    group->deleteLater();
  }
  groups_.clear();
  rows_.clear();
  const auto add = [this](const QString& title, const QString& pointer) {
    auto* group = new ParamGroup(title, pointer, body_);
    layout_->insertWidget(layout_->count() - 1, group);
    connect(group->more(), &QToolButton::clicked, this, [this, group] {
      group->showsAdvanced = !group->showsAdvanced;
      refreshVisibility();
    });
    groups_.push_back(group);
    return group;
  };
  ParamSchema common;
  for (const Param& p : schema.params)
    if (p.type != ParamType::Object && p.type != ParamType::Variant && p.name != "deepshock" && p.name != "task") common.add(p);
  for (const Param& p : schema.params) {
    if (p.type != ParamType::Object && p.type != ParamType::Variant) continue;
    const QString pointer = childPointer({}, p.name);
    ParamGroup* group = add(QString::fromStdString(p.label.empty() ? p.name : p.label), pointer);
    const Json& value = member(document, p.name);
    if (p.type == ParamType::Variant)
      addRows(ParamSchema{p}, document, {}, group, 0);
    else
      addRows(*p.object, value, pointer, group, 0);
  }
  if (!common.params.empty()) addRows(common, document, {}, add(tr("Run"), "/"), 0);
  setProblems(problems_);
}

void ParamForm::addRows(const ParamSchema& schema, const Json& document, const QString& pointer, ParamGroup* group, int indent) {
  for (const Param& p : schema.params) {
    const QString at = childPointer(pointer, p.name);
    const Json& value = member(document, p.name);
    if (p.type == ParamType::Object && !p.object) continue;
    if (p.type == ParamType::List && p.element && (p.element->type == ParamType::Object || p.element->type == ParamType::Variant)) continue;
    if (p.type != ParamType::Object) {
      Param shown = p;
      // The variant that a whole group is about is its "Type".
      if (p.type == ParamType::Variant && pointer.isEmpty()) shown.label = tr("Type").toStdString();
      auto* row = new ParamRow(shown, at, indent, group->body());
      connect(row, &ParamRow::edited, this, [this, row](const QString& text) {
        const Param& param = row->param();
        QString out = text;
        if (param.type == ParamType::Variant && !param.short_form) out = "{\"type\": " + text + "}";
        emit edited(row->pointer(), out, tr("Set %1 to %2").arg(row->pointer().mid(row->pointer().lastIndexOf('/') + 1), text));
      });
      connect(row, &ParamRow::editDone, this, &ParamForm::editDone);
      connect(row, &ParamRow::resetRequested, this, [this, row] {
        emit resetRequested(row->pointer(), tr("Reset %1").arg(row->pointer().mid(row->pointer().lastIndexOf('/') + 1)));
      });
      connect(row, &ParamRow::focused, this, [this, row] {
        ensureWidgetVisible(row, 0, 8);
        emit focusMoved(row->pointer());
      });
      connect(row, &ParamRow::browseRequested, this, [this, row] { emit browseRequested(row->pointer()); });
      row->setReadOnly(read_only_);
      group->addRow(row);
      rows_.push_back(row);
    }
    if (p.type == ParamType::Object || p.type == ParamType::Variant) {
      const bool whole_group = p.type == ParamType::Variant && pointer.isEmpty();
      if (const ParamSchema* inner = chosen(p, value)) addRows(*inner, value, at, group, whole_group ? indent : indent + 1);
    }
  }
}

ParamRow* ParamForm::rowFor(const QString& pointer) const {
  ParamRow* best = nullptr;
  for (ParamRow* row : rows_) {
    if (pointer == row->pointer()) return row;
    if (pointer.startsWith(row->pointer() + "/") && (!best || row->pointer().size() > best->pointer().size())) best = row;
  }
  if (!best)  // a group: its first row
    for (ParamRow* row : rows_)
      if (row->pointer().startsWith(pointer + "/")) return row;
  return best;
}

void ParamForm::setProblems(const std::vector<Problem>& problems) {
  problems_ = problems;
  std::vector<std::pair<ParamRow*, const Problem*>> shown;
  for (const Problem& problem : problems_)
    if (ParamRow* row = rowFor(QString::fromStdString(problem.pointer))) shown.emplace_back(row, &problem);
  for (ParamRow* row : rows_) {
    const Problem* first = nullptr;
    for (const auto& [owner, problem] : shown)
      if (owner == row && (!first || (first->warning && !problem->warning))) first = problem;
    QString sentence;
    if (first) {
      sentence = QString::fromStdString(first->pointer) == row->pointer() ? QString::fromStdString(first->message)
                                                                          : QString::fromStdString(first->sentence());
      if (!sentence.isEmpty()) sentence[0] = sentence[0].toUpper();
    }
    row->setProblem(sentence, first && first->warning);
  }
  refreshVisibility();
}

void ParamForm::setFacts(const std::vector<std::pair<QString, QString>>& facts) {
  for (ParamRow* row : rows_) {
    QString text;
    for (const auto& [pointer, fact] : facts)
      if (pointer == row->pointer()) text = fact;
    row->setFact(text);
  }
}

void ParamForm::setFilter(const QString& text) {
  filter_ = text.trimmed();
  refreshVisibility();
}

void ParamForm::setChangedOnly(bool on) {
  changed_only_ = on;
  refreshVisibility();
}

void ParamForm::setReadOnly(bool on) {
  read_only_ = on;
  for (ParamRow* row : rows_) row->setReadOnly(on);
}

void ParamForm::refreshVisibility() {
  for (ParamGroup* group : groups_) {
    bool any = false;
    int folded = 0;
    for (ParamRow* row : rows_) {
      if (!group->isAncestorOf(row)) continue;
      const bool keeps_focus = row->isAncestorOf(QApplication::focusWidget());
      bool on = row->matches(filter_) && (!changed_only_ || row->isChanged() || keeps_focus);
      // What few people change is folded away, unless it was changed, is wrong, or is looked for.
      if (on && row->param().advanced && !row->isChanged() && !row->hasProblem() && !keeps_focus && filter_.isEmpty()) {
        ++folded;
        on = group->showsAdvanced;
      }
      row->setVisible(on);
      any = any || on;
    }
    group->showMore(changed_only_ || !filter_.isEmpty() ? 0 : folded, group->showsAdvanced);
    group->setVisible(any);
  }
}

void ParamForm::goTo(const QString& pointer) {
  ParamRow* row = rowFor(pointer);
  if (!row) return;
  for (ParamGroup* group : groups_)
    if (group->isAncestorOf(row)) {
      group->setOpen(true);
      if (row->param().advanced) group->showsAdvanced = true;
    }
  refreshVisibility();
  row->control()->setFocus(Qt::OtherFocusReason);
  ensureWidgetVisible(row, 0, 24);
}

QString ParamForm::focusedPointer() const {
  QWidget* focus = QApplication::focusWidget();
  for (ParamRow* row : rows_)
    if (focus && row->isAncestorOf(focus)) return row->pointer();
  return {};
}

void ParamForm::focusGroup(int direction) {
  QWidget* focus = QApplication::focusWidget();
  int at = -1;
  for (int i = 0; i < static_cast<int>(groups_.size()); ++i)
    if (focus && groups_[static_cast<std::size_t>(i)]->isAncestorOf(focus)) at = i;
  for (int i = at + direction; i >= 0 && i < static_cast<int>(groups_.size()); i += direction) {
    ParamGroup* group = groups_[static_cast<std::size_t>(i)];
    if (!group->isVisible()) continue;
    group->setOpen(true);
    for (ParamRow* row : rows_)
      if (group->isAncestorOf(row) && row->isVisible()) {
        row->control()->setFocus(Qt::ShortcutFocusReason);
        return;
      }
  }
}

void ParamForm::keyPressEvent(QKeyEvent* event) {
  if (event->modifiers() == Qt::AltModifier && (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down))
    return focusGroup(event->key() == Qt::Key_Up ? -1 : 1);
  QScrollArea::keyPressEvent(event);
}

}  // namespace dsw
