// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractButton>

class QAction;

namespace dsw {

/// "Find a command, run or node   Ctrl+Shift+P" at the right of the menu bar: looks like a field, opens the palette.
class PaletteField : public QAbstractButton {
  Q_OBJECT
 public:
  explicit PaletteField(const QAction* action, QWidget* parent);
  QSize sizeHint() const override { return {304, 27}; }
  QSize minimumSizeHint() const override { return {160, 27}; }

 signals:
  void activated();

 protected:
  void paintEvent(QPaintEvent*) override;

 private:
  const QAction* action_;
};

}  // namespace dsw
