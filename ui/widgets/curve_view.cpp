// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/curve_view.h"

#include "ui/models/command_registry.h"
#include "ui/models/number_format.h"
#include "ui/widgets/curve/curve_plot.h"
#include "ui/widgets/curve/curve_table.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/legend_row.h"
#include "ui/widgets/message_bar.h"

namespace dsw {

void CrosshairLink::set(double step, bool pinned) {
  const bool same = (std::isnan(step) && std::isnan(step_)) || step == step_;
  if (same && pinned == pinned_) return;
  step_ = step;
  pinned_ = pinned;
  emit changed();
}

CurveView::CurveView(QWidget* parent)
    : QWidget(parent), plot_(new CurvePlot(this)), header_(new QWidget(this)), message_(new MessageBar(this)) {
  setProperty(kCommandContext, static_cast<int>(CommandContext::Chart));
  setProperty(kCommandKeys, QVariant::fromValue<QObject*>(plot_));
  setFocusProxy(plot_);  // it shows that it has the focus
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* row = new QHBoxLayout(header_);
  row->setContentsMargins(12, 0, 8, 0);
  row->setSpacing(8);
  header_->setFixedHeight(30);
  title_label_ = new ElidedLabel({}, header_);
  title_label_->setFont(themeFont(FontRole::Strong));
  subtitle_label_ = new ElidedLabel({}, header_);
  subtitle_label_->setFont(themeFont(FontRole::Hint));
  legend_ = new LegendRow(header_);
  log_button_ = new QToolButton(header_);
  log_button_->setText(tr("log y"));
  log_button_->setCheckable(true);
  log_button_->setFont(themeFont(FontRole::Hint));
  log_button_->setFixedHeight(22);
  log_button_->setToolTip(tr("Logarithmic y axis (Y)"));
  const auto iconButton = [&](const QString& icon, const QString& tip) {
    auto* button = new QToolButton(header_);
    button->setIcon(themeIcon(icon));
    button->setIconSize({14, 14});
    button->setFixedSize(24, 24);
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    button->setFocusPolicy(Qt::TabFocus);
    return button;
  };
  full_button_ = iconButton(QStringLiteral("fullscreen"), tr("Full screen"));
  auto* save = iconButton(QStringLiteral("download"), tr("Export as SVG, PNG or CSV (E)"));
  row->addWidget(title_label_, 0);
  row->addWidget(subtitle_label_, 0);
  row->addWidget(legend_, 1);
  caption_label_ = new ElidedLabel({}, header_, Token::Text3);
  caption_label_->setFont(themeFont(FontRole::Hint));
  caption_label_->hide();
  const auto linkButton = [&](const QString& text, const QString& tip) {
    auto* button = new QToolButton(header_);
    button->setProperty("link", true);
    button->setFont(themeFont(FontRole::Hint));
    button->setText(text);
    button->setToolTip(tip);
    button->setFocusPolicy(Qt::TabFocus);
    button->hide();
    return button;
  };
  follow_button_ = linkButton(tr("Follow"), tr("Keep the newest point in view (F)"));
  fit_button_ = linkButton(tr("Fit"), tr("Show everything (0)"));
  row->addWidget(caption_label_);
  row->addWidget(follow_button_);
  row->addWidget(fit_button_);
  row->addWidget(log_button_);
  row->addWidget(full_button_);
  row->addWidget(save);
  empty_button_ = new QPushButton(plot_);
  empty_button_->hide();
  column->addWidget(header_);
  column->addWidget(message_);
  column->addWidget(plot_, 1);

  connect(log_button_, &QToolButton::clicked, this, [this](bool on) { setLogY(on); });
  connect(save, &QToolButton::clicked, this, &CurveView::exportDialog);
  connect(full_button_, &QToolButton::clicked, this, [this] {
    if (isSignalConnected(QMetaMethod::fromSignal(&CurveView::fullScreenRequested)))
      emit fullScreenRequested();
    else
      openFullScreen();
  });
  connect(empty_button_, &QPushButton::clicked, this, &CurveView::emptyAction);
  connect(legend_, &LegendRow::toggled, this, [this](const QString& id) {
    const int i = plot_->store().indexOf(id);
    if (i >= 0) setSeriesVisible(id, !plot_->store().series(i).visible);
  });
  connect(legend_, &LegendRow::isolated, this, &CurveView::isolate);
  connect(legend_, &LegendRow::hovered, plot_, &CurvePlot::setHighlighted);
  connect(plot_, &CurvePlot::keyCommand, this, &CurveView::onKey);
  connect(plot_, &CurvePlot::rangeChanged, this, [this] {
    refreshZoom();
    emit rangeChanged();
  });
  connect(fit_button_, &QToolButton::clicked, this, &CurveView::fit);
  connect(follow_button_, &QToolButton::clicked, this, [this] { setFollow(true); });
  connect(&Theme::current(), &Theme::changed, this, &CurveView::refreshLegend);
  refreshLegend();
}

CurveView::~CurveView() = default;

void CurveView::setTitle(const QString& title, const QString& subtitle) {
  title_ = title;
  title_label_->setText(title);
  subtitle_label_->setText(subtitle);
  subtitle_label_->setVisible(!subtitle.isEmpty());
  refreshAccessible();
}

void CurveView::setQuantity(const QString& quantity) {
  quantity_ = quantity;
  refreshAccessible();
}

void CurveView::setData(CurveData data) {
  const bool first = !plot_->store().hasPoints();
  plot_->store().setData(std::move(data));
  plot_->setLoading(false);
  if (first)
    plot_->viewChanged();  // the first picture does not wait
  else
    plot_->dataChanged();
  refreshLegend();
  refreshEmpty();
  refreshAccessible();
}

void CurveView::append(const QString& series_id, const std::vector<double>& step, const std::vector<double>& value,
                       const std::vector<double>& epoch, const std::vector<double>& time) {
  const bool first = !plot_->store().hasPoints();
  plot_->store().append(series_id, step, value, epoch, time);
  plot_->dataChanged();
  if (first) refreshEmpty();
  refreshAccessible();
}

const CurveData& CurveView::data() const { return plot_->store().data(); }

void CurveView::setEmpty(const QString& sentence, const QString& action_text) {
  plot_->setEmptyText(sentence);
  empty_button_->setText(action_text);
  refreshEmpty();
}

void CurveView::refreshEmpty() {
  const bool show = !plot_->store().hasPoints() && !empty_button_->text().isEmpty();
  empty_button_->setVisible(show);
  if (show) {
    empty_button_->adjustSize();
    empty_button_->move((plot_->width() - empty_button_->width()) / 2, plot_->height() / 2 + 10);
  }
}

void CurveView::fitHeader() {
  // The caption gives way to the legend: it is the same in every picture of its kind, and exports keep it.
  int need = 20 + 5 * 8 + 2 * 24;  // margins, gaps, the two icons
  for (const QWidget* part : {static_cast<const QWidget*>(title_label_), static_cast<const QWidget*>(legend_),
                              static_cast<const QWidget*>(caption_label_), static_cast<const QWidget*>(log_button_)})
    need += part->sizeHint().width();
  for (const QWidget* part : {follow_button_, fit_button_})
    if (!part->isHidden()) need += part->sizeHint().width() + 8;
  caption_label_->setVisible(!data().band_caption.isEmpty() && data().band_caption != subtitle_label_->text() && need <= width());
  caption_label_->parentWidget()->setToolTip(caption_label_->isHidden() ? data().band_caption : QString());
}

void CurveView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fitHeader();
  layout()->activate();
  refreshEmpty();
}

void CurveView::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface2));
}

void CurveView::setLoading(bool on) { plot_->setLoading(on); }

void CurveView::setError(const QString& head, const QString& text) {
  if (head.isEmpty())
    message_->clear();
  else
    message_->showMessage(MessageLevel::Error, head, text);
  plot_->setDimmed(!head.isEmpty());
}

void CurveView::setAxis(CurveAxis axis) {
  plot_->store().setAxis(axis);
  plot_->fit();
  refreshAccessible();
}
CurveAxis CurveView::axis() const { return plot_->store().axis(); }

void CurveView::setLogX(bool on) {
  plot_->setLog(on, plot_->logY());
  emit logXChanged(on);
}
void CurveView::setLogY(bool on) {
  plot_->setLog(plot_->logX(), on);
  log_button_->setChecked(on);
  emit logYChanged(on);
}
bool CurveView::logX() const { return plot_->logX(); }
bool CurveView::logY() const { return plot_->logY(); }

void CurveView::setSmoothing(double factor) {
  plot_->store().setSmoothing(factor);
  plot_->viewChanged();
}
double CurveView::smoothing() const { return plot_->store().smoothing(); }

void CurveView::setOutliers(bool on) { plot_->setOutliers(on); }
bool CurveView::outliers() const { return plot_->outliers(); }
void CurveView::setCrosshairLink(CrosshairLink* link) { plot_->setLink(link); }

void CurveView::align(const QVector<CurveView*>& views) {
  int left = 0;
  for (const CurveView* view : views) left = std::max(left, view->plot_->neededLeft());
  for (CurveView* view : views) view->plot_->setLeftMargin(left);
}

void CurveView::fit() { plot_->fit(); }
void CurveView::setFollow(bool on) { plot_->setFollow(on); }

void CurveView::refreshZoom() {
  fit_button_->setVisible(plot_->isZoomed());
  follow_button_->setVisible(plot_->isZoomed() && !plot_->follow());
  fitHeader();
}

bool CurveView::follow() const { return plot_->follow(); }
void CurveView::setXRange(double from, double to) { plot_->setXRange(from, to); }
QPair<double, double> CurveView::xRange() const { return {plot_->window().x0, plot_->window().x1}; }
QPair<double, double> CurveView::yRange() const { return {plot_->window().y0, plot_->window().y1}; }

void CurveView::setSeriesVisible(const QString& id, bool visible) {
  plot_->store().setVisible(id, visible);
  plot_->viewChanged();
  refreshLegend();
  emit visibilityChanged();
}

void CurveView::isolate(const QString& id) {
  CurveStore& store = plot_->store();
  bool alone = true;
  for (int i = 0; i < store.count(); ++i) alone = alone && store.series(i).visible == (store.series(i).id == id);
  for (int i = 0; i < store.count(); ++i) store.setVisible(store.series(i).id, alone || store.series(i).id == id);
  plot_->viewChanged();
  refreshLegend();
  emit visibilityChanged();
}

void CurveView::setHeaderVisible(bool on) { header_->setVisible(on); }

QVector<LegendItem> CurveView::legendItems(const ThemeColors& colors) const {
  QVector<LegendItem> items;
  const CurveStore& store = plot_->store();
  for (int i = 0; i < store.count(); ++i) {
    const CurveSeries& s = store.series(i);
    SeriesStyle style = colors.series(s.style);
    if (s.dash) style.dash_px = *s.dash;
    if (s.planned) style.color.setAlphaF(0.6F);
    items << LegendItem{s.id, s.name, style, s.line, !s.line, s.visible};
  }
  return items;
}

void CurveView::refreshLegend() {
  legend_->setItems(legendItems(Theme::current().colors()));
  caption_label_->setText(data().band_caption);
  fitHeader();
  title_label_->setFont(themeFont(FontRole::Strong));
}

void CurveView::refreshAccessible() {
  const CurveStore& store = plot_->store();
  QStringList words;
  words << (quantity_.isEmpty() || quantity_ == title_ ? title_ : QStringLiteral("%1, %2").arg(title_, quantity_));
  const CurveStore::Span span = store.xSpan();
  if (span.valid()) words << tr("%1 to %2").arg(axisPositionText(store.axis(), span.low), axisPositionText(store.axis(), span.high));
  for (int i = 0; i < store.count(); ++i) {
    const CurveSeries& s = store.series(i);
    if (!s.value.empty()) words << tr("%1 last %2").arg(s.name, formatFixed(s.value.back(), s.decimals));
  }
  if (words.size() == 1) words << tr("no points yet");
  plot_->setAccessibleName(tr("Chart %1").arg(title_));
  plot_->setAccessibleDescription(words.join(QStringLiteral("; ")));
  setAccessibleName(plot_->accessibleName());
}

void CurveView::onKey(int key) {
  switch (key) {
    case Qt::Key_X:
      setLogX(!logX());
      break;
    case Qt::Key_Y:
      setLogY(!logY());
      break;
    case Qt::Key_M:
      // M switches between none and the last factor; the owner may show it in its field.
      if (smoothing() > 0) last_smoothing_ = smoothing();
      setSmoothing(smoothing() > 0 ? 0 : last_smoothing_);
      emit smoothingChanged(smoothing());
      break;
    case Qt::Key_H:
      setSeriesVisible(plot_->cursorSeries(), false);
      break;
    case Qt::Key_T:
      showTable();
      break;
    case Qt::Key_E:
      exportDialog();
      break;
    case Qt::Key_F4:
      emit pointActivated(plot_->cursorSeries(), plot_->crosshairStep());
      break;
    default:
      break;
  }
}

void CurveView::showTable() { showTableDialog(this, new CurveTableModel(data()), title_); }

void CurveView::openFullScreen() {
  auto* dialog = new QDialog(window());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(title_);
  dialog->setObjectName(QStringLiteral("fullScreenChart"));
  auto* copy = new CurveView(dialog);
  auto* column = new QVBoxLayout(dialog);
  column->setContentsMargins(0, 8, 0, 0);
  column->addWidget(copy);
  copy->setTitle(title_, subtitle_label_->text());
  copy->setQuantity(quantity_);
  copy->setProvenance(provenance_);
  copy->plot_->store().setAxis(axis());
  copy->setSmoothing(smoothing());
  copy->setData(data());
  copy->setLogX(logX());
  copy->setLogY(logY());
  copy->setOutliers(outliers());
  copy->full_button_->hide();
  dialog->setWindowState(Qt::WindowFullScreen);
  dialog->show();
  copy->plot_->setFocus();
}

void CurveView::contextMenuEvent(QContextMenuEvent* event) {
  QMenu menu(this);
  const auto add = [&](const QString& text, const QString& key, auto run) {
    QAction* action = menu.addAction(text + QLatin1Char('\t') + key);
    connect(action, &QAction::triggered, this, run);
    return action;
  };
  add(tr("Fit"), QStringLiteral("0"), [this] { fit(); });
  QAction* follow_action = add(tr("Follow the newest point"), QStringLiteral("F"), [this] { setFollow(!follow()); });
  follow_action->setCheckable(true);
  follow_action->setChecked(follow());
  QAction* log_x = add(tr("Logarithmic x"), QStringLiteral("X"), [this] { setLogX(!logX()); });
  log_x->setCheckable(true);
  log_x->setChecked(logX());
  QAction* log_y = add(tr("Logarithmic y"), QStringLiteral("Y"), [this] { setLogY(!logY()); });
  log_y->setCheckable(true);
  log_y->setChecked(logY());
  QAction* outlier_action = add(tr("Show outliers"), QString(), [this] { setOutliers(!outliers()); });
  outlier_action->setCheckable(true);
  outlier_action->setChecked(outliers());
  menu.addSeparator();
  if (std::isfinite(plot_->crosshairStep()))
    add(tr("Go to source of %1").arg(axisPositionText(CurveAxis::Step, plot_->crosshairStep())), QStringLiteral("F4"),
        [this] { onKey(Qt::Key_F4); });
  add(tr("Data table"), QStringLiteral("T"), [this] { showTable(); });
  add(tr("Copy picture"), QString(), [this] { QGuiApplication::clipboard()->setImage(picture(2, true)); });
  add(tr("Export…"), QStringLiteral("E"), [this] { exportDialog(); });
  menu.exec(event->globalPos());
}

}  // namespace dsw
