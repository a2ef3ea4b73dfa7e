// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/train_body.h"

#include <QDialog>
#include <QScrollArea>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

#include "engine/workspace.h"
#include "ui/models/app_settings.h"
#include "ui/models/command_registry.h"
#include "ui/models/metric_table_model.h"
#include "ui/models/number_format.h"
#include "ui/models/run_data.h"
#include "ui/models/selection.h"
#include "ui/panels/metric_table.h"
#include "ui/panels/run_charts.h"
#include "ui/panels/run_progress_line.h"
#include "ui/panels/run_samples.h"
#include "ui/widgets/shell/panel_context.h"

namespace dsw {
namespace {

constexpr int kLeastHalf = 160;  // px of what stands under the charts

/// The metric that the first line names: what the run is judged by.
const std::string* headMetric(const RunRow& row) {
  // A language model has a perplexity and is judged by its loss; a classifier by its accuracy.
  const bool language = row.metrics.count("val/perplexity") || row.metrics.count("test/perplexity");
  static const std::vector<std::string> kLanguage = {"test/loss", "val/loss", "train/loss"},
                                        kClasses = {"test/accuracy", "val/accuracy", "train/accuracy", "val/loss", "train/loss"};
  const std::vector<std::string>& wanted = language ? kLanguage : kClasses;
  for (const std::string& key : wanted)
    if (row.metrics.count(key)) return &key;
  return nullptr;
}

}  // namespace

TrainBody::TrainBody(PanelContext& context, RunData& run, QWidget* parent)
    : RunBody(parent),
      context_(context),
      run_(run),
      metric_model_(new MetricTableModel(this)),
      line_(new RunProgressLine(context.settings.value("run/axis", 0).toInt(), context.settings.value("run/smoothing", 0.6).toDouble(),
                                this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(line_);

  // Each is made with the parent that it keeps: a tree that moves is polished again as a whole.
  auto* split = new QSplitter(Qt::Vertical, this);
  auto* scroll = new QScrollArea(split);
  charts_ = new RunCharts(run_, context_.workspace.catalog(), scroll->viewport());
  scroll->setWidget(charts_);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setFocusPolicy(Qt::NoFocus);

  QWidget* bottom = buildBottom(split);
  split->addWidget(scroll);
  split->addWidget(bottom);
  split->setStretchFactor(0, 3);
  split->setStretchFactor(1, 1);
  split->setSizes({400, 230});
  split->setChildrenCollapsible(false);
  column->addWidget(split, 1);

  connect(line_, &RunProgressLine::axisChanged, this, [this](int index) {
    charts_->setAxis(static_cast<CurveAxis>(index));
    context_.settings.setValue("run/axis", index);
  });
  connect(line_, &RunProgressLine::smoothingChanged, this, [this](double factor) {
    charts_->setSmoothing(factor);
    context_.settings.setValue("run/smoothing", factor);
  });
  connect(line_, &RunProgressLine::outliersToggled, charts_, &RunCharts::setOutliers);
  connect(charts_, &RunCharts::stepPinned, this, [this](double step) {
    emit placeChanged(QStringLiteral("step:%1").arg(std::llround(step)));
    context_.selection.setStep(std::llround(step));
  });
  connect(charts_, &RunCharts::chartActivated, this, &TrainBody::showChartAlone);
  charts_->setAxis(static_cast<CurveAxis>(line_->axis()));
  charts_->setSmoothing(line_->smoothing());
}

QWidget* TrainBody::buildBottom(QWidget* parent) {
  auto* bottom = new QSplitter(Qt::Horizontal, parent);
  auto* metrics = new MetricTable(*metric_model_, bottom);
  metrics_ = metrics->table();
  metrics_->addActions(context_.commands.actions(CommandContext::Table));
  connect(metrics_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& now) {
    if (now.isValid()) context_.selection.setMetric(QString::fromStdString(metric_model_->key(now.row())));
  });
  connect(metrics_, &QTableView::doubleClicked, this,
          [this](const QModelIndex& index) { charts_->showMetric(metric_model_->key(index.row())); });

  samples_ = new RunSamples(run_, bottom);
  bottom->addWidget(metrics);
  bottom->addWidget(samples_);
  metrics->setMinimumWidth(kLeastHalf);
  samples_->setMinimumWidth(kLeastHalf);
  bottom->setSizes({460, 460});
  bottom->setChildrenCollapsible(false);
  return bottom;
}

void TrainBody::refreshRow() {
  const RunRow& row = run_.row();
  const QString status = QString::fromLatin1(run_status_name(row.status));
  line_->showStep(row.total_steps > 0 ? tr("Step %1 / %2").arg(formatCountExact(row.step), formatCountExact(row.total_steps))
                                      : tr("Step %1").arg(formatCountExact(row.step)),
                  row.total_steps > 0 ? static_cast<double>(row.step) / static_cast<double>(row.total_steps) : 0, stateLook(status).color);
  const bool running = row.status == RunStatus::Running;
  line_->showLeft(running && row.seconds_left > 0 ? tr("%1 left").arg(formatRemaining(row.seconds_left))
                  : run_.isActive()               ? QString()
                                                  : stateLook(status).word);
  const std::string* key = headMetric(row);
  line_->showBest(key ? tr("%1 %2").arg(QString::fromStdString(*key), formatMetric(*key, row.metrics.at(*key).best)) : QString());
  line_->setHasEpochs(charts_->hasEpochs());
  metric_model_->setRow(row);
}

void TrainBody::showPlace(const QString& place) {
  if (place.startsWith(QLatin1String("step:")))
    charts_->pinStep(place.mid(5).toDouble());
  else if (place.startsWith(QLatin1String("metric:")))
    charts_->showMetric(place.mid(7).toStdString());
  else if (place == QLatin1String("sample"))
    samples_->setFocus();
}

QWidget* TrainBody::mainFocus() const {
  const auto charts = charts_->charts();
  return charts.empty() ? static_cast<QWidget*>(metrics_) : charts.front();
}

bool TrainBody::hasFocusedFigure() const { return charts_->focusedChart() != nullptr; }

void TrainBody::exportFigure() {
  if (CurveView* chart = charts_->focusedChart()) return chart->exportDialog();
  const auto charts = charts_->charts();
  if (!charts.empty()) charts.front()->exportDialog();
}

QVector<PaletteEntry> TrainBody::paletteEntries() const {
  QVector<PaletteEntry> out;
  for (const auto& [key, columns] : run_.metrics()) {
    PaletteEntry entry;
    entry.id = "metric:" + QString::fromStdString(key);
    entry.text = QString::fromStdString(key);
    entry.detail = columns.value.empty() ? QString() : formatMetric(key, columns.value.back());
    out.push_back(entry);
  }
  return out;
}

void TrainBody::showChartAlone(CurveView* view) {
  // A second view of the same data in a large dialog; the grid stays as it is.
  auto* dialog = new QDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(view->title());
  auto* column = new QVBoxLayout(dialog);
  column->setContentsMargins(0, 0, 0, 0);
  auto* large = new CurveView;
  large->setTitle(view->title());
  large->setQuantity(view->data().series.empty() ? view->title() : view->data().series.front().id);
  large->setAxis(view->axis());
  large->setSmoothing(view->smoothing());
  large->setOutliers(view->outliers());
  large->setLogX(view->logX());
  large->setLogY(view->logY());
  large->setProvenance(view->provenance());
  large->setData(view->data());
  column->addWidget(large);
  connect(&run_, &RunData::metricsGrew, large, [view = QPointer<CurveView>(view), large] {
    if (view) large->setData(view->data());
  });
  dialog->resize(window()->size() * 0.9);
  dialog->open();
  large->setFocus();
}

}  // namespace dsw
