// SPDX-License-Identifier: GPL-3.0-or-later
// How shares of a whole changed: one layer a part over the steps. UI thread only.
#pragma once
#include <QStringList>
#include <QWidget>
#include <vector>

#include "ui/widgets/figure_export.h"
#include "ui/widgets/theme.h"

namespace dsw {

struct StackedData {
  QStringList names;                        ///< of the parts, the lowest first
  std::vector<int> colors;                  ///< series
  std::vector<double> at;                   ///< steps, rising
  std::vector<std::vector<double>> shares;  ///< [step][part], each step adds up to 1
  double last = 0;                          ///< planned end of the axis
};

/// A click chooses a step. The cursor is where one looks now. Keys: E exports.
class StackedHistory : public QWidget {
  Q_OBJECT
 public:
  explicit StackedHistory(QWidget* parent = nullptr);
  void setData(StackedData data);
  const StackedData& data() const { return data_; }
  void setCursor(double at);
  void setTitle(const QString& title, const Provenance& provenance);
  Figure figure();
  QSize sizeHint() const override { return {240, 160}; }
  QSize minimumSizeHint() const override { return {160, 120}; }

 signals:
  void chosen(double at);
  void exported(const QString& path);
  void exportFailed(const QString& path);

 public slots:
  void exportDialog();

 protected:
  void paintEvent(QPaintEvent*) override;
  void mousePressEvent(QMouseEvent*) override;
  void keyPressEvent(QKeyEvent*) override;
  void contextMenuEvent(QContextMenuEvent*) override;
  void focusInEvent(QFocusEvent*) override;
  void focusOutEvent(QFocusEvent*) override;

 private:
  QRectF plotRect() const;
  double lastAt() const;
  void paintAll(QPainter& p, const ThemeColors& colors, bool with_cursor) const;
  StackedData data_;
  double cursor_ = -1;
  QString title_;
  Provenance provenance_;
};

}  // namespace dsw
