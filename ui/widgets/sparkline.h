// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QVector>
#include <QWidget>
#include "ui/widgets/theme.h"

class QPainter;

namespace dsw {

/// Draws values at equal distances into `rect`, min to max over the height. NaN is a gap; where the last value is NaN a `failed` cross ends
/// it.
void drawSparkline(QPainter& p, const QRectF& rect, const QVector<double>& values, const QColor& color);

/// A curve without axes in one line of text. With setRange the height is fixed to [low, high].
class Sparkline : public QWidget {
  Q_OBJECT
 public:
  explicit Sparkline(QWidget* parent = nullptr);
  void setValues(QVector<double> values);
  void setSeries(int index);
  QSize sizeHint() const override { return {120, 20}; }

 protected:
  void paintEvent(QPaintEvent*) override;

 private:
  QVector<double> values_;
  int series_ = 0;
};

/// A thin bar of a share 0..1 on a `line` track, 6 px high (progress, cost).
class ShareBar : public QWidget {
  Q_OBJECT
 public:
  explicit ShareBar(QWidget* parent = nullptr);
  void setShare(double share);
  double share() const { return share_; }
  void setToken(Token token);
  QSize sizeHint() const override { return {160, 18}; }

 protected:
  void paintEvent(QPaintEvent*) override;

 private:
  double share_ = 0;
  Token token_ = Token::Accent;
};
void drawShareBar(QPainter& p, const QRectF& rect, double share, const QColor& color);

}  // namespace dsw
