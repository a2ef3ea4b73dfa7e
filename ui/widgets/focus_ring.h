// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QPointer>
#include <QWidget>

class QFocusFrame;
namespace dsw {

/// Keeps the 2 px focus ring around the control that has the keyboard focus, outside of it with a 1 px gap; a scroll area that has it
/// by itself (keys scroll it) and an item view without rows get a ring along the inner edge. Other views that show focus
/// themselves (item views, charts, canvases: anything with the property "ownFocus") get none. One an application.
class FocusRing : public QObject {
  Q_OBJECT
 public:
  explicit FocusRing(QObject* parent);
  /// The framed control, or null.
  QWidget* framed() const;

 private:
  void follow(QWidget* now);
  QPointer<QFocusFrame> frame_;
  QPointer<QWidget> inner_;  ///< the ring along the inside
};

/// Two controls of which the one comes where the other goes ("Generate" and "Stop"): while they change, the focus goes along.
class KeepFocus {
 public:
  KeepFocus(QWidget* one, QWidget* other);
  ~KeepFocus();
  KeepFocus(const KeepFocus&) = delete;
  KeepFocus& operator=(const KeepFocus&) = delete;

 private:
  QPointer<QWidget> had_, other_;
};

}  // namespace dsw
