// SPDX-License-Identifier: GPL-3.0-or-later
// Points of two quantities, each of them an object that can be opened. UI thread only. Knows no model.
#pragma once
#include <QStringList>
#include <QWidget>
#include <functional>
#include <optional>
#include <vector>

#include "ui/widgets/curve/ticks.h"
#include "ui/widgets/figure_export.h"
#include "ui/widgets/theme.h"

namespace dsw {

struct ScatterPoint {
  QString id;
  QString name;                       ///< the first line of the hover box: "r-0142 shakespeare-char v4"
  double x = 0, y = 0;                ///< of an axis with categories: the index of the category. Not finite: not drawn
  int style = -1;                     ///< series index; -1: one of the crowd
  QString label = {};                 ///< written beside the point where it has room
  std::optional<Marker> marker = {};  ///< in place of the series' own
};

struct ScatterAxis {
  QString name;                         ///< "/optimizer/lr", "val/loss"
  QStringList categories;               ///< not empty: a row of words instead of numbers
  bool log = false;                     ///< as a first guess; the person's choice stays while the name does
  std::function<QString(double)> text;  ///< of a value in the hover box; default: 4 digits
};

/// A line that no point is expected above: the least or most that is possible at each x.
struct ScatterBound {
  QString name;                     ///< written along it: "what this machine allows"
  std::function<double(double)> y;  ///< empty: no bound
};

/// A limit of x: points up to it are wanted.
struct ScatterTarget {
  double x = 0;
  QString label;  ///< "target 29"
};

/// Hover names the nearest point, a click or Enter opens it. Keys: Left, Right walk the points by x, Up, Down by y, Home, End;
/// X, Y logarithms, T data table, E export.
class ScatterView : public QWidget {
  Q_OBJECT
 public:
  explicit ScatterView(QWidget* parent = nullptr);

  void setData(std::vector<ScatterPoint> points, ScatterAxis x, ScatterAxis y);
  void setBound(ScatterBound bound);
  void setFront(std::vector<QPointF> front);  ///< a line through points that none is better than, by x
  void setTarget(std::optional<ScatterTarget> target);
  void setNamed(bool named);  ///< names stand beside the points where they have room, not only in the hover box
  void setEmptyText(const QString& sentence);
  void setProvenance(const Provenance& provenance) { provenance_ = provenance; }
  bool logX() const { return log_x_; }
  bool logY() const { return log_y_; }
  void setLog(bool x, bool y);                                         ///< an axis that has values <= 0 or words stays linear
  int pointCount() const { return static_cast<int>(points_.size()); }  ///< those that can be drawn
  QString current() const;                                             ///< id of the point that the hover or the keys are at
  QPointF pixel(const QString& id) const;                              ///< where it is drawn
  QStringList hoverText() const;
  Figure figure();
  QSize sizeHint() const override { return {480, 320}; }
  QSize minimumSizeHint() const override { return {240, 160}; }

 signals:
  void activated(const QString& id);
  void exported(const QString& path);
  void exportFailed(const QString& path);

 public slots:
  void showTable();
  void exportDialog();

 protected:
  void paintEvent(QPaintEvent*) override;
  void mouseMoveEvent(QMouseEvent*) override;
  void mousePressEvent(QMouseEvent*) override;
  void leaveEvent(QEvent*) override;
  void keyPressEvent(QKeyEvent*) override;
  void focusInEvent(QFocusEvent*) override;
  void focusOutEvent(QFocusEvent*) override;
  void contextMenuEvent(QContextMenuEvent*) override;
  void resizeEvent(QResizeEvent*) override;

 private:
  struct Range {
    double low = 0, high = 1;
    bool log = false;
    double unit(double v) const;
    double value(double unit) const;
  };
  Range rangeOf(bool x) const;
  void refreshRanges();
  std::vector<Tick> ticks(bool x) const;
  QRectF plotRect() const;
  QPointF toPixel(const ScatterPoint& point) const;
  int nearest(QPointF pos) const;
  void setCurrent(int index);
  void walk(bool by_x, int direction);
  QString valueText(const ScatterAxis& axis, double v) const;
  void paintAll(QPainter& p, const ThemeColors& colors, bool with_cursor) const;
  void paintAxes(QPainter& p, const ThemeColors& colors) const;
  void paintBox(QPainter& p, const ThemeColors& colors) const;
  void paintBound(QPainter& p, const ThemeColors& colors) const;
  void paintTarget(QPainter& p, const ThemeColors& colors) const;
  void paintFront(QPainter& p, const ThemeColors& colors) const;
  void paintNames(QPainter& p, const ThemeColors& colors) const;
  QString csv() const;
  void refreshAccessible();

  std::vector<ScatterPoint> points_;  // finite ones: the crowd first, so that it lies under the others
  ScatterAxis x_, y_;
  ScatterBound bound_;
  std::vector<QPointF> front_;
  std::optional<ScatterTarget> target_;
  bool named_ = false;
  Range range_x_, range_y_;
  bool log_x_ = false, log_y_ = false;
  int current_ = -1;
  QString empty_text_;
  Provenance provenance_;
};

}  // namespace dsw
