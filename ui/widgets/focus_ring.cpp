// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/focus_ring.h"

namespace dsw {
namespace {

bool wantsRing(const QWidget* w) {
  if (w->property("ownFocus").toBool()) return false;
  if (w->property("segment").toBool()) return true;
  return qobject_cast<const QAbstractButton*>(w) != nullptr || qobject_cast<const QLineEdit*>(w) != nullptr ||
         qobject_cast<const QComboBox*>(w) != nullptr || qobject_cast<const QAbstractSpinBox*>(w) != nullptr ||
         qobject_cast<const QAbstractSlider*>(w) != nullptr || qobject_cast<const QKeySequenceEdit*>(w) != nullptr ||
         w->property("focusRing").toBool();
}

}  // namespace

FocusRing::FocusRing(QObject* parent) : QObject(parent) {
  connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) { follow(now); });
}

QWidget* FocusRing::framed() const { return frame_.isNull() ? nullptr : frame_->widget(); }

void FocusRing::follow(QWidget* now) {
  if (now != nullptr && wantsRing(now)) {
    if (frame_.isNull()) frame_ = new QFocusFrame;
    // Round the whole control: its inside has no room for a ring about one segment, and the one with the focus is the chosen one.
    frame_->setWidget(now->property("segment").toBool() ? now->parentWidget() : now);
    frame_->setAttribute(Qt::WA_TransparentForMouseEvents);
  } else if (!frame_.isNull()) {
    frame_->setWidget(nullptr);
  }
}

}  // namespace dsw
