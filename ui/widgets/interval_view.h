// SPDX-License-Identifier: GPL-3.0-or-later
// Means with their intervals against 0 and against a margin, one a row (a forest plot). UI thread only. Knows no model.
#pragma once
#include <QWidget>
#include <limits>
#include <vector>

#include "ui/widgets/figure_export.h"
#include "ui/widgets/theme.h"

namespace dsw {

struct IntervalRow {
  QString name, note;  ///< at the left; muted behind it
  double mean = std::numeric_limits<double>::quiet_NaN();
  double lower = mean, upper = mean;  ///< NaN: open at this end
  double limit = mean;                ///< a mark that the lower end is to stay above; NaN: none
};

class IntervalView : public QWidget {
  Q_OBJECT
 public:
  explicit IntervalView(QWidget* parent = nullptr);
  /// @param quantity  of the axis: "difference in accuracy, points"
  void setRows(std::vector<IntervalRow> rows, const QString& quantity);
  void setProvenance(const Provenance& provenance) { provenance_ = provenance; }
  void setEmptyText(const QString& sentence);
  double pixel(double value) const;  ///< x of a value
  Figure figure();
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {260, 120}; }

 signals:
  void exported(const QString& path);
  void exportFailed(const QString& path);

 public slots:
  void exportDialog();

 protected:
  void paintEvent(QPaintEvent*) override;
  void keyPressEvent(QKeyEvent*) override;
  void focusInEvent(QFocusEvent*) override { update(); }
  void focusOutEvent(QFocusEvent*) override { update(); }

 private:
  void paintAll(QPainter& p, const ThemeColors& colors) const;
  QRectF plot() const;
  std::vector<IntervalRow> rows_;
  QString quantity_, empty_text_;
  double low_ = -1, high_ = 1;
  Provenance provenance_;
};

}  // namespace dsw
