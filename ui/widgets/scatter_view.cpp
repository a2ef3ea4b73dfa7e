// SPDX-License-Identifier: GPL-3.0-or-later
// State, mouse and keys; painting is in scatter_paint.cpp.
#include "ui/widgets/scatter_view.h"

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"
#include "ui/widgets/curve/curve_table.h"

namespace dsw {
namespace {

constexpr qreal kReach = 14;  // px around a point in which it answers
constexpr int kLeft = 64, kTop = 12, kRight = 20, kBottom = 40;

class ScatterTableModel : public QAbstractTableModel {
 public:
  ScatterTableModel(QStringList head, std::vector<std::array<QString, 3>> shown, std::vector<std::array<QString, 3>> exact)
      : head_(std::move(head)), shown_(std::move(shown)), exact_(std::move(exact)) {}
  int rowCount(const QModelIndex& parent) const override { return parent.isValid() ? 0 : static_cast<int>(shown_.size()); }
  int columnCount(const QModelIndex& parent) const override { return parent.isValid() ? 0 : 3; }
  QVariant data(const QModelIndex& index, int role) const override {
    if (!index.isValid() || (role != Qt::DisplayRole && role != ExactRole)) return {};
    const auto& rows = role == ExactRole ? exact_ : shown_;
    return rows[static_cast<std::size_t>(index.row())][static_cast<std::size_t>(index.column())];
  }
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
    return orientation == Qt::Horizontal && role == Qt::DisplayRole ? QVariant(head_.value(section)) : QVariant();
  }

 private:
  QStringList head_;
  std::vector<std::array<QString, 3>> shown_, exact_;
};

}  // namespace

double ScatterView::Range::unit(double v) const {
  if (!log) return (v - low) / (high - low);
  return v > 0 ? std::log(v / low) / std::log(high / low) : kNaN;
}

double ScatterView::Range::value(double unit) const { return log ? low * std::pow(high / low, unit) : low + unit * (high - low); }

ScatterView::ScatterView(QWidget* parent) : QWidget(parent) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setProperty("ownFocus", true);
  connect(&Theme::current(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ScatterView::setData(std::vector<ScatterPoint> points, ScatterAxis x, ScatterAxis y) {
  const QString was = current();
  if (x.name != x_.name) log_x_ = x.log;
  if (y.name != y_.name) log_y_ = y.log;
  x_ = std::move(x);
  y_ = std::move(y);
  points_.clear();
  for (ScatterPoint& point : points)
    if (std::isfinite(point.x) && std::isfinite(point.y)) points_.push_back(std::move(point));
  std::stable_sort(points_.begin(), points_.end(),
                   [](const ScatterPoint& a, const ScatterPoint& b) { return a.style < 0 && b.style >= 0; });
  current_ = -1;
  for (int i = 0; i < pointCount(); ++i)
    if (points_[static_cast<std::size_t>(i)].id == was && !was.isEmpty()) current_ = i;
  refreshRanges();
  refreshAccessible();
  update();
}

void ScatterView::setBound(ScatterBound bound) {
  bound_ = std::move(bound);
  refreshRanges();
  update();
}

void ScatterView::setFront(std::vector<QPointF> front) {
  front_ = std::move(front);
  update();
}

void ScatterView::setTarget(std::optional<ScatterTarget> target) {
  target_ = std::move(target);
  refreshRanges();
  update();
}

void ScatterView::setNamed(bool named) {
  named_ = named;
  update();
}

void ScatterView::setEmptyText(const QString& sentence) {
  empty_text_ = sentence;
  update();
}

void ScatterView::setLog(bool x, bool y) {
  log_x_ = x;
  log_y_ = y;
  refreshRanges();
  update();
}

ScatterView::Range ScatterView::rangeOf(bool x) const {
  const ScatterAxis& axis = x ? x_ : y_;
  Range range;
  if (!axis.categories.isEmpty()) {
    range.low = -0.5;
    range.high = static_cast<double>(axis.categories.size()) - 0.5;
    return range;
  }
  double low = INFINITY, high = -INFINITY;
  for (const ScatterPoint& point : points_) {
    low = std::min(low, x ? point.x : point.y);
    high = std::max(high, x ? point.x : point.y);
  }
  if (!(low <= high)) return range;
  if (x && target_) {
    low = std::min(low, target_->x);
    high = std::max(high, target_->x);
  }
  if (!x && bound_.y) {  // the bound over the points' place is part of the picture
    for (const ScatterPoint& point : points_)
      if (const double most = bound_.y(point.x); std::isfinite(most)) {
        low = std::min(low, most);
        high = std::max(high, most);
      }
  }
  range.log = (x ? log_x_ : log_y_) && low > 0;
  if (range.log) {
    const double room = high > low ? std::pow(high / low, 0.06) : 2;
    range.low = low / room;
    range.high = high * room;
  } else {
    const double room = high > low ? (high - low) * 0.06 : std::max(std::abs(high) * 0.1, 1e-12);
    range.low = low - room;
    range.high = high + room;
  }
  return range;
}

void ScatterView::refreshRanges() {
  range_x_ = rangeOf(true);
  range_y_ = rangeOf(false);
  // What the picture shows is what the menu says.
  log_x_ = range_x_.log;
  log_y_ = range_y_.log;
}

QRectF ScatterView::plotRect() const {
  qreal left = kLeft;
  const QFontMetricsF metrics(themeFont(FontRole::Tick));
  for (const QString& word : y_.categories) left = std::max(left, std::min(140.0, metrics.horizontalAdvance(word) + 16));
  return QRectF(left, kTop + 18, std::max(20.0, width() - left - kRight), std::max(20, height() - kTop - 18 - kBottom));
}

QPointF ScatterView::toPixel(const ScatterPoint& point) const {
  const QRectF plot = plotRect();
  return {plot.left() + range_x_.unit(point.x) * plot.width(), plot.bottom() - range_y_.unit(point.y) * plot.height()};
}

QString ScatterView::current() const {
  return current_ >= 0 && current_ < pointCount() ? points_[static_cast<std::size_t>(current_)].id : QString();
}

QPointF ScatterView::pixel(const QString& id) const {
  for (const ScatterPoint& point : points_)
    if (point.id == id) return toPixel(point);
  return {kNaN, kNaN};
}

std::vector<Tick> ScatterView::ticks(bool x) const {
  const ScatterAxis& axis = x ? x_ : y_;
  const Range& range = x ? range_x_ : range_y_;
  std::vector<Tick> out;
  if (!axis.categories.isEmpty()) {
    for (int i = 0; i < axis.categories.size(); ++i) out.push_back({static_cast<double>(i), axis.categories[i]});
    return out;
  }
  const QRectF plot = plotRect();
  const int most = x ? std::clamp(static_cast<int>(plot.width() / 70), 2, 8) : std::clamp(static_cast<int>(plot.height() / 30), 2, 6);
  return range.log ? logTicks(range.low, range.high, most) : linearTicks(range.low, range.high, most);
}

int ScatterView::nearest(QPointF pos) const {
  int best = -1;
  qreal distance = kReach * kReach;
  for (int i = 0; i < pointCount(); ++i) {
    const QPointF apart = toPixel(points_[static_cast<std::size_t>(i)]) - pos;
    const qreal now = QPointF::dotProduct(apart, apart);
    if (now <= distance) {  // of two at one place the upper one, which is drawn later
      distance = now;
      best = i;
    }
  }
  return best;
}

void ScatterView::setCurrent(int index) {
  if (index == current_) return;
  current_ = index;
  setCursor(index >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
  refreshAccessible();
  update();
}

QString ScatterView::valueText(const ScatterAxis& axis, double v) const {
  if (!axis.categories.isEmpty()) return axis.categories.value(static_cast<int>(std::lround(v)));
  return axis.text ? axis.text(v) : formatNumber(v);
}

QStringList ScatterView::hoverText() const {
  if (current().isEmpty()) return {};
  const ScatterPoint& point = points_[static_cast<std::size_t>(current_)];
  return {point.name, x_.name + QLatin1Char(' ') + valueText(x_, point.x), y_.name + QLatin1Char(' ') + valueText(y_, point.y)};
}

void ScatterView::mouseMoveEvent(QMouseEvent* event) { setCurrent(nearest(event->position())); }

void ScatterView::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  setCurrent(nearest(event->position()));
  if (current_ >= 0) emit activated(current());
}

void ScatterView::leaveEvent(QEvent*) {
  if (!hasFocus()) setCurrent(-1);
}

void ScatterView::walk(bool by_x, int direction) {
  if (points_.empty()) return;
  std::vector<int> order(points_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto along = [&](int i) {
    const ScatterPoint& point = points_[static_cast<std::size_t>(i)];
    return by_x ? std::pair(point.x, point.y) : std::pair(point.y, point.x);
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return along(a) < along(b); });
  const auto at = std::find(order.begin(), order.end(), current_);
  std::ptrdiff_t next = at == order.end() ? (direction > 0 ? 0 : std::ssize(order) - 1) : at - order.begin() + direction;
  next = std::clamp<std::ptrdiff_t>(next, 0, std::ssize(order) - 1);
  setCurrent(order[static_cast<std::size_t>(next)]);
}

void ScatterView::keyPressEvent(QKeyEvent* event) {
  if (event->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) return QWidget::keyPressEvent(event);
  const int reach = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
  switch (event->key()) {
    case Qt::Key_Left:
      return walk(true, -reach);
    case Qt::Key_Right:
      return walk(true, reach);
    case Qt::Key_Up:
      return walk(false, reach);
    case Qt::Key_Down:
      return walk(false, -reach);
    case Qt::Key_Home:
      return walk(true, -pointCount());
    case Qt::Key_End:
      return walk(true, pointCount());
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (current_ >= 0) emit activated(current());
      return;
    case Qt::Key_X:
      return setLog(!log_x_, log_y_);
    case Qt::Key_Y:
      return setLog(log_x_, !log_y_);
    case Qt::Key_T:
      return showTable();
    case Qt::Key_E:
      return exportDialog();
    default:
      QWidget::keyPressEvent(event);
  }
}

void ScatterView::focusInEvent(QFocusEvent*) { update(); }
void ScatterView::focusOutEvent(QFocusEvent*) { update(); }
void ScatterView::resizeEvent(QResizeEvent*) { refreshRanges(); }

void ScatterView::contextMenuEvent(QContextMenuEvent* event) {
  if (points_.empty()) return;
  QMenu menu(this);
  if (current_ >= 0)
    menu.addAction(tr("Open %1").arg(points_[static_cast<std::size_t>(current_)].name), this,
                   [this, id = current()] { emit activated(id); });
  QAction* log_x = menu.addAction(tr("Logarithmic x") + QStringLiteral("\tX"), this, [this] { setLog(!log_x_, log_y_); });
  QAction* log_y = menu.addAction(tr("Logarithmic y") + QStringLiteral("\tY"), this, [this] { setLog(log_x_, !log_y_); });
  for (QAction* action : {log_x, log_y}) action->setCheckable(true);
  log_x->setChecked(log_x_);
  log_y->setChecked(log_y_);
  log_x->setEnabled(x_.categories.isEmpty());
  log_y->setEnabled(y_.categories.isEmpty());
  menu.addSeparator();
  menu.addAction(tr("Data table") + QStringLiteral("\tT"), this, &ScatterView::showTable);
  menu.addAction(tr("Copy picture"), this, [this] { QGuiApplication::clipboard()->setImage(figurePicture(figure(), 2)); });
  menu.addAction(tr("Export…") + QStringLiteral("\tE"), this, &ScatterView::exportDialog);
  menu.exec(event->globalPos());
}

void ScatterView::refreshAccessible() {
  setAccessibleName(tr("Scatter of %1 against %2").arg(y_.name, x_.name));
  setAccessibleDescription(current_ >= 0 ? hoverText().join(QStringLiteral("; ")) : tr("%1 points").arg(pointCount()));
}

QString ScatterView::csv() const {
  QString out = provenanceHead(y_.name, provenance_);
  out += QStringLiteral("run,%1,%2\n").arg(csvCell(x_.name), csvCell(y_.name));
  const auto cell = [](const ScatterAxis& axis, double v) {
    return axis.categories.isEmpty() ? formatExact(v) : csvCell(axis.categories.value(static_cast<int>(std::lround(v))));
  };
  for (const ScatterPoint& point : points_) out += csvCell(point.name) + ',' + cell(x_, point.x) + ',' + cell(y_, point.y) + '\n';
  return out;
}

Figure ScatterView::figure() {
  return {tr("%1 against %2").arg(y_.name, x_.name),
          y_.name,
          provenance_,
          size(),
          [this](QPainter& p) { paintAll(p, ThemeColors::load(ThemeChoice::Light), false); },
          [this] { return csv(); }};
}

void ScatterView::exportDialog() {
  QString failed;
  const QString path = exportFigure(this, figure(), &failed);
  if (!path.isEmpty()) emit exported(path);
  if (!failed.isEmpty()) emit exportFailed(failed);
}

void ScatterView::showTable() {
  std::vector<std::array<QString, 3>> shown, exact;
  for (const ScatterPoint& point : points_) {
    shown.push_back({point.name, valueText(x_, point.x), valueText(y_, point.y)});
    exact.push_back({point.name, x_.categories.isEmpty() ? formatExact(point.x) : shown.back()[1],
                     y_.categories.isEmpty() ? formatExact(point.y) : shown.back()[2]});
  }
  showTableDialog(this, new ScatterTableModel({tr("Run"), x_.name, y_.name}, std::move(shown), std::move(exact)), accessibleName());
}

}  // namespace dsw
