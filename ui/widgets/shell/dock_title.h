// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

class QDockWidget;

namespace dsw {

class DockPanel;
class ElidedLabel;

/// The 30 px title of a side dock: name, the panel's buttons, close. Dragging it moves the dock.
class DockTitle : public QWidget {
  Q_OBJECT
 public:
  DockTitle(QDockWidget* dock, DockPanel* panel);
  QSize sizeHint() const override { return {120, 30}; }
  QSize minimumSizeHint() const override { return {60, 30}; }

 protected:
  void paintEvent(QPaintEvent*) override;

 private:
  ElidedLabel* label_;
};

}  // namespace dsw
