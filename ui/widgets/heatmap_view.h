// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix as coloured cells: confusion matrix, attention map. UI thread only.
#pragma once
#include <QImage>
#include <QStringList>
#include <QWidget>
#include <functional>
#include <vector>
#include "ui/widgets/colormap.h"
#include "ui/widgets/figure_export.h"

namespace dsw {

struct HeatmapData {
  int rows = 0, columns = 0;
  std::vector<double> values;             ///< [rows, columns] row-major; NaN is hatched
  QStringList row_labels, column_labels;  ///< may be empty
  QString row_title, column_title;        ///< "true", "predicted"
};

enum class HeatmapScale { Linear, SquareRoot, Log };

/// Arrows move the cursor cell, Home and End within the row, T opens the data table, E exports. Cells stay square where `square` is set.
class HeatmapView : public QWidget {
  Q_OBJECT
 public:
  explicit HeatmapView(QWidget* parent = nullptr);

  void setData(HeatmapData data);
  const HeatmapData& data() const { return data_; }
  void setColormap(Colormap map);
  void setScale(HeatmapScale scale);
  /// Fixed limits; without them the data's own (diverging: symmetric about zero).
  void setLimits(double low, double high);
  void clearLimits();
  /// Text in the cells where it fits; default: none. E.g. [](double v) { return formatCount(v); }
  void setCellText(std::function<QString(double)> format);
  /// Text of the hover box and accessible description; default: "row, column: value".
  void setCellTip(std::function<QString(int row, int column, double value)> tip);
  /// Cells on the diagonal are framed (right answers of a confusion matrix).
  void setDiagonalMarked(bool on);
  void setLegendVisible(bool on);  ///< colour scale at the right; default on
  void setEmptyText(const QString& sentence);
  void setTitle(const QString& title) { title_ = title; }  ///< of exports and the table
  void setProvenance(const Provenance& provenance) { provenance_ = provenance; }
  /// For exports: as shown, with the cursor left out. The CSV has a row a row of the matrix.
  Figure figure();
  int cursorRow() const { return row_; }
  int cursorColumn() const { return column_; }
  void setCursorCell(int row, int column);
  QSize sizeHint() const override { return {360, 320}; }
  QSize minimumSizeHint() const override { return {160, 140}; }

 signals:
  void cellHovered(int row, int column);  ///< -1, -1 when left
  void cellActivated(int row, int column);
  void exported(const QString& path);
  void exportFailed(const QString& path);

 public slots:
  void showTable();
  void exportDialog();

 protected:
  void contextMenuEvent(QContextMenuEvent*) override;
  void paintEvent(QPaintEvent*) override;
  void mouseMoveEvent(QMouseEvent*) override;
  void mousePressEvent(QMouseEvent*) override;
  void leaveEvent(QEvent*) override;
  void keyPressEvent(QKeyEvent*) override;
  void focusInEvent(QFocusEvent*) override;
  void focusOutEvent(QFocusEvent*) override;

 private:
  struct Layout {
    QRectF cells;
    qreal cell_w = 0, cell_h = 0;
    QRectF legend;
    bool slanted = false;
  };
  Layout layout() const;
  double unit(double v) const;  ///< 0..1 after scale and limits
  QRectF cellRect(const Layout& l, int row, int column) const;
  bool cellAt(QPointF pos, int* row, int* column) const;
  QString tipAt(int row, int column) const;
  void rebuildImage();
  void paintAll(QPainter& p, bool with_cursor) const;
  QString csv() const;
  void moveTo(int row, int column);
  HeatmapData data_;
  QImage image_;  // Indexed8, one pixel a cell
  Colormap map_ = Colormap::Viridis;
  HeatmapScale scale_ = HeatmapScale::Linear;
  double low_ = 0, high_ = 1;
  bool fixed_limits_ = false, diagonal_ = false, legend_ = true, has_nan_ = false;
  std::function<QString(double)> cell_text_;
  std::function<QString(int, int, double)> cell_tip_;
  QString empty_text_, title_;
  Provenance provenance_;
  int row_ = -1, column_ = -1;
};

}  // namespace dsw
