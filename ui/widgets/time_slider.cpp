// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/time_slider.h"

#include <QHBoxLayout>
#include <QHelpEvent>
#include <QToolTip>

#include "ui/widgets/chip.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/pane.h"

namespace dsw {

namespace {
constexpr int kFrameMs = 150, kLeft = 68, kLine = 4;
constexpr qreal kKnob = 13, kMarkHeight = 14;
}  // namespace

TimeSlider::TimeSlider(QWidget* parent)
    : QWidget(parent),
      start_(iconButton("skip-start-fill", tr("To the start (Home)"), this)),
      play_(iconButton("play-fill", tr("Play (Space)"), this)),
      label_(new ThemedLabel({}, FontRole::Number, Token::Text1, this)),
      live_(new Chip({}, ChipTone::Running, this)) {
  auto* line = new QHBoxLayout(this);
  line->setContentsMargins(8, 0, 12, 0);
  line->setSpacing(4);
  line->addWidget(start_);
  line->addWidget(play_);
  line->addStretch(1);
  line->addWidget(label_);
  line->addSpacing(4);
  line->addWidget(live_);
  label_->installEventFilter(this);
  setFixedHeight(38);
  setFocusPolicy(Qt::StrongFocus);
  setProperty("ownFocus", true);
  setMouseTracking(true);
  setAccessibleName(tr("Epoch"));
  QSizePolicy keeps = live_->sizePolicy();  // the line stays as long when the chip goes
  keeps.setRetainSizeWhenHidden(true);
  live_->setSizePolicy(keeps);
  live_->setToolTip(tr("The newest epoch (End)"));
  for (QToolButton* button : {start_, play_}) button->setFocusPolicy(Qt::NoFocus);  // the slider has keys for both
  connect(start_, &QToolButton::clicked, this, [this] { moveTo(0); });
  connect(play_, &QToolButton::clicked, this, [this] { play(!isPlaying()); });
  connect(live_, &Chip::clicked, this, [this] { moveTo(reached_); });
  timer_.setInterval(kFrameMs);
  connect(&timer_, &QTimer::timeout, this, [this] {
    if (value_ >= reached_) return play(false);
    setValue(value_ + 1);
    emit moved(value_);
  });
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
  refresh();
}

void TimeSlider::setRange(int reached, int last) {
  reached_ = reached;
  last_ = std::max({last, reached, 1});
  label_->setMinimumWidth(QFontMetrics(label_->font()).horizontalAdvance(tr("epoch %1 / %2").arg(last_).arg(last_)) + 2);
  value_ = std::clamp(value_, 0, std::max(0, reached_));
  refresh();
}

void TimeSlider::setMarks(std::vector<TimeMark> marks) {
  marks_ = std::move(marks);
  update();
}

void TimeSlider::setValue(int value) {
  value_ = std::clamp(value, 0, std::max(0, reached_));
  refresh();
}

void TimeSlider::setChip(const QString& text, bool live) {
  live_->setTone(live ? ChipTone::Running : ChipTone::Neutral);
  live_->setText(text);
  live_->setVisible(!text.isEmpty() && reached_ >= 0);
}

void TimeSlider::refresh() {
  label_->setText(reached_ < 0 ? tr("epoch – / %1").arg(last_) : tr("epoch %1 / %2").arg(value_).arg(last_));
  setAccessibleDescription(label_->text());
  start_->setEnabled(reached_ > 0);
  play_->setEnabled(reached_ > 0);
  if (reached_ < 0) live_->hide();
  update();
}

void TimeSlider::play(bool on) {
  on = on && reached_ > 0;
  if (on && value_ >= reached_) moveTo(0);
  if (on)
    timer_.start();
  else
    timer_.stop();
  const QString name = on ? tr("Pause (Space)") : tr("Play (Space)");
  play_->setIcon(themeIcon(on ? "pause-fill" : "play-fill"));
  play_->setToolTip(name);
  play_->setAccessibleName(name);
}

void TimeSlider::moveTo(int value) {
  if (reached_ < 0) return;
  setValue(value);
  emit moved(value_);
}

void TimeSlider::toMark(int direction) {
  int best = -1;
  for (const TimeMark& mark : marks_)
    if (direction > 0 ? mark.at > value_ && (best < 0 || mark.at < best) : mark.at < value_ && mark.at > best) best = mark.at;
  if (best >= 0) moveTo(best);
}

bool TimeSlider::eventFilter(QObject* watched, QEvent* event) {
  if (watched == label_ && (event->type() == QEvent::Move || event->type() == QEvent::Resize)) update();  // the groove ends before it
  return QWidget::eventFilter(watched, event);
}

QRect TimeSlider::groove() const { return {kLeft, (height() - kLine) / 2, std::max(20, label_->x() - kLeft - 14), kLine}; }

qreal TimeSlider::xOf(int value) const { return groove().left() + groove().width() * static_cast<qreal>(value) / last_; }

int TimeSlider::valueAt(qreal x) const { return static_cast<int>(std::lround((x - groove().left()) / groove().width() * last_)); }

void TimeSlider::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface1));
  p.fillRect(QRect(0, 0, width(), 1), themeColor(Token::Line));
  p.setRenderHint(QPainter::Antialiasing);
  const QRectF line = groove();
  p.setPen(Qt::NoPen);
  p.setBrush(themeColor(Token::SelectIdle));
  p.drawRoundedRect(line, 2, 2);
  if (reached_ >= 0) {
    QColor reached = themeColor(Token::Accent);
    reached.setAlphaF(0.4F);
    p.setBrush(reached);
    p.drawRoundedRect(QRectF(line.topLeft(), QPointF(xOf(reached_), line.bottom())), 2, 2);
    p.setBrush(themeColor(Token::Accent));
    p.drawRoundedRect(QRectF(line.topLeft(), QPointF(xOf(value_), line.bottom())), 2, 2);
  }
  for (const TimeMark& mark : marks_)
    p.fillRect(QRectF(std::round(xOf(mark.at)) - 1, height() / 2.0 - kMarkHeight / 2, 2, kMarkHeight), themeColor(Token::Warning));
  if (reached_ >= 0) {
    p.setBrush(themeColor(Token::Accent));
    p.setPen(QPen(themeColor(Token::Surface1), 1.5));
    p.drawEllipse(QPointF(xOf(value_), line.center().y()), kKnob / 2, kKnob / 2);
  }
  if (hasFocus()) {
    p.setBrush(Qt::NoBrush);
    p.setPen(QPen(themeColor(Token::Focus), 2));
    p.drawRoundedRect(line.adjusted(-10, -11, 10, 11), 4, 4);
  }
}

void TimeSlider::mousePressEvent(QMouseEvent* event) {
  setFocus(Qt::MouseFocusReason);
  if (event->button() != Qt::LeftButton) return;
  play(false);
  // A mark is hit more easily than the epoch beside it.
  for (const TimeMark& mark : marks_)
    if (std::abs(xOf(mark.at) - event->position().x()) < 5) return moveTo(mark.at);
  moveTo(valueAt(event->position().x()));
}

void TimeSlider::mouseMoveEvent(QMouseEvent* event) {
  if (event->buttons() & Qt::LeftButton) moveTo(valueAt(event->position().x()));
}

void TimeSlider::keyPressEvent(QKeyEvent* event) {
  if (event->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) return QWidget::keyPressEvent(event);
  const int reach = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
  switch (event->key()) {
    case Qt::Key_Left:
      return moveTo(value_ - reach);
    case Qt::Key_Right:
      return moveTo(value_ + reach);
    case Qt::Key_Home:
      return moveTo(0);
    case Qt::Key_End:
      return moveTo(reached_);
    case Qt::Key_Space:
      return play(!isPlaying());
    case Qt::Key_J:
      return toMark(-1);
    case Qt::Key_K:
      return toMark(1);
    default:
      QWidget::keyPressEvent(event);
  }
}

void TimeSlider::focusInEvent(QFocusEvent*) { update(); }
void TimeSlider::focusOutEvent(QFocusEvent*) { update(); }

bool TimeSlider::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    for (const TimeMark& mark : marks_)
      if (std::abs(xOf(mark.at) - help->pos().x()) < 5) {
        QToolTip::showText(help->globalPos(), mark.text, this);
        return true;
      }
  }
  return QWidget::event(event);
}

}  // namespace dsw
