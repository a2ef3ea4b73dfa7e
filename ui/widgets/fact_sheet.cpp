// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/fact_sheet.h"

#include <QEvent>
#include <QVBoxLayout>

#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"

namespace dsw {
namespace {
constexpr int kMargin = 12, kRow = 22, kBarLeft = 80, kBarWidth = 78;
}

/// One fact, drawn by hand: text wraps, a value stands right and elides its label first.
class FactSheet::Row : public QWidget {
 public:
  explicit Row(QWidget* parent) : QWidget(parent) {}

  void showFact(const Fact& fact) {
    const bool same = fact_.kind == fact.kind && fact_.label == fact.label && fact_.value == fact.value && fact_.share == fact.share &&
                      fact_.icon == fact.icon && fact_.tone == fact.tone;
    fact_ = fact;
    setToolTip(fact.tooltip.isEmpty() && fact.kind == Fact::Kind::Value ? fact.value : fact.tooltip);  // it may be elided
    setAccessibleName(line());
    const bool link = fact.kind == Fact::Kind::Link;
    setCursor(link ? Qt::PointingHandCursor : Qt::ArrowCursor);
    setFocusPolicy(link ? Qt::StrongFocus : Qt::NoFocus);
    if (!same) {
      updateGeometry();
      update();
    }
  }
  QString line() const { return fact_.label.isEmpty() ? fact_.value : fact_.label + ": " + fact_.value; }

  QSize sizeHint() const override { return {220, heightForWidth(std::max(width(), 200))}; }
  QSize minimumSizeHint() const override { return {120, kRow}; }
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override {
    if (fact_.kind != Fact::Kind::Text) return kRow;
    const QFontMetrics metrics(themeFont(FontRole::Text));
    return metrics.boundingRect(QRect(0, 0, width - 2 * kMargin, 10000), Qt::TextWordWrap, fact_.value).height() + 4;
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter p(this);
    const QRect area = rect().adjusted(kMargin, 0, -kMargin, 0);
    if (fact_.kind == Fact::Kind::Text) {
      p.setFont(themeFont(FontRole::Text));
      p.setPen(themeColor(fact_.tone));
      p.drawText(area, Qt::TextWordWrap | Qt::AlignVCenter, fact_.value);
      return;
    }
    const QFont value_font = themeFont(fact_.mono && fact_.kind != Fact::Kind::Link ? FontRole::Number : FontRole::Text);
    const QFontMetrics metrics(value_font);
    const QString value = metrics.elidedText(fact_.value, Qt::ElideMiddle, valueRoom(area.width()));
    const int value_width = fact_.label.isEmpty() ? 0 : metrics.horizontalAdvance(value);
    p.setFont(value_font);
    p.setPen(themeColor(fact_.tone));
    p.drawText(area, Qt::AlignVCenter | (fact_.label.isEmpty() ? Qt::AlignLeft : Qt::AlignRight), value);
    if (!fact_.icon.isEmpty())
      drawIcon(p, fact_.icon, QRectF(area.right() - value_width - 18, (height() - 13) / 2.0, 13, 13), themeColor(fact_.tone));
    p.setFont(themeFont(FontRole::Text));
    p.setPen(themeColor(Token::Text2));
    const int label_width = fact_.kind == Fact::Kind::Bar ? kBarLeft - 6 : area.width() - value_width - (fact_.icon.isEmpty() ? 8 : 26);
    p.drawText(area, Qt::AlignVCenter | Qt::AlignLeft, p.fontMetrics().elidedText(fact_.label, Qt::ElideRight, label_width));
    if (fact_.kind == Fact::Kind::Bar) {
      const QRectF ground(area.left() + kBarLeft, height() / 2.0 - 3, kBarWidth, 6);
      p.fillRect(ground, themeColor(Token::SelectIdle));
      p.fillRect(QRectF(ground.topLeft(), QSizeF(ground.width() * std::clamp(fact_.share, 0.0, 1.0), ground.height())),
                 Theme::current().series(0).color);
    }
    if (hasFocus()) {
      p.setRenderHint(QPainter::Antialiasing);
      p.setPen(QPen(themeColor(Token::Focus), 2));
      p.drawRoundedRect(QRectF(rect()).adjusted(kMargin - 4, 1, -kMargin + 4, -1), 3, 3);
    }
  }
  void mouseReleaseEvent(QMouseEvent*) override { activate(); }
  void keyPressEvent(QKeyEvent* event) override {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space)
      activate();
    else
      QWidget::keyPressEvent(event);
  }

 private:
  void activate() {
    if (const auto run = fact_.activate) run();
  }
  /// A label stays whole up to half of the line: it is short and the value can be read in the tooltip.
  int valueRoom(int width) const {
    if (fact_.label.isEmpty()) return width;
    const int label = fact_.kind == Fact::Kind::Bar ? 0 : QFontMetrics(themeFont(FontRole::Text)).horizontalAdvance(fact_.label);
    return std::max(width - label - (fact_.icon.isEmpty() ? 8 : 26), width / 2);
  }
  Fact fact_;
};

class FactSheet::Section : public QWidget {
 public:
  explicit Section(QWidget* parent)
      : QWidget(parent),
        column_(new QVBoxLayout(this)),
        title_(new ThemedLabel({}, FontRole::Strong, Token::Text2, this)),
        note_(new ThemedLabel({}, FontRole::Number, Token::Text2, this)) {
    column_->setContentsMargins(0, 10, 0, 11);
    column_->setSpacing(0);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(kMargin, 0, kMargin, 4);
    head->addWidget(title_);
    head->addStretch(1);
    head->addWidget(note_);
    column_->addLayout(head);
  }
  void showSection(const FactSection& section) {
    title_->setText(section.title);
    note_->setText(section.note);
    while (rows.size() > section.facts.size()) {
      delete rows.back();
      rows.pop_back();
    }
    while (rows.size() < section.facts.size()) {
      rows.push_back(new Row(this));
      column_->insertWidget(static_cast<int>(rows.size()), rows.back());
    }
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i]->showFact(section.facts[i]);
    if (section.widget != widget_) {
      if (widget_) column_->removeWidget(widget_);
      widget_ = section.widget;
      if (widget_) column_->addWidget(widget_);
    }
  }
  QString title() const { return title_->text(); }
  std::vector<Row*> rows;

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter p(this);
    p.fillRect(QRect(0, height() - 1, width(), 1), themeColor(Token::Line));
  }

 private:
  QVBoxLayout* column_;
  ThemedLabel* title_;
  ThemedLabel* note_;
  QWidget* widget_ = nullptr;
};

FactSheet::FactSheet(QWidget* parent) : QScrollArea(parent) {
  auto* body = new QWidget(viewport());
  layout_ = new QVBoxLayout(body);
  layout_->setContentsMargins(0, 0, 0, 0);
  layout_->setSpacing(0);
  layout_->addStretch(1);
  setWidget(body);
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::TabFocus);  // keys scroll it; a click does not take the focus from where the person works
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  connect(&Theme::current(), &Theme::changed, body, qOverload<>(&QWidget::update));
}

void FactSheet::setSections(std::vector<FactSection> sections) {
  while (sections_.size() > sections.size()) {
    delete sections_.back();
    sections_.pop_back();
  }
  while (sections_.size() < sections.size()) {
    sections_.push_back(new Section(widget()));
    layout_->insertWidget(layout_->count() - 1, sections_.back());
  }
  for (std::size_t i = 0; i < sections.size(); ++i) sections_[i]->showSection(sections[i]);
}

void FactSheet::showWhole() {
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  widget()->installEventFilter(this);
  fitHeight();
}

void FactSheet::fitHeight() {
  const int width = viewport()->width();
  setFixedHeight(layout_->hasHeightForWidth() ? layout_->totalHeightForWidth(width) : layout_->totalSizeHint().height());
}

/// Sections and rows are laid out after they are set, once they are shown.
bool FactSheet::eventFilter(QObject* watched, QEvent* event) {
  const bool done = QScrollArea::eventFilter(watched, event);
  if (watched == widget() && (event->type() == QEvent::LayoutRequest || event->type() == QEvent::Resize)) fitHeight();
  return done;
}

QStringList FactSheet::lines() const {
  QStringList out;
  for (const Section* section : sections_) {
    out << section->title();
    for (const Row* row : section->rows) out << row->line();
  }
  return out;
}

}  // namespace dsw
