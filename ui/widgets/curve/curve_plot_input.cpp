// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse and keys of CurvePlot.
#include "ui/models/number_format.h"
#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/curve_view.h"

namespace dsw {
namespace {

constexpr double kWheelStep = 1.2;
constexpr qreal kClickSlack = 4;

}  // namespace

void CurvePlot::zoomX(double unit, double factor) {
  const double at = CurveStore::valueX(window_, unit);
  CurveStore::Window w = window_;
  w.x0 = CurveStore::valueX(window_, unit - unit / factor);
  w.x1 = CurveStore::valueX(window_, unit + (1 - unit) / factor);
  // Closer than floating point resolves, or further than ten times the data, is of no use.
  if (!(w.x1 - w.x0 > std::max(std::abs(at), 1e-6) * 1e-12)) return;
  const CurveStore::Span all = store_.xSpan();
  if (factor < 1 && all.valid() && w.x1 - w.x0 > 10 * std::max(all.high - all.low, 1.0)) return;
  setXRange(w.x0, w.x1);
}

void CurvePlot::zoomY(double unit, double factor) {
  setYRange(CurveStore::valueY(window_, unit - unit / factor), CurveStore::valueY(window_, unit + (1 - unit) / factor));
}

void CurvePlot::wheelEvent(QWheelEvent* event) {
  const QRectF plot = plotRect();
  const bool y = event->modifiers() & Qt::ShiftModifier;
  const QPoint delta = event->angleDelta();
  const double turns = (delta.y() != 0 ? delta.y() : delta.x()) / 120.0;
  if (turns == 0) return;
  const QPointF pos = event->position();
  const double factor = std::pow(kWheelStep, turns);
  if (y)
    zoomY(std::clamp((plot.bottom() - pos.y()) / plot.height(), 0.0, 1.0), factor);
  else
    zoomX(std::clamp((pos.x() - plot.left()) / plot.width(), 0.0, 1.0), factor);
  event->accept();
}

void CurvePlot::mousePressEvent(QMouseEvent* event) {
  setFocus(Qt::MouseFocusReason);
  press_ = drag_at_ = event->position();
  press_window_ = window_;
  drag_ = event->button() == Qt::LeftButton ? Drag::Pan : event->button() == Qt::RightButton ? Drag::Box : Drag::None;
  event->accept();
}

void CurvePlot::mouseMoveEvent(QMouseEvent* event) {
  hovered_ = true;
  drag_at_ = event->position();
  const bool moved = (drag_at_ - press_).manhattanLength() > kClickSlack;
  if (drag_ == Drag::Pan && event->buttons() & Qt::LeftButton && moved) {
    const QRectF plot = plotRect();
    const double dx = (press_.x() - drag_at_.x()) / plot.width(), dy = (drag_at_.y() - press_.y()) / plot.height();
    viewport()->setCursor(Qt::ClosedHandCursor);
    window_.x0 = CurveStore::valueX(press_window_, dx);
    window_.x1 = CurveStore::valueX(press_window_, 1 + dx);
    zoomed_ = true;
    // A vertical pan needs a clear vertical movement: otherwise y keeps fitting itself to what is seen.
    if (zoomed_y_ || std::abs(drag_at_.y() - press_.y()) > 24) {
      window_.y0 = CurveStore::valueY(press_window_, dy);
      window_.y1 = CurveStore::valueY(press_window_, 1 + dy);
      zoomed_y_ = true;
    }
    dataChanged();
    emit rangeChanged();
    return;
  }
  if (drag_ == Drag::Box) {
    viewport()->update();
    return;
  }
  moveTo(event->position());
}

void CurvePlot::moveTo(QPointF pos) {
  if (crosshairPinned()) {
    viewport()->update();
    return;
  }
  const QRectF plot = plotRect();
  if (!plot.adjusted(-4, -4, 4, 4).contains(pos) || !store_.hasPoints()) {
    setCrosshair(kNaN, false);
    return;
  }
  const double x = CurveStore::valueX(window_, (pos.x() - plot.left()) / plot.width());
  double best = kNaN, distance = std::numeric_limits<double>::infinity();
  for (int i = 0; i < store_.count(); ++i) {
    const int at = store_.series(i).visible ? store_.nearest(i, x) : -1;
    if (at < 0) continue;
    const auto k = static_cast<std::size_t>(at);
    if (std::abs(store_.x(i)[k] - x) < distance) {
      distance = std::abs(store_.x(i)[k] - x);
      best = store_.stepAt(i, k);
    }
  }
  setCrosshair(best, false);
}

void CurvePlot::mouseReleaseEvent(QMouseEvent* event) {
  const Drag was = drag_;
  drag_ = Drag::None;
  viewport()->unsetCursor();
  const QPointF pos = event->position();
  const bool moved = (pos - press_).manhattanLength() > kClickSlack;
  if (was == Drag::Box && moved) {
    const QRectF plot = plotRect();
    const QRectF box = QRectF(press_, pos).normalized().intersected(plot);
    if (box.width() > kClickSlack && box.height() > kClickSlack) {
      const CurveStore::Window w = window_;
      window_.y0 = CurveStore::valueY(w, (plot.bottom() - box.bottom()) / plot.height());
      window_.y1 = CurveStore::valueY(w, (plot.bottom() - box.top()) / plot.height());
      zoomed_y_ = true;
      setXRange(CurveStore::valueX(w, (box.left() - plot.left()) / plot.width()),
                CurveStore::valueX(w, (box.right() - plot.left()) / plot.width()));
    }
    viewport()->update();
  } else if (was == Drag::Box) {
    QContextMenuEvent menu(QContextMenuEvent::Mouse, pos.toPoint(), event->globalPosition().toPoint());
    QCoreApplication::sendEvent(parentWidget(), &menu);
  } else if (was == Drag::Pan && !moved) {
    const bool pinned = crosshairPinned();
    if (pinned) setCrosshair(crosshairStep(), false);
    moveTo(pos);
    setCrosshair(crosshairStep(), !pinned && std::isfinite(crosshairStep()));
  }
}

void CurvePlot::mouseDoubleClickEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  setCrosshair(crosshairStep(), false);
  fit();
}

void CurvePlot::leaveEvent(QEvent*) {
  hovered_ = false;
  if (!crosshairPinned()) setCrosshair(kNaN, false);
}

void CurvePlot::keyPressEvent(QKeyEvent* event) {
  const bool plain = !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier));
  const int reach = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
  if (!plain) return QGraphicsView::keyPressEvent(event);
  switch (event->key()) {
    case Qt::Key_Left:
      moveCrosshair(-reach);
      break;
    case Qt::Key_Right:
      moveCrosshair(reach);
      break;
    case Qt::Key_Home:
      setCrosshair(store_.xToStep(window_.x0), crosshairPinned());
      break;
    case Qt::Key_End:
      setCrosshair(store_.xToStep(std::min(window_.x1, store_.lastX())), crosshairPinned());
      break;
    case Qt::Key_Up:
    case Qt::Key_Down: {
      const int n = store_.count(), move = event->key() == Qt::Key_Down ? 1 : n - 1;
      if (n == 0) break;
      cursor_series_ = (std::max(0, store_.indexOf(cursorSeries())) + move) % n;
      for (int tries = 0; tries < n && !store_.series(cursor_series_).visible; ++tries) cursor_series_ = (cursor_series_ + move) % n;
      viewport()->update();
      break;
    }
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      zoomX(std::isfinite(crosshairX()) ? CurveStore::unitX(window_, crosshairX()) : 0.5, 1.5);
      break;
    case Qt::Key_Minus:
      zoomX(std::isfinite(crosshairX()) ? CurveStore::unitX(window_, crosshairX()) : 0.5, 1 / 1.5);
      break;
    case Qt::Key_0:
      fit();
      break;
    case Qt::Key_F:
      setFollow(!follow_);
      break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      setCrosshair(crosshairStep(), std::isfinite(crosshairStep()) && !crosshairPinned());
      break;
    case Qt::Key_Escape:
      if (!std::isfinite(crosshairStep())) return QWidget::keyPressEvent(event);
      setCrosshair(kNaN, false);
      break;
    case Qt::Key_X:
    case Qt::Key_Y:
    case Qt::Key_M:
    case Qt::Key_T:
    case Qt::Key_E:
    case Qt::Key_H:
    case Qt::Key_F4:
      emit keyCommand(event->key());
      break;
    default:
      QWidget::keyPressEvent(event);
      return;
  }
  event->accept();
}

void CurvePlot::focusInEvent(QFocusEvent* event) {
  QChartView::focusInEvent(event);
  viewport()->update();
}

void CurvePlot::focusOutEvent(QFocusEvent* event) {
  QChartView::focusOutEvent(event);
  viewport()->update();
}

void CurvePlot::resizeEvent(QResizeEvent* event) {
  QChartView::resizeEvent(event);
  redraw();
}

bool CurvePlot::viewportEvent(QEvent* event) {
  // X11 sends it at the press, which would take the right drag away; a right click opens the menu at its release.
  if (event->type() == QEvent::ContextMenu && static_cast<QContextMenuEvent*>(event)->reason() == QContextMenuEvent::Mouse) {
    event->accept();
    return true;
  }
  if (event->type() == QEvent::ToolTip) {
    // Ticks of missing values at the base line name their step.
    const QPointF pos = static_cast<QHelpEvent*>(event)->pos();
    const QRectF plot = plotRect();
    if (std::abs(pos.y() - plot.bottom()) < 12) {
      for (int i = 0; i < store_.count(); ++i) {
        if (!store_.series(i).visible) continue;
        for (const double x : store_.gaps(i, window_, kMaxColumns)) {
          if (std::abs(toPixel(CurveStore::unitX(window_, x), 0).x() - pos.x()) > 4) continue;
          QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(),
                             tr("%1 has no number at %2 (NaN or infinite)").arg(store_.series(i).name, axisPositionText(store_.axis(), x)),
                             viewport());
          return true;
        }
      }
    }
    QToolTip::hideText();
    return true;
  }
  return QChartView::viewportEvent(event);
}

}  // namespace dsw
