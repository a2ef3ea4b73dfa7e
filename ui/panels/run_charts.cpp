// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/run_charts.h"

#include <QGridLayout>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ui/models/metric_table_model.h"
#include "ui/models/number_format.h"
#include "ui/models/planned_rate.h"
#include "ui/models/run_data.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

constexpr int kMinChartWidth = 440, kChartHeight = 190, kFlatHeight = 130;

std::string splitOf(const std::string& key) { return key.substr(0, key.find('/')); }
std::string nameOf(const std::string& key) { return key.substr(key.find('/') + 1); }

QString chartTitle(const std::string& id) {
  static const std::vector<std::pair<std::string, const char*>> kTitles = {
      {"loss", QT_TRANSLATE_NOOP("RunCharts", "Loss")},
      {"accuracy", QT_TRANSLATE_NOOP("RunCharts", "Accuracy")},
      {"error", QT_TRANSLATE_NOOP("RunCharts", "Error")},
      {"perplexity", QT_TRANSLATE_NOOP("RunCharts", "Perplexity")},
      {"bits-per-char", QT_TRANSLATE_NOOP("RunCharts", "Bits per character")},
      {"grad-norm", QT_TRANSLATE_NOOP("RunCharts", "Gradient norm")},
      {"throughput", QT_TRANSLATE_NOOP("RunCharts", "Throughput")},
      {"lr", QT_TRANSLATE_NOOP("RunCharts", "Learning rate")},
      {"activation-bytes", QT_TRANSLATE_NOOP("RunCharts", "Activation memory")}};
  for (const auto& [name, title] : kTitles)
    if (name == id) return QCoreApplication::translate("RunCharts", title);
  return QString::fromStdString(id);
}

int chartOrder(const std::string& id) {
  static const std::vector<std::string> kOrder = {"loss", "accuracy", "grad-norm",  "throughput",
                                                  "lr",   "error",    "perplexity", "bits-per-char"};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), id) - kOrder.begin());
}

/// Charts that say little a pixel are lower.
bool isFlat(const std::string& id) { return id == "throughput" || id == "lr" || id == "activation-bytes"; }

}  // namespace

RunCharts::RunCharts(RunData& run, const Catalog& catalog, QWidget* parent)
    : QWidget(parent), run_(run), catalog_(catalog), grid_(new QGridLayout(this)) {
  grid_->setContentsMargins(0, 0, 0, 0);
  grid_->setSpacing(1);
  connect(&run_, &RunData::metricsGrew, this, &RunCharts::grew);
  connect(&run_, &RunData::eventsChanged, this, [this] {
    for (Chart& chart : charts_)
      if (chart.id == "throughput") fill(chart);
  });
  connect(&run_, &RunData::rowChanged, this, [this] {
    if (std::exchange(was_active_, run_.isActive()) == run_.isActive()) return;
    if (Chart* chart = chartOf("train/lr")) fill(*chart);  // with the last step what was planned is done
  });
  connect(&link_, &CrosshairLink::changed, this, [this] {
    if (link_.pinned()) emit stepPinned(link_.step());
  });
  if (run_.isLoaded()) rebuild();
}

std::string RunCharts::chartId(const std::string& key) {
  const std::string name = nameOf(key);
  return name.size() > 6 && name.compare(name.size() - 6, 6, "-per-s") == 0 ? "throughput" : name;
}

RunCharts::Chart* RunCharts::chartOf(const std::string& key) {
  const std::string id = chartId(key);
  for (Chart& chart : charts_)
    if (chart.id == id) return &chart;
  return nullptr;
}

bool RunCharts::isShown(const std::string& id) const {
  if (extra_.count(id)) return true;
  if (id == "loss" || id == "grad-norm" || id == "throughput" || id == "lr") return true;
  const bool language = run_.metric("val/perplexity") || run_.metric("test/perplexity");
  return id == "accuracy" && !language;
}

void RunCharts::rebuild() {
  std::map<std::string, std::vector<std::string>> wanted;
  for (const auto& [key, columns] : run_.metrics())
    if (isShown(chartId(key))) wanted[chartId(key)].push_back(key);
  // A run that goes on has its four charts from the start, so that none moves when the first point comes.
  if (run_.isActive())
    for (const char* id : {"loss", "grad-norm", "throughput", "lr"}) wanted[id];
  if (wanted.empty()) wanted["loss"] = {};
  bool added = false;
  for (auto& [id, keys] : wanted) {
    std::sort(keys.begin(), keys.end(), [](const std::string& a, const std::string& b) { return metricOrder(a) < metricOrder(b); });
    Chart* chart = nullptr;
    for (Chart& known : charts_)
      if (known.id == id) chart = &known;
    if (!chart) {
      auto* view = new CurveView(this);
      view->setTitle(chartTitle(id));
      view->setCrosshairLink(&link_);
      view->setAxis(axis_);
      view->setSmoothing(isFlat(id) ? 0 : smoothing_);
      view->setOutliers(outliers_);
      view->setEmpty(run_.isActive() ? tr("Waiting for the first step.") : tr("This run ended before its first step."));
      if (id == "grad-norm") view->setLogY(true);
      connect(view, &CurveView::fullScreenRequested, this, [this, view] { emit chartActivated(view); });
      charts_.push_back({id, view, keys});
      chart = &charts_.back();
      added = true;
    }
    chart->keys = keys;
    fill(*chart);
  }
  if (added) {
    std::stable_sort(charts_.begin(), charts_.end(), [](const Chart& a, const Chart& b) { return chartOrder(a.id) < chartOrder(b.id); });
    columns_ = 0;
    arrange();
  }
}

void RunCharts::grew(const std::map<std::string, std::size_t>& firstNew, bool reset) {
  bool new_key = charts_.empty();
  for (const auto& [key, first] : firstNew) {
    if (!isShown(chartId(key))) continue;
    const Chart* chart = chartOf(key);
    new_key = new_key || !chart || std::find(chart->keys.begin(), chart->keys.end(), key) == chart->keys.end();
  }
  if (reset || new_key) return rebuild();
  for (const auto& [key, first] : firstNew) {
    Chart* chart = chartOf(key);
    const MetricColumns* columns = run_.metric(key);
    if (!chart || !columns) continue;
    if (chart->id == "lr" || chart->id == "throughput") {  // annotations depend on the newest point
      fill(*chart);
      continue;
    }
    const auto from = static_cast<std::ptrdiff_t>(first);
    std::vector<double> epoch;
    if (run_.stepsPerEpoch() > 0)
      for (std::size_t i = first; i < columns->step.size(); ++i) epoch.push_back(columns->step[i] / run_.stepsPerEpoch());
    chart->view->append(QString::fromStdString(key), {columns->step.begin() + from, columns->step.end()},
                        {columns->value.begin() + from, columns->value.end()}, epoch, {columns->time.begin() + from, columns->time.end()});
  }
}

void RunCharts::fill(Chart& chart) {
  CurveData curves;
  const bool mixed = chart.keys.size() > 1;
  int style = 0;
  for (const std::string& key : chart.keys) {
    const MetricColumns* columns = run_.metric(key);
    if (!columns) continue;
    CurveSeries series;
    series.id = QString::fromStdString(key);
    series.name = QString::fromStdString(mixed && chart.id != "throughput" ? splitOf(key) : nameOf(key));
    series.style = style++;
    if (mixed) series.dash = ThemeColors::splitDash(QString::fromStdString(splitOf(key)));
    series.step = columns->step;
    series.value = columns->value;
    series.time = columns->time;
    if (run_.stepsPerEpoch() > 0)
      for (const double step : columns->step) series.epoch.push_back(step / run_.stepsPerEpoch());
    if (run_.row().started > 0) series.start_time = run_.row().started;
    series.smoothed = splitOf(key) == "train" && nameOf(key) != "lr";
    series.markers = splitOf(key) != "train" && splitOf(key) != "sys";
    series.decimals = chart.id == "lr" ? 6 : chart.id == "throughput" ? 0 : 4;
    curves.series.push_back(std::move(series));
  }
  if (run_.row().total_steps > 0) {
    curves.planned_step = static_cast<double>(run_.row().total_steps);
    if (run_.stepsPerEpoch() > 0) curves.planned_epoch = curves.planned_step / run_.stepsPerEpoch();
  }
  if (chart.id == "lr") addPlannedRate(curves);
  addAnnotations(curves, chart);
  Provenance from;
  from["run"] = QString::fromStdString(run_.row().short_name + " " + run_.row().id);
  from["version"] = QString::fromStdString(run_.row().experiment_name) + " v" + QString::number(run_.row().version);
  QStringList keys;
  for (const std::string& key : chart.keys) keys << QString::fromStdString(key);
  from["metric"] = keys.join(", ");
  chart.view->setProvenance(from);
  chart.view->setQuantity(keys.join(", "));
  chart.view->setData(std::move(curves));
}

void RunCharts::addPlannedRate(CurveData& curves) const {
  if (run_.row().status == RunStatus::Finished || curves.series.empty()) return;
  CurveSeries& done = curves.series.front();
  const auto reached = done.step.empty() ? std::int64_t{0} : static_cast<std::int64_t>(done.step.back());
  PlannedRate plan = plannedRate(catalog_, run_.resolved(), reached, run_.row().total_steps);
  if (plan.step.empty()) return;
  done.name = tr("done");
  CurveSeries planned;
  planned.id = QStringLiteral("planned");
  planned.name = tr("planned");
  planned.style = done.style;
  planned.dash = QVector<qreal>{2, 3};
  planned.planned = true;
  planned.smoothed = false;
  planned.decimals = done.decimals;
  if (run_.stepsPerEpoch() > 0)
    for (const double step : plan.step) planned.epoch.push_back(step / run_.stepsPerEpoch());
  planned.step = std::move(plan.step);
  planned.value = std::move(plan.value);
  curves.series.push_back(std::move(planned));
}

void RunCharts::addAnnotations(CurveData& curves, const Chart& chart) const {
  if (chart.id == "grad-norm") {
    const Json document = Json::parse(run_.resolved(), nullptr, false);
    const Json::json_pointer clip("/optimizer/clip");
    if (document.is_object() && document.contains(clip) && document.at(clip).is_number() && document.at(clip).get<double>() > 0)
      curves.limits.push_back({document.at(clip).get<double>(), tr("clip at %1").arg(formatNumber(document.at(clip).get<double>(), 3))});
  }
  if (chart.id != "throughput") return;
  // Time in which the run was stopped: from a stop, or the last sign before an interruption, to the resume.
  double stopped_at = 0, stopped_step = 0;
  for (const EventRow& event : run_.events()) {
    if (event.kind == "resume" && stopped_at > 0) {
      curves.stripes.push_back({stopped_step, static_cast<double>(event.step), stopped_at, event.time,
                                tr("stopped for %1").arg(formatDuration(event.time - stopped_at))});
      stopped_at = 0;
    } else {
      stopped_at = event.time;
      stopped_step = static_cast<double>(event.step);
    }
  }
}

void RunCharts::arrange() {
  const int columns = std::clamp(width() / kMinChartWidth, 1, 4);
  if (columns == columns_) return;
  columns_ = columns;
  while (QLayoutItem* item = grid_->takeAt(0)) delete item;
  // Tall charts first, then the low ones, each sort filling its rows.
  int row = 0, column = 0;
  bool flat = false;
  QVector<CurveView*> aligned;
  for (const Chart& chart : charts_) {
    if (isFlat(chart.id) != flat && column > 0 && columns > 1 && column % columns == 0) ++row, column = 0;
    flat = isFlat(chart.id);
    chart.view->setMinimumHeight(flat ? kFlatHeight : kChartHeight);
    grid_->addWidget(chart.view, row, column);
    grid_->setRowStretch(row, flat ? 2 : 3);
    aligned.push_back(chart.view);
    if (++column == columns) ++row, column = 0;
  }
  for (int i = 0; i < 4; ++i) grid_->setColumnStretch(i, i < columns ? 1 : 0);
  CurveView::align(aligned);
  updateGeometry();
}

void RunCharts::paintEvent(QPaintEvent*) {
  // Hairlines between the charts; a place without a chart looks like one.
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface2));
  for (const Chart& chart : charts_) {
    const QRect at = chart.view->geometry();
    if (at.right() + 2 < width()) p.fillRect(at.right() + 1, at.top(), 1, at.height(), themeColor(Token::Line));
    p.fillRect(at.left(), at.bottom() + 1, at.width() + 1, 1, themeColor(Token::Line));
  }
}

void RunCharts::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  arrange();
}

void RunCharts::setAxis(CurveAxis axis) {
  axis_ = axis;
  for (Chart& chart : charts_) chart.view->setAxis(axis);
}

void RunCharts::setSmoothing(double factor) {
  smoothing_ = factor;
  for (Chart& chart : charts_)
    if (!isFlat(chart.id)) chart.view->setSmoothing(factor);
}

void RunCharts::setOutliers(bool on) {
  outliers_ = on;
  for (Chart& chart : charts_) chart.view->setOutliers(on);
}

bool RunCharts::hasEpochs() const { return run_.stepsPerEpoch() > 0; }

void RunCharts::pinStep(double step) { link_.set(step, true); }

void RunCharts::showMetric(const std::string& key) {
  if (run_.metric(key) && !chartOf(key)) {
    extra_.insert(chartId(key));
    rebuild();
  }
  if (const Chart* chart = chartOf(key)) chart->view->setFocus(Qt::OtherFocusReason);
}

CurveView* RunCharts::focusedChart() const {
  for (const Chart& chart : charts_)
    if (chart.view == focusWidget() || chart.view->isAncestorOf(QApplication::focusWidget())) return chart.view;
  return nullptr;
}

std::vector<CurveView*> RunCharts::charts() const {
  std::vector<CurveView*> out;
  for (const Chart& chart : charts_) out.push_back(chart.view);
  return out;
}

}  // namespace dsw
