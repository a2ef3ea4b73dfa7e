// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/compare_view.h"

#include <QComboBox>
#include <QHeaderView>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/models/cell_roles.h"
#include "ui/models/comparison.h"
#include "ui/widgets/curve_view.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/segmented_control.h"

namespace dsw {
namespace {

constexpr int kRowHeight = 24, kHeadHeight = 26, kNameWidth = 150, kCellWidth = 92;

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
  table->setColumnWidth(0, kNameWidth);
  for (int c = 1; c < columns; ++c) table->setColumnWidth(c, kCellWidth);
  table->setFixedHeight(kHeadHeight + kRowHeight * static_cast<int>(rows.size()) + 2 + (columns > 4 ? 12 : 0));
}

}  // namespace

CompareView::CompareView(Comparison& comparison, QWidget* parent)
    : QWidget(parent),
      comparison_(comparison),
      title_(new ThemedLabel({}, FontRole::Strong)),
      note_(new ElidedLabel),
      metric_(new QComboBox),
      axis_(new SegmentedControl({tr("Step"), tr("Time")})),
      take_(new SegmentedControl({tr("Best"), tr("Last")})),
      mode_(new SegmentedControl({tr("Curves"), tr("Table")})),
      curves_(new CurveView),
      params_title_(new ThemedLabel({}, FontRole::Strong)),
      params_(makeTable(tr("Settings that differ"))),
      results_(makeTable(tr("Results"))),
      verdict_(new MessageBar),
      split_(new QSplitter(Qt::Horizontal)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QWidget;
  head->setFixedHeight(34);
  auto* line = new QHBoxLayout(head);
  line->setContentsMargins(12, 0, 12, 0);
  line->setSpacing(8);
  line->addWidget(title_);
  line->addWidget(note_, 1);
  metric_->setAccessibleName(tr("Metric that is compared"));
  metric_->setMinimumWidth(130);
  line->addWidget(metric_);
  for (SegmentedControl* control : {mode_, axis_, take_}) {
    control->setCurrent(0);
    line->addWidget(control);
  }
  axis_->setAccessibleName(tr("What the x axis shows"));
  take_->setAccessibleName(tr("Which value of a metric counts"));
  auto* report = new QPushButton(themeIcon("file-earmark-text"), tr("Report"));
  auto* figure = new QPushButton(themeIcon("download"), tr("Export figure"));
  line->addWidget(report);
  line->addWidget(figure);
  column->addWidget(head);

  auto* side = new QWidget;
  auto* tables = new QVBoxLayout(side);
  tables->setContentsMargins(0, 6, 0, 6);
  tables->setSpacing(4);
  params_title_->setContentsMargins(12, 0, 0, 0);
  auto* results_title = new ThemedLabel(tr("Results"), FontRole::Strong);
  results_title->setContentsMargins(12, 8, 0, 0);
  tables->addWidget(params_title_);
  tables->addWidget(params_);
  tables->addWidget(results_title);
  tables->addWidget(results_);
  tables->addWidget(verdict_);
  tables->addStretch(1);
  auto* scroll = new QScrollArea;
  scroll->setWidget(side);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  split_->addWidget(curves_);
  split_->addWidget(scroll);
  split_->setStretchFactor(0, 3);
  split_->setStretchFactor(1, 2);
  split_->setSizes({620, 460});
  split_->setChildrenCollapsible(false);
  column->addWidget(split_, 1);
  curves_->setEmpty(tr("Mark two or more runs in the table (Space) to see them over one another."));

  connect(metric_, &QComboBox::textActivated, this, [this](const QString& key) {
    setMetric(key);
    emit metricChosen(key);
  });
  connect(axis_, &SegmentedControl::currentChanged, this,
          [this](int index) { curves_->setAxis(index == 0 ? CurveAxis::Step : CurveAxis::Relative); });
  connect(take_, &SegmentedControl::currentChanged, this,
          [this](int index) { comparison_.setTake(index == 0 ? Comparison::Take::Best : Comparison::Take::Last); });
  connect(mode_, &SegmentedControl::currentChanged, this, [this](int index) { curves_->setVisible(index == 0); });
  connect(report, &QPushButton::clicked, this, &CompareView::reportRequested);
  connect(figure, &QPushButton::clicked, curves_, &CurveView::exportDialog);
  connect(curves_, &CurveView::pointActivated, this, &CompareView::runActivated);
  connect(&comparison_, &Comparison::changed, this, &CompareView::refresh);
  connect(&comparison_, &Comparison::curvesChanged, this, &CompareView::refreshCurves);
  refresh();
  refreshCurves();
}

void CompareView::setMetric(const QString& key) { comparison_.setMetric(key); }

void CompareView::refresh() {
  const auto& arms = comparison_.arms();
  int runs = 0;
  for (const ComparedArm& arm : arms) runs += static_cast<int>(arm.runs.size());
  title_->setText(tr("Compare %1").arg(runs));
  QString note;
  if (!arms.empty() && arms.front().baseline)
    note = tr("differences to baseline %1").arg(arms.front().label);
  else if (arms.size() > 1)
    note = tr("differences to %1; P pins a baseline").arg(arms.front().label);
  static_cast<ElidedLabel*>(note_)->setText(note);
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
  params_title_->setText(tr("Settings that differ   %1 of %2").arg(params.size()).arg(total));
  fillTable(params_, tr("Setting"), arms, params, true);
  fillTable(results_, tr("Metric"), arms, comparison_.results(), false);
  const QString verdict = comparison_.verdict();
  if (verdict.isEmpty())
    verdict_->clear();
  else if (verdict != verdict_->message().trimmed())
    verdict_->showMessage(MessageLevel::Info, {}, verdict, {}, false);
  // In a scroll area nothing asks for the height of the wrapped text.
  if (verdict_->hasMessage()) verdict_->setMinimumHeight(verdict_->heightForWidth(std::max(280, verdict_->width())));
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
