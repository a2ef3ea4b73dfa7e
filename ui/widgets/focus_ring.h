// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QPointer>

class QFocusFrame;
class QWidget;

namespace dsw {

/// Keeps the 2 px focus ring around the control that has the keyboard focus, outside of it with a 1 px gap.
/// Views that show focus themselves (item views, charts, canvases: anything with the property "ownFocus") get none. One an application.
class FocusRing : public QObject {
  Q_OBJECT
 public:
  explicit FocusRing(QObject* parent);
  /// The framed control, or null.
  QWidget* framed() const;

 private:
  void follow(QWidget* now);
  QPointer<QFocusFrame> frame_;
};

}  // namespace dsw
