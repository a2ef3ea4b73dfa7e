// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/proxy_style.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace dsw {

ProxyStyle::ProxyStyle() : QProxyStyle(QStringLiteral("Fusion")) {}

void drawCheckBox(QPainter& p, const QRectF& rect, Qt::CheckState state, bool enabled) {
  const qreal side = 14;
  const QRectF box(std::round(rect.center().x() - side / 2) + 0.5, std::round(rect.center().y() - side / 2) + 0.5, side - 1, side - 1);
  const QColor ink = themeColor(!enabled ? Token::TextOff : state == Qt::Unchecked ? Token::LineStrong : Token::Accent);
  p.save();
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(QPen(ink, 1));
  p.setBrush(themeColor(Token::Field));
  p.drawRoundedRect(box, 2, 2);
  p.setPen(QPen(ink, 1.7, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  p.setBrush(Qt::NoBrush);
  const QPointF o = box.topLeft();
  if (state == Qt::Checked) p.drawPolyline(QPolygonF{o + QPointF(3, 6.8), o + QPointF(5.6, 9.4), o + QPointF(10.2, 3.8)});
  if (state == Qt::PartiallyChecked) p.drawLine(o + QPointF(3.5, 6.5), o + QPointF(9.5, 6.5));
  p.restore();
}

void ProxyStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* p, const QWidget* widget) const {
  switch (element) {
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck:
    case PE_IndicatorMenuCheckMark: {
      const Qt::CheckState state = option->state & State_On         ? Qt::Checked
                                   : option->state & State_NoChange ? Qt::PartiallyChecked
                                                                    : Qt::Unchecked;
      drawCheckBox(*p, option->rect, state, option->state & State_Enabled);
      return;
    }
    case PE_IndicatorRadioButton: {
      const bool on = option->state & State_On;
      const QColor ink = themeColor(!(option->state & State_Enabled) ? Token::TextOff : on ? Token::Accent : Token::LineStrong);
      p->save();
      p->setRenderHint(QPainter::Antialiasing);
      p->setPen(QPen(ink, 1));
      p->setBrush(themeColor(Token::Field));
      const QPointF c = QRectF(option->rect).center();
      p->drawEllipse(c, 6.5, 6.5);
      if (on) {
        p->setPen(Qt::NoPen);
        p->setBrush(ink);
        p->drawEllipse(c, 3.5, 3.5);
      }
      p->restore();
      return;
    }
    case PE_IndicatorBranch:
      if (option->state & State_Children) {
        const QRectF r(0, 0, 10, 10);
        drawIcon(*p, option->state & State_Open ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right"),
                 r.translated(QRectF(option->rect).center() - QPointF(5, 5)), themeColor(Token::Text3));
      }
      return;
    case PE_FrameFocusRect:
      return;  // FocusRing draws it, outside the widget
    default:
      QProxyStyle::drawPrimitive(element, option, p, widget);
  }
}

void ProxyStyle::drawControl(ControlElement element, const QStyleOption* option, QPainter* p, const QWidget* widget) const {
  if (element == CE_FocusFrame) {
    p->save();
    p->setRenderHint(QPainter::Antialiasing);
    p->setBrush(Qt::NoBrush);
    p->setPen(QPen(themeColor(Token::Focus), 2));
    p->drawRoundedRect(QRectF(option->rect).adjusted(1, 1, -1, -1), 5, 5);
    p->restore();
    return;
  }
  QProxyStyle::drawControl(element, option, p, widget);
}

int ProxyStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
  switch (metric) {
    case PM_FocusFrameHMargin:
    case PM_FocusFrameVMargin:
      return 3;  // 1 px gap and 2 px ring
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
      return 14;
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing:
      return 6;
    case PM_ButtonIconSize:
      return qobject_cast<const QPushButton*>(widget) != nullptr ? kButtonIconBox : 16;
    case PM_SmallIconSize:
    case PM_ListViewIconSize:
    case PM_TabBarIconSize:
      return 16;
    case PM_TreeViewIndentation:
      return 18;
    case PM_ToolTipLabelFrameWidth:
      return 2;
    case PM_MenuPanelWidth:
      return 1;
    case PM_DockWidgetSeparatorExtent:
      return 4;
    case PM_DefaultFrameWidth:
      return qobject_cast<const QAbstractItemView*>(widget) != nullptr ? 0 : QProxyStyle::pixelMetric(metric, option, widget);
    default:
      return QProxyStyle::pixelMetric(metric, option, widget);
  }
}

int ProxyStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const {
  switch (hint) {
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
      return 0;
    case SH_ItemView_ShowDecorationSelected:
      return 1;
    case SH_FocusFrame_AboveWidget:  // else what holds a control without a margin cuts the ring off
      return 1;
    case SH_ItemView_ActivateItemOnSingleClick:
      return 0;
    case SH_ToolTip_WakeUpDelay:
      return 500;
    case SH_ComboBox_Popup:
      return 0;
    case SH_Widget_Animate:
    case SH_Widget_Animation_Duration:
    case SH_UnderlineShortcut:
      return 0;
    default:
      return QProxyStyle::styleHint(hint, option, widget, data);
  }
}

}  // namespace dsw
