// SPDX-License-Identifier: GPL-3.0-or-later
// The plot of a CurveView: Qt Charts draws the lines, this class the axes, bands, crosshair and everything else. UI thread only.
#pragma once
#include <QChartView>
#include <QElapsedTimer>
#include <QPointer>
#include <QTimer>
#include "ui/widgets/curve/curve_store.h"
#include "ui/widgets/curve/ticks.h"
#include "ui/widgets/theme.h"

class QLineSeries;

namespace dsw {

class CrosshairLink;

class CurvePlot : public QChartView {
  Q_OBJECT
 public:
  static constexpr int kMaxColumns = 980;  // two points a column and the gaps stay below 2,000
  static constexpr int kFrameMs = 40;      // at most 25 redraws a second while data arrives

  explicit CurvePlot(QWidget* parent = nullptr);
  ~CurvePlot() override;

  CurveStore& store() { return store_; }
  const CurveStore& store() const { return store_; }
  /// The data changed: redraws now, or within kFrameMs after the last redraw.
  void dataChanged();
  /// Axis, log, smoothing or visibility changed: redraws at once and fits y.
  void viewChanged();

  void setLink(CrosshairLink* link);
  void setColors(const ThemeColors& colors);  ///< for exports; setColors(Theme::current().colors()) goes back
  const ThemeColors& colors() const { return colors_; }

  void setLog(bool x, bool y);
  bool logX() const { return window_.log_x; }
  bool logY() const { return window_.log_y; }
  void setOutliers(bool on);
  bool outliers() const { return outliers_; }
  void fit();
  void setFollow(bool on);
  bool follow() const { return follow_; }
  bool isZoomed() const { return zoomed_; }
  void setXRange(double from, double to);
  void setYRange(double from, double to);
  const CurveStore::Window& window() const { return window_; }

  void setEmptyText(const QString& sentence) {
    empty_text_ = sentence;
    viewport()->update();
  }
  void setLoading(bool on);
  void setDimmed(bool on);  ///< last good picture at 60 %
  void setHighlighted(const QString& id);

  QRectF plotRect() const;
  int neededLeft() const;      ///< px that this plot's y labels need
  void setLeftMargin(int px);  ///< 0: its own need
  int pointsDrawn() const;     ///< over all lines
  int redraws() const { return redraws_; }

  double crosshairStep() const;
  bool crosshairPinned() const;
  /// Text of the value box, one row a line; empty without a crosshair.
  QStringList valueBoxText() const;
  QString cursorSeries() const;
  void moveCrosshair(int points);
  /// Draws everything into `target`. The crosshair is left out.
  void renderTo(QPainter& p, const QRectF& target);

 signals:
  void keyCommand(int key);  ///< X, Y, M, T, E, H and F4: the owner acts
  void rangeChanged();

 protected:
  void drawBackground(QPainter* p, const QRectF& rect) override;
  void drawForeground(QPainter* p, const QRectF& rect) override;
  void resizeEvent(QResizeEvent*) override;
  void wheelEvent(QWheelEvent*) override;
  void mousePressEvent(QMouseEvent*) override;
  void mouseMoveEvent(QMouseEvent*) override;
  void mouseReleaseEvent(QMouseEvent*) override;
  void mouseDoubleClickEvent(QMouseEvent*) override;
  void leaveEvent(QEvent*) override;
  void keyPressEvent(QKeyEvent*) override;
  void focusInEvent(QFocusEvent*) override;
  void focusOutEvent(QFocusEvent*) override;
  bool viewportEvent(QEvent*) override;

 private:
  struct BoxRow {
    int series;
    double shown, raw, half;
  };
  void redraw();
  void fitX();
  void fitY();
  void layoutPlot();
  void syncLines();
  void zoomX(double unit, double factor);
  void zoomY(double unit, double factor);
  void setCrosshair(double step, bool pinned);
  void moveTo(QPointF pos);
  double crosshairX() const;
  std::vector<BoxRow> boxRows() const;
  std::vector<Tick> xTicks() const;
  std::vector<Tick> yTicks() const;
  QPointF toPixel(double ux, double uy) const;
  void paintGround(QPainter& p) const;
  void paintAxes(QPainter& p) const;
  void paintBands(QPainter& p) const;
  void paintMarkers(QPainter& p) const;
  void paintLimitsAndMarks(QPainter& p) const;
  QRectF freePlace(QSizeF size, qreal y) const;
  void paintNotes(QPainter& p) const;
  void paintCrosshair(QPainter& p) const;
  void paintSkeleton(QPainter& p) const;
  SeriesStyle styleOf(int i) const;

  CurveStore store_;
  CurveStore::Window window_;
  ThemeColors colors_;
  QChart* chart_;
  QVector<QLineSeries*> lines_, raw_;  // one each a series
  QPointer<CrosshairLink> link_;
  double own_step_ = kNaN;
  bool own_pinned_ = false;
  QTimer timer_, loading_timer_;
  QElapsedTimer since_redraw_;
  bool zoomed_ = false, zoomed_y_ = false, follow_ = false, outliers_ = false, dimmed_ = false, skeleton_ = false, exporting_ = false,
       hovered_ = false;
  bool moved_here_ = false, moving_ = false;  // who moved the shared crosshair last shows the box
  int left_margin_ = 0, redraws_ = 0, cursor_series_ = 0;
  QString empty_text_, highlighted_;
  enum class Drag { None, Pan, Box } drag_ = Drag::None;
  QPointF press_, drag_at_;
  CurveStore::Window press_window_;
};

}  // namespace dsw
