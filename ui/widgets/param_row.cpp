// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/param_row.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCompleter>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <nlohmann/json.hpp>

#include "ui/models/number_format.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

constexpr int kLabelWidth = 116, kControlWidth = 164, kCompactLabel = 84, kIndent = 14, kRowHeight = 27;

bool isList(const Param& p) { return p.type == ParamType::List; }
bool isText(const Param& p) { return p.type == ParamType::String || p.type == ParamType::Path || p.type == ParamType::Choice; }
bool isNumber(const Param& p) { return p.type == ParamType::Int || p.type == ParamType::Float; }

/// A number as a person writes it: "2 000", "1e-3".
QString numberText(const Param& p, const Json& value) {
  if (!value.is_number()) return QString::fromStdString(value.is_string() ? value.get<std::string>() : value.dump());
  const double v = value.get<double>();
  if (p.type == ParamType::Int && value.is_number_integer() && p.name != "seed" && std::abs(v) >= 1000)
    return formatCountExact(value.get<std::int64_t>());
  if (p.type == ParamType::Int) return QString::fromStdString(value.dump());
  return p.log_scale ? formatRate(v) : formatExact(v);
}

}  // namespace

ParamRow::ParamRow(const Param& param, const QString& pointer, int indent, QWidget* parent, bool compact)
    : QWidget(parent),
      param_(param),
      pointer_(pointer),
      label_(new ElidedLabel(QString::fromStdString(param.label.empty() ? param.name : param.label), this, Token::Text2)),
      hint_(new ElidedLabel({}, this, Token::Text3)) {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(12 + indent * kIndent, 1, 8, 1);
  grid->setHorizontalSpacing(8);
  grid->setVerticalSpacing(1);
  label_->setFixedWidth((compact ? kCompactLabel : kLabelWidth) - indent * kIndent);
  buildControl();
  if (!compact) control_->setFixedWidth(kControlWidth);
  control_->setToolTip(QString::fromStdString(param.help));
  control_->setAccessibleName(label_->text());
  control_->setAccessibleDescription(QString::fromStdString(param.help));
  label_->setBuddy(control_);
  hint_->setFont(themeFont(FontRole::Hint));
  grid->addWidget(label_, 0, 0);
  grid->addWidget(control_, 0, 1);
  grid->addWidget(hint_, 0, 2);
  grid->setColumnStretch(compact ? 1 : 2, 1);
  hint_->setVisible(!compact);
  grid->setRowMinimumHeight(0, kRowHeight - 2);
  refreshHint();
}

void ParamRow::buildProblemRow() {
  problem_row_ = new QWidget(this);
  auto* line = new QHBoxLayout(problem_row_);
  line->setContentsMargins(0, 0, 0, 2);
  line->setSpacing(4);
  problem_icon_ = new QLabel(problem_row_);
  problem_icon_->setFixedSize(13, 13);
  line->addWidget(problem_icon_, 0, Qt::AlignTop);
  problem_label_ = new ThemedLabel({}, FontRole::Hint, Token::Failed, problem_row_);
  problem_label_->setWordWrap(true);
  line->addWidget(problem_label_, 1);
  static_cast<QGridLayout*>(layout())->addWidget(problem_row_, 1, 1, 1, 2);
}

void ParamRow::buildControl() {
  if (param_.type == ParamType::Bool) {
    auto* box = new QCheckBox(this);
    connect(box, &QCheckBox::clicked, this, [this](bool on) {
      emit edited(on ? "true" : "false");
      emit editDone();
    });
    control_ = box;
  } else if (param_.type == ParamType::Choice || param_.type == ParamType::Variant) {
    auto* box = new QComboBox(this);
    if (param_.type == ParamType::Choice) {
      for (const std::string& choice : param_.choices) box->addItem(QString::fromStdString(choice));
    } else {
      for (const auto& [name, schema] : param_.alternatives) {
        box->addItem(QString::fromStdString(name));
        box->setItemData(box->count() - 1, QString::fromStdString(schema->summary), Qt::ToolTipRole);
      }
    }
    box->setFocusPolicy(Qt::StrongFocus);
    box->installEventFilter(this);  // the wheel scrolls the form, it does not change values
    connect(box, qOverload<int>(&QComboBox::activated), this, [this, box] {
      emit edited(QString::fromStdString(Json(box->currentText().toStdString()).dump()));
      emit editDone();
    });
    control_ = box;
  } else {
    auto* edit = new QLineEdit(this);
    edit->setFont(themeFont(FontRole::Number));
    if (!param_.choices.empty()) {
      QStringList offers;
      for (const std::string& choice : param_.choices) offers << QString::fromStdString(choice);
      auto* completer = new QCompleter(offers, edit);
      completer->setCaseSensitivity(Qt::CaseInsensitive);
      edit->setCompleter(completer);
    }
    if (!param_.unit.empty()) {
      auto* unit = new ThemedLabel(QString::fromStdString(param_.unit), FontRole::Hint, Token::Text3, edit);
      unit->setAttribute(Qt::WA_TransparentForMouseEvents);
      auto* inside = new QHBoxLayout(edit);
      inside->setContentsMargins(0, 0, 8, 0);
      inside->addStretch();
      inside->addWidget(unit);
      edit->setTextMargins(0, 0, unit->sizeHint().width() + 8, 0);
    }
    if (param_.type == ParamType::Path) {
      QAction* browse = edit->addAction(themeIcon("folder2-open"), QLineEdit::TrailingPosition);
      browse->setToolTip(tr("Choose a file"));
      connect(browse, &QAction::triggered, this, &ParamRow::browseRequested);
    }
    connect(edit, &QLineEdit::textEdited, this, [this](const QString& text) {
      // An emptied field goes back to its default where there is one.
      if (text.trimmed().isEmpty() && !param_.required && !isText(param_))
        emit resetRequested();
      else
        emit edited(jsonOf(text));
    });
    connect(edit, &QLineEdit::editingFinished, this, &ParamRow::editDone);
    control_ = edit;
  }
  control_->installEventFilter(this);
}

QString ParamRow::textOf(const Json& value) const {
  if (value.is_null()) return {};
  if (isNumber(param_)) return numberText(param_, value);
  if (isList(param_)) {
    const Json list = value.is_array() ? value : Json::array({value});
    QStringList parts;
    for (const Json& item : list) parts << QString::fromStdString(item.is_string() ? item.get<std::string>() : item.dump());
    return parts.join(", ");
  }
  return QString::fromStdString(value.is_string() ? value.get<std::string>() : value.dump());
}

QString ParamRow::jsonOf(const QString& text) const {
  const auto asText = [](const QString& t) { return QString::fromStdString(Json(t.toStdString()).dump()); };
  const auto asNumber = [&](QString t) {  // what is no number stays as text, and the check says so
    t.remove(kThinSpace).remove(' ').remove(QChar(0xA0)).replace(kMinus, '-');
    const Json parsed = Json::parse(t.toStdString(), nullptr, false);
    return parsed.is_number() ? t : asText(text);
  };
  if (isNumber(param_)) return asNumber(text);
  if (isList(param_)) {
    const bool numbers = param_.element && isNumber(*param_.element);
    QStringList parts;
    for (const QString& part : text.split(',')) {
      const QString item = part.trimmed();
      if (item.isEmpty()) continue;
      const Json structured = Json::parse(item.toStdString(), nullptr, false);
      parts << (numbers ? asNumber(item) : structured.is_structured() ? item : asText(item));
    }
    return "[" + parts.join(", ") + "]";
  }
  if (param_.type == ParamType::Any) return Json::accept(text.toStdString()) ? text : asText(text);
  return asText(text);
}

void ParamRow::showValue(const Json& value) {
  showing_ = true;
  present_ = !value.is_null();
  const Json fallback = param_.type == ParamType::Variant ? Json(param_.default_alternative) : param_.default_value();
  Json shown = present_ ? value : fallback;
  if (param_.type == ParamType::Variant && shown.is_object())
    shown = shown.contains("type") ? shown["type"] : Json(param_.default_alternative);
  changed_ = present_ && shown != fallback;
  if (auto* box = qobject_cast<QCheckBox*>(control_)) {
    box->setChecked(shown.is_boolean() && shown.get<bool>());
  } else if (auto* combo = qobject_cast<QComboBox*>(control_)) {
    const QString text = textOf(shown);
    const int known = combo->findText(text);
    combo->setCurrentIndex(known);
    combo->setPlaceholderText(known < 0 ? text : QString());
  } else if (auto* edit = qobject_cast<QLineEdit*>(control_)) {
    // While the person types, their own way of writing the value stays.
    const QString text = textOf(shown);
    const bool same = edit->hasFocus() && present_ && Json::parse(jsonOf(edit->text()).toStdString(), nullptr, false) == value;
    const bool emptied = edit->hasFocus() && !present_ && edit->text().isEmpty();
    if (!same && !emptied && edit->text() != text) {
      const int cursor = edit->cursorPosition();
      edit->setText(text);
      edit->setCursorPosition(edit->hasFocus() ? std::min(cursor, static_cast<int>(text.size())) : 0);
    }
    edit->setPlaceholderText(present_ ? QString() : textOf(fallback));
  }
  showing_ = false;
  refreshHint();
  update();
}

QString ParamRow::rangeText() const {
  const auto number = [&](double v) { return param_.type == ParamType::Int ? formatCount(v) : formatRate(v); };
  if (changed_ && !param_.default_text.empty()) return tr("default %1").arg(textOf(param_.default_value()));
  if (isNumber(param_) && param_.low && param_.high && *param_.high < 1e15)
    return tr("%1 to %2").arg(number(*param_.low), number(*param_.high));
  if (isNumber(param_) && param_.low) return (param_.low_open ? tr("above %1") : tr("from %1")).arg(number(*param_.low));
  return {};
}

void ParamRow::refreshHint() { hint_->setText(fact_.isEmpty() ? rangeText() : fact_); }

void ParamRow::setFact(const QString& text) {
  if (fact_ == text) return;
  fact_ = text;
  refreshHint();
}

void ParamRow::setProblem(const QString& sentence, bool warning) {
  if (problem_ == sentence && warning_ == warning) return;
  problem_ = sentence;
  warning_ = warning;
  if (!problem_row_) buildProblemRow();
  problem_label_->setToken(warning ? Token::Warning : Token::Failed);
  problem_label_->setText(sentence);
  problem_icon_->setPixmap(iconPixmap(warning ? "exclamation-triangle-fill" : "x-octagon-fill", 12,
                                      themeColor(warning ? Token::Warning : Token::Failed), devicePixelRatioF()));
  problem_row_->setVisible(!sentence.isEmpty());
  control_->setProperty("invalid", !sentence.isEmpty() && !warning);
  update();
}

void ParamRow::setReadOnly(bool on) {
  if (auto* edit = qobject_cast<QLineEdit*>(control_))
    edit->setReadOnly(on);
  else
    control_->setEnabled(!on);
}

bool ParamRow::matches(const QString& filter) const {
  return filter.isEmpty() || label_->text().contains(filter, Qt::CaseInsensitive) || pointer_.contains(filter, Qt::CaseInsensitive) ||
         QString::fromStdString(param_.help).contains(filter, Qt::CaseInsensitive);
}

void ParamRow::paintEvent(QPaintEvent*) {
  QPainter p(this);
  if (changed_) p.fillRect(QRectF(4, 5, 3, kRowHeight - 10), themeColor(Token::Accent));
  if (!problem_.isEmpty() && !warning_) {  // the frame of a field that is wrong
    p.setRenderHint(QPainter::Antialiasing);
    p.setPen(QPen(themeColor(Token::Failed), 2));
    p.drawRoundedRect(QRectF(control_->geometry()).adjusted(-1, -1, 1, 1), 4, 4);
  }
}

bool ParamRow::eventFilter(QObject* watched, QEvent* event) {
  if (watched == control_) {
    if (event->type() == QEvent::FocusIn) emit focused();
    if (event->type() == QEvent::Wheel && qobject_cast<QComboBox*>(control_)) {
      event->ignore();
      return true;
    }
    if (event->type() == QEvent::ShortcutOverride || event->type() == QEvent::KeyPress) {
      const auto* key = static_cast<QKeyEvent*>(event);
      const bool undo = key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo);
      const bool reset = key->key() == Qt::Key_Backspace && key->modifiers() == Qt::AltModifier;
      if (event->type() == QEvent::ShortcutOverride && undo) {
        event->ignore();
        return true;  // the document's undo stack answers, not the line edit
      }
      if (event->type() == QEvent::ShortcutOverride && reset) {
        event->accept();
        return true;
      }
      if (event->type() == QEvent::KeyPress && undo) return true;
      if (event->type() == QEvent::KeyPress && reset) {
        emit resetRequested();
        return true;
      }
    }
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace dsw
