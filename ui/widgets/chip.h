// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include "ui/widgets/theme.h"

class QPainter;

namespace dsw {

enum class ChipTone { Neutral, Accent, Running, Finished, Failed, Warning };

/// Draws a chip 18 px high with its left edge at `left`, vertically centred on `center_y`; returns its right edge.
qreal drawChip(QPainter& p, qreal left, qreal center_y, const QString& text, ChipTone tone = ChipTone::Neutral);
/// Width that drawChip will take.
qreal chipWidth(const QString& text);

/// A small label: a tag, "draft of v5", "live". With setRemovable(true) it carries an x (Delete does the same).
class Chip : public QWidget {
  Q_OBJECT
 public:
  explicit Chip(const QString& text = {}, ChipTone tone = ChipTone::Neutral, QWidget* parent = nullptr);
  void setText(const QString& text);
  QString text() const { return text_; }
  void setTone(ChipTone tone);
  void setRemovable(bool on);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 signals:
  void clicked();
  void removeRequested();

 protected:
  void paintEvent(QPaintEvent*) override;
  void mouseReleaseEvent(QMouseEvent*) override;
  void keyPressEvent(QKeyEvent*) override;

 private:
  QString text_;
  ChipTone tone_;
  bool removable_ = false;
};

}  // namespace dsw
