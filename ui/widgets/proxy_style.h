// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QProxyStyle>

namespace dsw {

/// Icon box of push buttons, px: the icon engine draws 14 px at its left, the rest is distance to the text (Qt's own is 4 px).
inline constexpr int kButtonIconBox = 18;

/// Fusion with the project's focus ring, check boxes, branch arrows and metrics. Everything else is palette and style sheet.
class ProxyStyle : public QProxyStyle {
  Q_OBJECT
 public:
  ProxyStyle();
  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* p, const QWidget* widget) const override;
  void drawControl(ControlElement element, const QStyleOption* option, QPainter* p, const QWidget* widget) const override;
  int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
  int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const override;
};

/// A check box of 14 px into `rect` (centred): frame line-strong, tick in accent.
void drawCheckBox(QPainter& p, const QRectF& rect, Qt::CheckState state, bool enabled);

}  // namespace dsw
