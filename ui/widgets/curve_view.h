// SPDX-License-Identifier: GPL-3.0-or-later
// A chart of curves as WINDOW.md section 4 describes it. UI thread only. Knows no model: the owner hands CurveData in.
#pragma once
#include <QImage>
#include <QPointer>
#include <QWidget>
#include <memory>
#include "ui/widgets/curve/curve_data.h"
#include "ui/widgets/figure_export.h"

class QPushButton;
class QToolButton;

namespace dsw {

class CurvePlot;
class LegendRow;
class MessageBar;
class ElidedLabel;
class ThemeColors;
struct LegendItem;

/// One x for all charts that share it. Owned by the dashboard; values are steps whatever axis is shown.
class CrosshairLink : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;
  double step() const { return step_; }  ///< NaN: no crosshair
  bool pinned() const { return pinned_; }
  void set(double step, bool pinned);
 signals:
  void changed();

 private:
  double step_ = kNaN;
  bool pinned_ = false;
};

/// Keys with focus: Left, Right crosshair (Shift ×10), Up, Down change the series; + − zoom, 0 fit, X, Y log, M smoothing, F follow,
/// H hides the series under the crosshair, T data table, E export, Enter pins, Esc unpins.
/// Mouse: wheel x, Shift+wheel y, drag pans, right drag boxes, double click fits, click pins.
class CurveView : public QWidget {
  Q_OBJECT
 public:
  explicit CurveView(QWidget* parent = nullptr);
  ~CurveView() override;

  void setTitle(const QString& title, const QString& subtitle = {});
  QString title() const { return title_; }
  /// Name of the quantity, for the accessible name, tables and files ("train/loss").
  void setQuantity(const QString& quantity);

  /// Replaces everything. View range, hidden series and pin stay where ids stay.
  void setData(CurveData data);
  /// Appends to a series that exists; vectors as in CurveSeries (epoch, time may be empty where the series has none).
  void append(const QString& series_id, const std::vector<double>& step, const std::vector<double>& value,
              const std::vector<double>& epoch = {}, const std::vector<double>& time = {});
  const CurveData& data() const;

  void setEmpty(const QString& sentence, const QString& action_text = {});  ///< shown while there is no point; action → emptyAction()
  void setLoading(bool on);                                                 ///< skeleton after 300 ms
  void setError(const QString& head, const QString& text);                  ///< last picture stays at 60 %; empty head clears it

  void setAxis(CurveAxis axis);
  CurveAxis axis() const;
  void setLogX(bool on);
  void setLogY(bool on);
  bool logX() const;
  bool logY() const;
  void setSmoothing(double factor);  ///< 0..0.999
  double smoothing() const;
  void setOutliers(bool on);  ///< y range over all points instead of the smoothed curve's
  bool outliers() const;
  void setCrosshairLink(CrosshairLink* link);
  /// All charts of one column get the widest left margin: align(views) after their data is set.
  static void align(const QVector<CurveView*>& views);

  void fit();
  void setFollow(bool on);
  bool follow() const;
  /// In units of the shown axis.
  void setXRange(double from, double to);
  QPair<double, double> xRange() const;
  QPair<double, double> yRange() const;
  void setSeriesVisible(const QString& id, bool visible);

  void setProvenance(const Provenance& provenance) { provenance_ = provenance; }
  const Provenance& provenance() const { return provenance_; }
  /// Light theme unless `as_shown`. Return false where the file could not be written.
  bool exportSvg(const QString& path, bool as_shown = false);
  bool exportPng(const QString& path, qreal scale = 2, bool as_shown = false);
  bool exportCsv(const QString& path);
  QString csv() const;
  /// What is drawn, at `scale` device px a logical px (title included).
  QImage picture(qreal scale, bool as_shown);
  Figure figure(bool as_shown);

  void setHeaderVisible(bool on);  ///< title line with legend and buttons
  CurvePlot* plot() const { return plot_; }
  QSize sizeHint() const override { return {480, 230}; }
  QSize minimumSizeHint() const override { return {220, 120}; }

 signals:
  void emptyAction();
  void pointActivated(const QString& series_id, double step);  ///< F4 or context menu "Go to source"
  void fullScreenRequested();                                  ///< the button; where nobody listens the view opens a copy by itself
  void exported(const QString& path);
  void logYChanged(bool on);
  void logXChanged(bool on);
  void smoothingChanged(double factor);  ///< by M
  void visibilityChanged();
  void rangeChanged();

 public slots:
  void showTable();       ///< the data behind the picture (T)
  void exportDialog();    ///< asks for a file and writes it
  void openFullScreen();  ///< a copy of the chart over the whole screen; Esc closes it

 protected:
  void contextMenuEvent(QContextMenuEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  void refreshLegend();
  void refreshEmpty();
  void refreshZoom();
  void fitHeader();
  void isolate(const QString& id);
  void onKey(int key);
  void paintPicture(QPainter& p, bool as_shown);
  QVector<LegendItem> legendItems(const ThemeColors& colors) const;
  void refreshAccessible();
  QString title_, quantity_;
  Provenance provenance_;
  CurvePlot* plot_;
  QWidget* header_;
  ElidedLabel* title_label_;
  ElidedLabel* subtitle_label_;
  ElidedLabel* caption_label_;
  QToolButton* fit_button_;
  QToolButton* follow_button_;
  LegendRow* legend_;
  QToolButton* log_button_;
  QToolButton* full_button_;
  QPushButton* empty_button_;
  MessageBar* message_;
  double last_smoothing_ = 0.88;
};

}  // namespace dsw
