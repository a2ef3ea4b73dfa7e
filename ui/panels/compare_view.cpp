// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/compare_view.h"

#include <QComboBox>
#include <QHeaderView>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/models/cell_roles.h"
#include "ui/models/comparison.h"
#include "ui/models/number_format.h"
#include "ui/panels/compare_samples.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/scatter_view.h"
#include "ui/widgets/segmented_control.h"

namespace dsw {
namespace {

constexpr int kRowHeight = 24, kHeadHeight = 26, kNameWidth = 118, kCellWidth = 74, kMostCellWidth = 126, kScrollBar = 12;

QTableWidget* makeTable(const QString& name) {
  auto* table = new QTableWidget;
  installTableLook(table);
  table->setAccessibleName(name);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  table->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  return table;
}

/// First column the names, then one column an arm. `marked` cells: settings on accent-soft tone, results semibold.
void fillTable(QTableWidget* table, const QString& head, const std::vector<ComparedArm>& arms, const std::vector<ComparedRow>& rows,
               bool settings) {
  const int columns = static_cast<int>(arms.size()) + 1;
  table->setColumnCount(columns);
  table->setRowCount(static_cast<int>(rows.size()));
  auto* corner = new QTableWidgetItem(head);
  corner->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table->setHorizontalHeaderItem(0, corner);
  for (int c = 1; c < columns; ++c) {
    const ComparedArm& arm = arms[static_cast<std::size_t>(c - 1)];
    auto* item = new QTableWidgetItem((arm.baseline ? QStringLiteral("⌖ ") : QString()) + arm.label);
    item->setToolTip(arm.title + (arm.baseline ? QObject::tr(", the baseline") : QString()));
    item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    table->setHorizontalHeaderItem(c, item);
    if (!table->itemDelegateForColumn(c)) table->setItemDelegateForColumn(c, new NumberDelegate(table));
  }
  for (int r = 0; r < static_cast<int>(rows.size()); ++r) {
    const ComparedRow& row = rows[static_cast<std::size_t>(r)];
    auto* name = new QTableWidgetItem(row.name);
    name->setToolTip(row.name);
    name->setFont(themeFont(FontRole::Number));
    table->setItem(r, 0, name);
    for (int c = 1; c < columns; ++c) {
      auto* item = new QTableWidgetItem(row.cells.value(c - 1));
      item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
      const bool marked = row.differs[static_cast<std::size_t>(c - 1)];
      if (marked && settings) item->setData(ToneRole, static_cast<int>(CellTone::Accent));
      if (marked && !settings) item->setData(EmphasisRole, true);
      table->setItem(r, c, item);
    }
  }
  table->horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
}

/// One width for the values of all arms in all tables, the rest for the names; what does not fit is scrolled to, name column included.
void fitTable(QTableWidget* table, int width) {
  const int arms = table->columnCount() - 1;
  if (arms < 1) return;
  const int cell = std::clamp((width - kNameWidth) / arms, kCellWidth, kMostCellWidth);
  table->setColumnWidth(0, std::max(kNameWidth, width - arms * cell));
  for (int c = 1; c <= arms; ++c) table->setColumnWidth(c, cell);
  const bool scrolls = kNameWidth + arms * cell > width;
  table->setFixedHeight(kHeadHeight + kRowHeight * table->rowCount() + 2 + (scrolls ? kScrollBar : 0));
}

}  // namespace

CompareView::CompareView(Comparison& comparison, CompareScatter::Shown shown, QueryRunner& queries, StoreWatcher& watcher, QWidget* parent)
    : QWidget(parent),
      comparison_(comparison),
      title_(new ThemedLabel({}, FontRole::Strong)),
      note_(new ElidedLabel),
      metric_(new QComboBox),
      axis_(new SegmentedControl({tr("Step"), tr("FLOPs"), tr("Time")})),
      take_(new SegmentedControl({tr("Best"), tr("Last"), tr("At step")})),
      mode_(new SegmentedControl({tr("Curves"), tr("Table"), tr("Scatter"), tr("Samples")})),
      curves_(new CurveView),
      scatter_(new CompareScatter(comparison, std::move(shown))),
      samples_(new CompareSamples(comparison, queries, watcher)),
      pictures_(new QStackedWidget),
      params_title_(new ThemedLabel({}, FontRole::Strong)),
      results_title_(new ThemedLabel({}, FontRole::Strong)),
      params_(makeTable(tr("Settings that differ"))),
      results_(makeTable(tr("Results"))),
      verdict_(new MessageBar),
      split_(new QSplitter(Qt::Horizontal)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(buildHead());
  for (QWidget* page : {static_cast<QWidget*>(curves_), static_cast<QWidget*>(scatter_), static_cast<QWidget*>(samples_)})
    pictures_->addWidget(page);
  side_ = buildTables();
  split_->addWidget(pictures_);
  split_->addWidget(side_);
  split_->setStretchFactor(0, 3);
  split_->setStretchFactor(1, 2);
  split_->setSizes({620, 460});
  split_->setChildrenCollapsible(false);
  column->addWidget(split_, 1);
  curves_->setCrosshairLink(&link_);
  connectAll();
  showMode();
  refresh();
  refreshCurves();
}

QWidget* CompareView::buildHead() {
  auto* head = new QWidget;
  auto* lines = new QVBoxLayout(head);
  lines->setContentsMargins(12, 4, 12, 4);
  lines->setSpacing(4);
  head_line_ = new QHBoxLayout;
  head_line_->setSpacing(8);
  head_line_->addWidget(title_);
  head_line_->addWidget(note_, 1);
  metric_->setAccessibleName(tr("Metric that is compared"));
  metric_->setMinimumWidth(120);
  metric_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  head_line_->addWidget(metric_);
  for (SegmentedControl* control : {mode_, axis_, take_}) {
    control->setCurrent(0);
    head_line_->addWidget(control);
  }
  for (QWidget* part : {static_cast<QWidget*>(metric_), static_cast<QWidget*>(axis_), static_cast<QWidget*>(take_)}) {
    QSizePolicy policy = part->sizePolicy();
    policy.setRetainSizeWhenHidden(true);  // what one points at must not move away when the mode changes
    part->setSizePolicy(policy);
  }
  mode_->setAccessibleName(tr("How the runs are compared"));
  axis_->setAccessibleName(tr("What the x axis shows"));
  take_->setAccessibleName(tr("Which value of a metric counts"));
  report_ = new QPushButton(themeIcon("file-earmark-text"), tr("Report"));
  figure_ = new QPushButton(themeIcon("download"), tr("Export figure"));
  for (QPushButton* button : {report_, figure_}) {
    button->setAccessibleName(button->text());
    button->setToolTip(button->text());
    head_line_->addWidget(button);
  }
  lines->addLayout(head_line_);
  second_ = new QWidget;
  second_line_ = new QHBoxLayout(second_);
  second_line_->setContentsMargins(0, 0, 0, 0);
  second_line_->setSpacing(8);
  second_line_->addStretch(1);
  second_->hide();
  lines->addWidget(second_);
  return head;
}

QScrollArea* CompareView::buildTables() {
  auto* side = new QWidget;
  auto* tables = new QVBoxLayout(side);
  tables->setContentsMargins(0, 6, 0, 6);
  tables->setSpacing(4);
  for (QLabel* title : {params_title_, results_title_}) title->setTextFormat(Qt::RichText);
  params_title_->setContentsMargins(12, 0, 0, 0);
  results_title_->setContentsMargins(12, 8, 0, 0);
  for (QWidget* part : {static_cast<QWidget*>(params_title_), static_cast<QWidget*>(params_), static_cast<QWidget*>(results_title_),
                        static_cast<QWidget*>(results_), static_cast<QWidget*>(verdict_)})
    tables->addWidget(part);
  tables->addStretch(1);
  auto* scroll = new QScrollArea;
  scroll->setWidget(side);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->viewport()->installEventFilter(this);
  return scroll;
}

void CompareView::connectAll() {
  connect(metric_, &QComboBox::textActivated, this, [this](const QString& key) {
    setMetric(key);
    emit metricChosen(key);
  });
  connect(axis_, &SegmentedControl::currentChanged, this, [this](int index) {
    curves_->setAxis(index == 0 ? CurveAxis::Step : index == 1 ? CurveAxis::Flops : CurveAxis::Relative);
  });
  connect(take_, &SegmentedControl::currentChanged, this, [this](int index) {
    comparison_.setTake(index == 0 ? Comparison::Take::Best : index == 1 ? Comparison::Take::Last : Comparison::Take::AtStep);
  });
  connect(mode_, &SegmentedControl::currentChanged, this, &CompareView::showMode);
  connect(report_, &QPushButton::clicked, this, &CompareView::reportRequested);
  connect(figure_, &QPushButton::clicked, this, &CompareView::exportFigure);
  connect(curves_, &CurveView::pointActivated, this, &CompareView::runActivated);
  connect(scatter_, &CompareScatter::runActivated, this, [this](const QString& run) { emit runActivated(run, kNaN); });
  connect(samples_, &CompareSamples::runActivated, this, &CompareView::runActivated);
  connect(&comparison_, &Comparison::changed, this, &CompareView::refresh);
  connect(&Theme::current(), &Theme::changed, this, &CompareView::refresh);
  connect(&comparison_, &Comparison::curvesChanged, this, &CompareView::refreshCurves);
  // The tables follow the crosshair, a little later: they are rebuilt as a whole.
  step_timer_.setSingleShot(true);
  step_timer_.setInterval(60);
  connect(&link_, &CrosshairLink::changed, this, [this] {
    if (comparison_.take() == Comparison::Take::AtStep && std::isfinite(link_.step()) && !step_timer_.isActive()) step_timer_.start();
  });
  connect(&step_timer_, &QTimer::timeout, this, [this] {
    if (std::isfinite(link_.step())) comparison_.setStep(std::floor(link_.step()));
  });
}

void CompareView::setMetric(const QString& key) { comparison_.setMetric(key); }

QWidget* CompareView::pictures() const { return pictures_; }

CompareView::Mode CompareView::mode() const { return static_cast<Mode>(mode_->current()); }

void CompareView::setMode(Mode mode) { mode_->setCurrent(mode); }

QWidget* CompareView::mainFocus() const {
  if (mode() == Scatter) return scatter_->view();
  return mode() == Curves ? static_cast<QWidget*>(curves_) : mode_;
}

void CompareView::exportFigure() {
  if (mode() == Scatter)
    scatter_->view()->exportDialog();
  else
    curves_->exportDialog();
}

void CompareView::showMode() {
  const Mode now = mode();
  pictures_->setVisible(now != Table);
  pictures_->setCurrentIndex(now == Scatter ? 1 : now == Samples ? 2 : 0);
  side_->setVisible(now == Curves || now == Table);
  axis_->setVisible(now == Curves);
  metric_->setVisible(now == Curves || now == Table);
  take_->setVisible(now != Samples);
  take_->setOptionEnabled(2, now != Scatter, tr("Points show the best or the last value of a run."));
  figure_->setEnabled(now == Curves || now == Scatter);
  figure_->setToolTip(figure_->isEnabled() ? tr("Export as SVG, PNG or CSV")
                                           : tr("Curves and scatter are figures; Report writes the tables."));
  fitHead();
}

bool CompareView::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Resize) fitTables(static_cast<QResizeEvent*>(event)->size().width());
  return QWidget::eventFilter(watched, event);
}

void CompareView::fitTables(int width) {
  for (QTableWidget* table : {params_, results_}) fitTable(table, width);
  // In a scroll area nothing asks for the height of the wrapped text.
  if (verdict_->hasMessage()) verdict_->setMinimumHeight(verdict_->heightForWidth(width));
}

void CompareView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fitHead();
}

void CompareView::fitHead() {
  // Where the line is too short, buttons drop their text first, then the choices move to a second line.
  constexpr int kMinNote = 40;
  report_->setText(tr("Report"));
  figure_->setText(tr("Export figure"));
  const auto need = [this](std::initializer_list<QWidget*> widgets) {
    int sum = 24;
    for (const QWidget* widget : widgets) sum += std::max(widget->sizeHint().width(), widget->minimumWidth()) + 8;
    return sum;
  };
  const int buttons = need({report_, figure_}) - 24, choices = need({axis_, take_}) - 24;
  const int rest = need({title_, metric_, mode_}) + kMinNote;
  const bool text = rest + choices + buttons <= width();
  const bool two = rest + choices + 2 * 36 > width();
  if (!text && !(two && rest + buttons <= width())) {
    report_->setText({});
    figure_->setText({});
  }
  QHBoxLayout* wanted = two ? second_line_ : head_line_;
  if (wanted->indexOf(axis_) < 0) {
    (two ? head_line_ : second_line_)->removeWidget(axis_);
    (two ? head_line_ : second_line_)->removeWidget(take_);
    const int at = two ? 1 : head_line_->indexOf(report_);
    wanted->insertWidget(at, axis_);
    wanted->insertWidget(at + 1, take_);
  }
  second_->setVisible(two && mode() != Samples);
}

void CompareView::refresh() {
  const auto& arms = comparison_.arms();
  int runs = 0;
  bool costs = false;
  for (const ComparedArm& arm : arms) {
    runs += static_cast<int>(arm.runs.size());
    costs = costs || (arm.params && arm.params->step_flops > 0);
  }
  title_->setText(tr("Compare %1").arg(runs));
  curves_->setEmpty(runs < 2 ? tr("Mark two or more runs in the table (Space) to see them over one another.")
                             : tr("None of these runs has told a point yet."));
  QString note;
  if (!arms.empty() && arms.front().baseline)
    note = tr("differences to baseline %1").arg(arms.front().label);
  else if (arms.size() > 1)
    note = tr("differences to %1; P pins a baseline").arg(arms.front().label);
  note_->setText(note);
  axis_->setOptionEnabled(1, costs, tr("It is not known what these runs cost."));
  const QStringList keys = comparison_.metricKeys();
  QStringList shown;
  for (int i = 0; i < metric_->count(); ++i) shown << metric_->itemText(i);
  if (shown != keys) {
    metric_->clear();
    metric_->addItems(keys);
  }
  metric_->setCurrentText(comparison_.metric());
  int total = 0;
  const auto params = comparison_.differingParams(&total);
  const auto titled = [](const QString& title, const QString& text) {
    return QStringLiteral("%1 &nbsp;<span style=\"font-weight:400; color:%2\">%3</span>").arg(title, themeColor(Token::Text2).name(), text);
  };
  params_title_->setText(titled(tr("Settings that differ"), tr("%1 of %2").arg(params.size()).arg(total)));
  const bool at_step = comparison_.take() == Comparison::Take::AtStep;
  results_title_->setText(titled(tr("Results"), comparison_.take() == Comparison::Take::Best ? tr("best, at any step")
                                                : !at_step                                   ? tr("last")
                                                : std::isnan(comparison_.step())
                                                    ? tr("last; point at a step in the curves")
                                                    : tr("at step %1").arg(formatCountExact(std::llround(comparison_.step())))));
  fillTable(params_, tr("Setting"), arms, params, true);
  fillTable(results_, tr("Metric"), arms, comparison_.results(), false);
  const QString verdict = at_step ? QString() : comparison_.verdict();
  if (verdict.isEmpty())
    verdict_->clear();
  else if (verdict != verdict_->message().trimmed())
    verdict_->showMessage(MessageLevel::Info, {}, verdict, {}, false);
  fitTables(side_->viewport()->width());
  scatter_->refresh();
  samples_->refresh();
  fitHead();
}

void CompareView::refreshCurves() {
  CurveData curves;
  bool bands = false;
  for (const ComparedArm& arm : comparison_.arms()) {
    CurveSeries series;
    series.id = QString::fromStdString(arm.runs.front()->id);
    series.name = arm.label;
    series.style = arm.series;
    series.step = arm.step;
    series.value = arm.value;
    series.time = arm.time;
    if (arm.start > 0 || arm.runs.size() > 1) series.start_time = arm.start;
    if (arm.params) series.step_flops = arm.params->step_flops;
    series.low = arm.low;
    series.high = arm.high;
    bands = bands || !arm.low.empty();
    curves.series.push_back(std::move(series));
  }
  if (bands) curves.band_caption = tr("band: min to max over seeds");
  curves_->setTitle(comparison_.metric());
  curves_->setQuantity(comparison_.metric());
  Provenance from;
  QStringList runs;
  for (const ComparedArm& arm : comparison_.arms())
    for (const RunPtr& run : arm.runs) runs << QString::fromStdString(run->short_name);
  from["run"] = runs.join(", ");
  from["metric"] = comparison_.metric();
  curves_->setProvenance(from);
  curves_->setData(std::move(curves));
}

}  // namespace dsw
