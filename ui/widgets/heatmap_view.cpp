// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/heatmap_view.h"

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"
#include "ui/widgets/curve/curve_table.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

constexpr int kNanIndex = 255;  // the table's last colour is given up for "no number"
constexpr qreal kPad = 12, kLegend = 12, kLegendGap = 16;

/// The matrix behind the picture.
class HeatmapTableModel final : public QAbstractTableModel {
 public:
  explicit HeatmapTableModel(HeatmapData data) : data_(std::move(data)) {}
  int rowCount(const QModelIndex& parent) const override { return parent.isValid() ? 0 : data_.rows; }
  int columnCount(const QModelIndex& parent) const override { return parent.isValid() ? 0 : data_.columns + 1; }
  QVariant data(const QModelIndex& index, int role) const override {
    if (role != Qt::DisplayRole && role != ExactRole) return {};
    if (index.column() == 0) return index.row() < data_.row_labels.size() ? data_.row_labels[index.row()] : QString::number(index.row());
    const double v = data_.values[static_cast<std::size_t>(index.row()) * static_cast<std::size_t>(data_.columns) +
                                  static_cast<std::size_t>(index.column() - 1)];
    return role == ExactRole ? formatExact(v) : formatNumber(v);
  }
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    if (section == 0) return QStringLiteral("%1 \\ %2").arg(data_.row_title, data_.column_title);
    return section - 1 < data_.column_labels.size() ? data_.column_labels[section - 1] : QString::number(section - 1);
  }

 private:
  HeatmapData data_;
};

qreal widest(const QStringList& labels, const QFontMetricsF& metrics, qreal limit) {
  qreal width = 0;
  for (const QString& label : labels) width = std::max(width, metrics.horizontalAdvance(label));
  return std::min(width, limit);
}

}  // namespace

HeatmapView::HeatmapView(QWidget* parent) : QWidget(parent) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setProperty("ownFocus", true);
  setAccessibleName(tr("Matrix"));
  connect(&Theme::current(), &Theme::changed, this, [this] {
    rebuildImage();
    update();
  });
}

void HeatmapView::setData(HeatmapData data) {
  data_ = std::move(data);
  data_.values.resize(static_cast<std::size_t>(data_.rows) * static_cast<std::size_t>(data_.columns),
                      std::numeric_limits<double>::quiet_NaN());
  if (row_ >= data_.rows || column_ >= data_.columns) row_ = column_ = -1;
  rebuildImage();
  setAccessibleName(tr("Matrix of %1 by %2, %3 from %4 to %5")
                        .arg(data_.rows)
                        .arg(data_.columns)
                        .arg(data_.row_title, formatNumber(low_), formatNumber(high_)));
  update();
}

void HeatmapView::setColormap(Colormap map) {
  map_ = map;
  rebuildImage();
  update();
}

void HeatmapView::setScale(HeatmapScale scale) {
  scale_ = scale;
  rebuildImage();
  update();
}

void HeatmapView::setLimits(double low, double high) {
  low_ = low;
  high_ = high;
  fixed_limits_ = true;
  rebuildImage();
  update();
}

void HeatmapView::clearLimits() {
  fixed_limits_ = false;
  rebuildImage();
  update();
}

void HeatmapView::setCellText(std::function<QString(double)> format) {
  cell_text_ = std::move(format);
  update();
}

void HeatmapView::setCellTip(std::function<QString(int, int, double)> tip) { cell_tip_ = std::move(tip); }

void HeatmapView::setDiagonalMarked(bool on) {
  diagonal_ = on;
  update();
}

void HeatmapView::setLegendVisible(bool on) {
  legend_ = on;
  update();
}

void HeatmapView::setEmptyText(const QString& sentence) {
  empty_text_ = sentence;
  update();
}

double HeatmapView::unit(double v) const {
  const double t = high_ > low_ ? std::clamp((v - low_) / (high_ - low_), 0.0, 1.0) : 0.0;
  switch (scale_) {
    case HeatmapScale::Linear:
      return t;
    case HeatmapScale::SquareRoot:
      return std::sqrt(t);
    case HeatmapScale::Log:
      return std::log1p(999 * t) / std::log(1000.0);
  }
  return t;
}

void HeatmapView::rebuildImage() {
  if (!fixed_limits_) {
    low_ = std::numeric_limits<double>::infinity();
    high_ = -low_;
    for (const double v : data_.values)
      if (std::isfinite(v)) low_ = std::min(low_, v), high_ = std::max(high_, v);
    if (!(low_ <= high_)) low_ = 0, high_ = 1;
    if (map_ == Colormap::Diverging) {
      high_ = std::max(std::abs(low_), std::abs(high_));
      low_ = -high_;
    } else if (low_ > 0 && low_ < 0.5 * high_) {
      low_ = 0;
    }
  }
  has_nan_ = false;
  if (data_.rows <= 0 || data_.columns <= 0) {
    image_ = QImage();
    return;
  }
  image_ = QImage(data_.columns, data_.rows, QImage::Format_Indexed8);
  QVector<QRgb> table = colormapTable(map_);
  table[kNanIndex] = themeColor(Token::Surface2).rgb();
  image_.setColorTable(table);
  for (int r = 0; r < data_.rows; ++r) {
    uchar* line = image_.scanLine(r);
    const double* values = data_.values.data() + static_cast<std::size_t>(r) * static_cast<std::size_t>(data_.columns);
    for (int c = 0; c < data_.columns; ++c) {
      const bool number = std::isfinite(values[c]);
      has_nan_ = has_nan_ || !number;
      line[c] = number ? static_cast<uchar>(std::lround(unit(values[c]) * (kNanIndex - 1))) : static_cast<uchar>(kNanIndex);
    }
  }
}

HeatmapView::Layout HeatmapView::layout() const {
  Layout l;
  const QFontMetricsF metrics(themeFont(FontRole::Tick));
  const qreal row_labels = data_.row_labels.isEmpty() ? 0 : widest(data_.row_labels, metrics, 110) + 8;
  const qreal left = kPad + row_labels + (data_.row_title.isEmpty() ? 0 : 18);
  const qreal legend =
      legend_ ? kLegendGap + kLegend + 6 +
                    std::max({metrics.horizontalAdvance(formatNumber(low_, 3)), metrics.horizontalAdvance(formatNumber(high_, 3)),
                              scale_ == HeatmapScale::SquareRoot ? metrics.horizontalAdvance(tr("square root")) - kLegend - 4 : 0.0})
              : 0;
  qreal available = width() - left - legend - kPad;
  const qreal widest_column = widest(data_.column_labels, metrics, 1e6);
  l.slanted = !data_.column_labels.isEmpty() && data_.columns > 0 && widest_column + 4 > available / data_.columns;
  const qreal column_labels = data_.column_labels.isEmpty() ? 0 : l.slanted ? std::min(widest_column, 90.0) + 6 : 18;
  const qreal top = kPad + column_labels + (data_.column_title.isEmpty() ? 0 : 18);
  const qreal cell = std::max(0.5, std::min(available / std::max(1, data_.columns), (height() - top - kPad) / std::max(1, data_.rows)));
  const qreal side = cell >= 4 ? std::floor(cell) : cell;
  l.cell_w = l.cell_h = side;
  l.cells = QRectF(left, top, side * data_.columns, side * data_.rows);
  l.legend = QRectF(l.cells.right() + kLegendGap, top, kLegend, std::min(l.cells.height(), 160.0));
  return l;
}

QRectF HeatmapView::cellRect(const Layout& l, int row, int column) const {
  return {l.cells.left() + column * l.cell_w, l.cells.top() + row * l.cell_h, l.cell_w, l.cell_h};
}

bool HeatmapView::cellAt(QPointF pos, int* row, int* column) const {
  const Layout l = layout();
  if (!l.cells.contains(pos) || l.cell_w <= 0) return false;
  *column = std::min(data_.columns - 1, static_cast<int>((pos.x() - l.cells.left()) / l.cell_w));
  *row = std::min(data_.rows - 1, static_cast<int>((pos.y() - l.cells.top()) / l.cell_h));
  return true;
}

QString HeatmapView::tipAt(int row, int column) const {
  const double v = data_.values[static_cast<std::size_t>(row) * static_cast<std::size_t>(data_.columns) + static_cast<std::size_t>(column)];
  if (cell_tip_) return cell_tip_(row, column, v);
  const auto label = [](const QStringList& labels, int i) { return i < labels.size() ? labels[i] : QString::number(i); };
  const auto titled = [](const QString& title, const QString& text) { return title.isEmpty() ? text : title + QLatin1Char(' ') + text; };
  return QStringLiteral("%1, %2: %3")
      .arg(titled(data_.row_title, label(data_.row_labels, row)), titled(data_.column_title, label(data_.column_labels, column)),
           cell_text_ ? cell_text_(v) : formatNumber(v));
}

void HeatmapView::paintEvent(QPaintEvent*) {
  QPainter p(this);
  paintAll(p, true);
}

void HeatmapView::paintAll(QPainter& p, bool with_cursor) const {
  p.fillRect(rect(), themeColor(Token::Surface2));
  if (image_.isNull()) {
    p.setPen(themeColor(Token::Text3));
    p.setFont(themeFont(FontRole::Text));
    p.drawText(rect().adjusted(16, 16, -16, -16), Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
    return;
  }
  const Layout l = layout();
  p.setRenderHint(QPainter::SmoothPixmapTransform, l.cell_w < 1);
  p.drawImage(l.cells, image_);
  if (has_nan_ && l.cell_w >= 3) {
    for (int r = 0; r < data_.rows; ++r)
      for (int c = 0; c < data_.columns; ++c)
        if (image_.pixelIndex(c, r) == kNanIndex) p.fillRect(cellRect(l, r, c), QBrush(themeColor(Token::LineStrong), Qt::BDiagPattern));
  }
  const QFont tick = themeFont(FontRole::Tick);
  const QFontMetricsF metrics(tick);
  if (cell_text_ && l.cell_w >= 12) {
    const QFont number = themeFont(FontRole::Tick);
    const QFontMetricsF number_metrics(number);
    qreal widest_text = 0;
    for (const double v : data_.values)
      if (data_.values.size() <= 10'000) widest_text = std::max(widest_text, number_metrics.horizontalAdvance(cell_text_(v)));
    if (data_.values.size() <= 10'000 && widest_text + 4 <= l.cell_w && l.cell_h >= 15) {
      p.setFont(number);
      for (int r = 0; r < data_.rows; ++r)
        for (int c = 0; c < data_.columns; ++c) {
          const int index = image_.pixelIndex(c, r);
          if (index == kNanIndex) continue;
          p.setPen(readableOn(QColor(image_.colorTable().at(index))));
          p.drawText(cellRect(l, r, c), Qt::AlignCenter, cell_text_(data_.values[static_cast<std::size_t>(r * data_.columns + c)]));
        }
    }
  }
  if (diagonal_ && l.cell_w >= 6) {
    p.setBrush(Qt::NoBrush);
    for (int k = 0; k < std::min(data_.rows, data_.columns); ++k) {
      p.setPen(QPen(readableOn(QColor(image_.colorTable().at(image_.pixelIndex(k, k)))), 1));
      p.drawRect(cellRect(l, k, k).adjusted(1, 1, -2, -2));
    }
  }
  p.setFont(tick);
  p.setPen(themeColor(Token::Text2));
  const int row_every = std::max(1, static_cast<int>(std::ceil(13 / l.cell_h)));
  for (int r = 0; r < std::min<int>(data_.rows, static_cast<int>(data_.row_labels.size())); r += row_every) {
    p.setPen(themeColor(r == row_ ? Token::Accent : Token::Text2));
    const QRectF cell = cellRect(l, r, 0);
    p.drawText(QRectF(0, cell.center().y() - 8, l.cells.left() - 6, 16), Qt::AlignRight | Qt::AlignVCenter,
               metrics.elidedText(data_.row_labels[r], Qt::ElideMiddle, 110));
  }
  const int column_every = std::max(1, static_cast<int>(std::ceil(13 / l.cell_w)));
  for (int c = 0; c < std::min<int>(data_.columns, static_cast<int>(data_.column_labels.size())); c += l.slanted ? column_every : 1) {
    p.setPen(themeColor(c == column_ ? Token::Accent : Token::Text2));
    const QRectF cell = cellRect(l, 0, c);
    if (!l.slanted) {
      p.drawText(QRectF(cell.left(), cell.top() - 19, cell.width(), 16), Qt::AlignCenter, data_.column_labels[c]);
    } else {
      p.save();
      p.translate(cell.center().x() + 4, cell.top() - 5);
      p.rotate(-90);
      p.drawText(QRectF(0, -12, 90, 16), Qt::AlignLeft | Qt::AlignVCenter, metrics.elidedText(data_.column_labels[c], Qt::ElideRight, 90));
      p.restore();
    }
  }
  p.setPen(themeColor(Token::Text3));
  if (!data_.column_title.isEmpty()) p.drawText(QRectF(l.cells.left(), kPad - 4, l.cells.width(), 16), Qt::AlignCenter, data_.column_title);
  if (!data_.row_title.isEmpty()) {
    p.save();
    p.translate(kPad, l.cells.center().y());
    p.rotate(-90);
    p.drawText(QRectF(-100, -8, 200, 16), Qt::AlignCenter, data_.row_title);
    p.restore();
  }
  if (legend_) {
    QLinearGradient gradient(l.legend.bottomLeft(), l.legend.topLeft());
    for (int k = 0; k <= 16; ++k) gradient.setColorAt(k / 16.0, colormapColor(map_, k / 16.0));
    p.fillRect(l.legend, gradient);
    p.setPen(themeColor(Token::Text3));
    const auto label = [&](double v, qreal y) {
      p.drawText(QRectF(l.legend.right() + 6, y - 8, 80, 16), Qt::AlignVCenter, formatNumber(v, 3));
    };
    label(high_, l.legend.top() + 6);
    label(low_, l.legend.bottom() - 6);
    if (map_ == Colormap::Diverging) label(0, l.legend.center().y());
    if (scale_ != HeatmapScale::Linear)
      p.drawText(QRectF(l.legend.left(), l.legend.bottom() + 4, 80, 16), Qt::AlignVCenter,
                 scale_ == HeatmapScale::SquareRoot ? tr("square root") : tr("log"));
  }
  if (row_ >= 0 && with_cursor) {
    const QRectF cell = cellRect(l, row_, column_);
    p.setBrush(Qt::NoBrush);
    // Two rings, light and dark: one of them is seen on any colour.
    p.setPen(QPen(QColor(0x10, 0x12, 0x14), 3));
    p.drawRect(cell);
    p.setPen(QPen(hasFocus() && Theme::current().colors().isDark() ? themeColor(Token::Focus) : QColor(Qt::white), 1.4));
    p.drawRect(cell);
  }
}

void HeatmapView::moveTo(int row, int column) {
  if (data_.rows <= 0 || data_.columns <= 0) return;
  row = std::clamp(row, 0, data_.rows - 1);
  column = std::clamp(column, 0, data_.columns - 1);
  if (row == row_ && column == column_) return;
  row_ = row;
  column_ = column;
  setAccessibleDescription(tipAt(row, column));
  emit cellHovered(row, column);
  update();
}

void HeatmapView::setCursorCell(int row, int column) { moveTo(row, column); }

void HeatmapView::mouseMoveEvent(QMouseEvent* event) {
  int row = -1, column = -1;
  if (!cellAt(event->position(), &row, &column)) {
    QToolTip::hideText();
    if (!hasFocus()) leaveEvent(nullptr);
    return;
  }
  moveTo(row, column);
  QToolTip::showText(event->globalPosition().toPoint(), tipAt(row, column), this);
}

void HeatmapView::mousePressEvent(QMouseEvent* event) {
  int row = -1, column = -1;
  if (event->button() == Qt::LeftButton && cellAt(event->position(), &row, &column)) {
    moveTo(row, column);
    emit cellActivated(row, column);
  }
}

void HeatmapView::leaveEvent(QEvent*) {
  if (hasFocus() || row_ < 0) return;
  row_ = column_ = -1;
  emit cellHovered(-1, -1);
  update();
}

void HeatmapView::keyPressEvent(QKeyEvent* event) {
  const int reach = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
  switch (event->key()) {
    case Qt::Key_Left:
      moveTo(row_, column_ - reach);
      break;
    case Qt::Key_Right:
      moveTo(row_, column_ + reach);
      break;
    case Qt::Key_Up:
      moveTo(row_ - reach, column_);
      break;
    case Qt::Key_Down:
      moveTo(row_ + reach, column_);
      break;
    case Qt::Key_Home:
      moveTo(row_, 0);
      break;
    case Qt::Key_End:
      moveTo(row_, data_.columns - 1);
      break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (row_ >= 0) emit cellActivated(row_, column_);
      break;
    case Qt::Key_T:
      showTable();
      break;
    case Qt::Key_E:
      exportDialog();
      break;
    default:
      QWidget::keyPressEvent(event);
  }
}

void HeatmapView::focusInEvent(QFocusEvent*) {
  if (row_ < 0) moveTo(0, 0);
  update();
}

void HeatmapView::focusOutEvent(QFocusEvent*) { update(); }

QString HeatmapView::csv() const {
  QString out = provenanceHead(title_, provenance_);
  const auto label = [](const QStringList& labels, int i) { return i < labels.size() ? labels[i] : QString::number(i); };
  out += csvCell(data_.row_title + QStringLiteral(" \\ ") + data_.column_title);
  for (int c = 0; c < data_.columns; ++c) out += QLatin1Char(',') + csvCell(label(data_.column_labels, c));
  out += QLatin1Char('\n');
  for (int r = 0; r < data_.rows; ++r) {
    out += csvCell(label(data_.row_labels, r));
    for (int c = 0; c < data_.columns; ++c)
      out += QLatin1Char(',') +
             formatExact(data_.values[static_cast<std::size_t>(r) * static_cast<std::size_t>(data_.columns) + static_cast<std::size_t>(c)]);
    out += QLatin1Char('\n');
  }
  return out;
}

Figure HeatmapView::figure() {
  return {title_.isEmpty() ? tr("Matrix") : title_,
          title_,
          provenance_,
          size(),
          [this](QPainter& p) { paintAll(p, false); },
          [this] { return csv(); }};
}

void HeatmapView::exportDialog() {
  QString failed;
  const QString path = exportFigure(this, figure(), &failed);
  if (!path.isEmpty()) emit exported(path);
  if (!failed.isEmpty()) emit exportFailed(failed);
}

void HeatmapView::contextMenuEvent(QContextMenuEvent* event) {
  if (image_.isNull()) return;
  QMenu menu(this);
  menu.addAction(tr("Data table") + QStringLiteral("\tT"), this, &HeatmapView::showTable);
  menu.addAction(tr("Copy picture"), this, [this] { QGuiApplication::clipboard()->setImage(figurePicture(figure(), 2)); });
  menu.addAction(tr("Export…") + QStringLiteral("\tE"), this, &HeatmapView::exportDialog);
  menu.exec(event->globalPos());
}

void HeatmapView::showTable() { showTableDialog(this, new HeatmapTableModel(data_), accessibleName()); }

}  // namespace dsw
