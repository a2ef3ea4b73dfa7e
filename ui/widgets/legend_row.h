// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QVector>
#include <QWidget>
#include "ui/widgets/theme.h"

namespace dsw {

struct LegendItem {
  QString id;
  QString name;
  SeriesStyle style;
  bool line = true;     ///< draws a line sample
  bool marker = false;  ///< draws the marker on the sample
  bool visible = true;
};

/// Draws the 18 px sample of a series with its dash and marker, left-centred at `at`.
void drawSeriesSample(QPainter& p, QPointF at, const SeriesStyle& style, bool line, bool marker);

/// The legend in a chart's title line. Click hides or shows a series, Alt+click isolates it (again: shows all).
/// Entries that do not fit are folded into "+ n" whose tooltip and menu hold them. Left and Right move, Space toggles, Enter isolates.
class LegendRow : public QWidget {
  Q_OBJECT
 public:
  explicit LegendRow(QWidget* parent = nullptr);
  void setItems(QVector<LegendItem> items);
  const QVector<LegendItem>& items() const { return items_; }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 signals:
  void toggled(const QString& id);
  void isolated(const QString& id);
  void hovered(const QString& id);  ///< empty when none

 protected:
  void paintEvent(QPaintEvent*) override;
  void mousePressEvent(QMouseEvent*) override;
  void mouseMoveEvent(QMouseEvent*) override;
  void leaveEvent(QEvent*) override;
  void keyPressEvent(QKeyEvent*) override;
  void focusInEvent(QFocusEvent*) override;
  void focusOutEvent(QFocusEvent*) override;
  bool event(QEvent*) override;

 private:
  QVector<QRect> rects() const;  ///< of the entries that fit
  int indexAt(QPoint pos) const;
  void openOverflow();
  QVector<LegendItem> items_;
  int cursor_ = 0;
  int hover_ = -1;
};

}  // namespace dsw
