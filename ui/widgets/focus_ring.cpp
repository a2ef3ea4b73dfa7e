// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/focus_ring.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QApplication>
#include <QComboBox>
#include <QFocusFrame>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QResizeEvent>
#include <QScrollArea>

#include "ui/widgets/theme.h"

namespace dsw {
namespace {

bool wantsRing(const QWidget* w) {
  if (w->property("ownFocus").toBool()) return false;
  if (w->property("segment").toBool()) return true;
  return qobject_cast<const QAbstractButton*>(w) != nullptr || qobject_cast<const QLineEdit*>(w) != nullptr ||
         qobject_cast<const QComboBox*>(w) != nullptr || qobject_cast<const QAbstractSpinBox*>(w) != nullptr ||
         qobject_cast<const QAbstractSlider*>(w) != nullptr || qobject_cast<const QKeySequenceEdit*>(w) != nullptr ||
         qobject_cast<const QLabel*>(w) != nullptr || w->property("focusRing").toBool();
}

/// Comes when its control is scrolled into sight, and stays when its look changes: Qt's own is gone then until the focus moves.
class Frame : public QFocusFrame {
 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    const bool taken = QFocusFrame::eventFilter(watched, event);
    if (isHidden() && widget() && widget()->isVisible() && parentWidget()->rect().intersects(geometry())) {
      show();
      raise();
    }
    return taken;
  }
};

bool wantsInnerRing(const QWidget* w) {
  if (qobject_cast<const QScrollArea*>(w) != nullptr) return !w->property("ownFocus").toBool();
  const auto* view = qobject_cast<const QAbstractItemView*>(w);
  return view != nullptr && (view->model() == nullptr || view->model()->rowCount(view->rootIndex()) == 0);
}

/// Lies over all of a view, which may fill its pane: outside there is no room.
class InnerRing : public QWidget {
 public:
  explicit InnerRing(QWidget* area) : QWidget(area) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    area->installEventFilter(this);
    setGeometry(area->rect());
    show();
    raise();
  }
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::Resize) setGeometry(static_cast<QWidget*>(watched)->rect());
    return false;
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    if (!wantsInnerRing(parentWidget())) return;  // rows have come
    QPainter p(this);
    p.setPen(QPen(themeColor(Token::Focus), 2));
    p.drawRect(rect().adjusted(1, 1, -1, -1));
  }
};

}  // namespace

FocusRing::FocusRing(QObject* parent) : QObject(parent) {
  connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) { follow(now); });
}

QWidget* FocusRing::framed() const { return frame_.isNull() ? nullptr : frame_->widget(); }

void FocusRing::follow(QWidget* now) {
  delete inner_;
  if (wantsInnerRing(now)) inner_ = new InnerRing(now);
  if (now != nullptr && wantsRing(now)) {
    if (frame_.isNull()) frame_ = new Frame;
    // Round the whole control: its inside has no room for a ring about one segment, and the one with the focus is the chosen one.
    frame_->setWidget(now->property("segment").toBool() ? now->parentWidget() : now);
    frame_->setAttribute(Qt::WA_TransparentForMouseEvents);
  } else if (!frame_.isNull()) {
    frame_->setWidget(nullptr);
  }
}

KeepFocus::KeepFocus(QWidget* one, QWidget* other) : had_(one->hasFocus() ? one : other), other_(one->hasFocus() ? other : one) {
  if (!had_->hasFocus()) had_ = nullptr;
}

KeepFocus::~KeepFocus() {
  if (!had_ || !other_) return;
  QWidget* const to = had_->isEnabled() && had_->isVisible() ? had_ : other_;
  if (to->isEnabled() && to->isVisible()) to->setFocus(Qt::OtherFocusReason);
}

}  // namespace dsw
