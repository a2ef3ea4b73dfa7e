// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/search_charts.h"

#include "ui/models/number_format.h"
#include "ui/models/run_data.h"
#include "ui/models/search_model.h"

namespace dsw {
namespace {

constexpr int kBlue = 0, kRust = 1, kOlive = 6, kViolet = 3;

CurveView* chart(const QString& title, const QString& subtitle, const QString& empty, CrosshairLink* link, QWidget* parent) {
  auto* view = new CurveView(parent);
  view->setTitle(title, subtitle);
  view->setEmpty(empty);
  view->setAxis(CurveAxis::Epoch);
  view->setSmoothing(0);
  view->setCrosshairLink(link);
  view->hide();
  return view;
}

QString planeMetric(double accuracy) { return std::isfinite(accuracy) ? QObject::tr("val accuracy, %") : QObject::tr("val loss"); }

}  // namespace

CostUnit costUnit(const QString& metric, double largest) {
  if (metric == QLatin1String("latency")) return {QStringLiteral("ms"), 1};
  const bool bytes = metric == QLatin1String("activation-bytes");
  const QString word = bytes                                   ? QStringLiteral("B")
                       : metric == QLatin1String("parameters") ? QObject::tr("parameters")
                                                               : QStringLiteral("FLOPs");
  const auto named = [&](const char* prefix, double scale) {
    const QString text = QLatin1String(prefix);
    return CostUnit{metric == QLatin1String("parameters") ? QObject::tr("%1 parameters").arg(text) : text + word, scale};
  };
  if (!(largest >= 2e5)) return {word, 1};
  return largest >= 2e11 ? named("T", 1e12) : largest >= 2e8 ? named("G", 1e9) : named("M", 1e6);
}

SearchCharts::SearchCharts(RunData& run, SearchModel& search, QWidget* parent)
    : QObject(parent),
      run_(run),
      search_(search),
      loss_(chart(tr("Loss"), {}, tr("Waiting for the first step."), &link_, parent)),
      cost_(chart(tr("Cost"), {}, tr("Waiting for the first epoch."), &link_, parent)),
      skip_(chart(tr("Skip share"), {}, tr("Waiting for the first epoch."), &link_, parent)),
      eigenvalue_(chart(tr("Eigenvalue"), {}, tr("Not measured. Set search/guards/eigenvalue_every to watch it."), &link_, parent)),
      plane_(new ScatterView(parent)) {
  loss_->setLogY(true);
  loss_->setSmoothing(0.9);
  plane_->hide();
  plane_->setEmptyText(tr("Evaluated architectures appear here at the end of each epoch."));
  connect(&run_, &RunData::metricsGrew, this, &SearchCharts::grow);
  connect(&search_, &SearchModel::dataChanged, this, [this] {
    fillEpochs();
    fillLoss();
  });
  connect(&search_, &SearchModel::epochChanged, this, [this] {
    followEpoch();
    fillPlane();
  });
  connect(plane_, &ScatterView::activated, this, [this](const QString& id) {
    const qsizetype end = id.indexOf(QLatin1Char(':'));
    if (end > 0) search_.showEpoch(id.left(end).toInt());
  });
  connect(&link_, &CrosshairLink::changed, this, &SearchCharts::followCrosshair);
  if (run_.isLoaded()) {
    fillLoss();
    fillEpochs();
  }
}

void SearchCharts::setBaseline(const std::optional<SearchBaseline>& baseline) {
  baseline_ = baseline;
  fillPlane();
}

void SearchCharts::dress(CurveView* view, CurveData& data, const QString& quantity) const {
  const SearchSpaceInfo& space = search_.data().space();
  if (space.epochs > 0 && space.steps_per_epoch > 0) {
    data.planned_epoch = space.epochs;
    data.planned_step = space.epochs * space.steps_per_epoch;
  }
  for (const SearchCollapse& collapse : search_.collapses())
    data.marks.push_back({static_cast<double>(collapse.step), view == skip_ ? tr("collapse") : QString(), true});
  Provenance from;
  from["run"] = QString::fromStdString(run_.row().short_name + " " + run_.row().id);
  from["version"] = QString::fromStdString(run_.row().experiment_name) + " v" + QString::number(run_.row().version);
  from["metric"] = quantity;
  view->setProvenance(from);
  view->setQuantity(quantity);
  view->setData(std::move(data));
}

/// As the space says it; a run that has told none yet may have it in its record.
double SearchCharts::stepsPerEpoch() const {
  const double told = search_.data().space().steps_per_epoch;
  return told > 0 ? told : run_.stepsPerEpoch();
}

void SearchCharts::fillLoss() {
  CurveData data;
  int style = 0;
  for (const auto& [key, name] : {std::pair("train/loss", tr("weights, train half")), std::pair("search/loss", tr("α, held-out half"))}) {
    const MetricColumns* columns = run_.metric(key);
    const int at = style++;
    if (!columns) continue;
    CurveSeries one;
    one.id = QLatin1String(key);
    one.name = name;
    one.style = at;
    one.step = columns->step;
    one.value = columns->value;
    one.time = columns->time;
    if (stepsPerEpoch() > 0)
      for (const double step : one.step) one.epoch.push_back(step / stepsPerEpoch());
    data.series.push_back(std::move(one));
  }
  dress(loss_, data, QStringLiteral("train/loss, search/loss"));
}

void SearchCharts::grow(const std::map<std::string, std::size_t>& first_new, bool reset) {
  for (const char* key : {"train/loss", "search/loss"}) {
    const auto it = first_new.find(key);
    if (it != first_new.end() && it->second == 0) reset = true;
  }
  if (reset) return fillLoss();
  for (const char* key : {"train/loss", "search/loss"}) {
    const auto it = first_new.find(key);
    const MetricColumns* columns = run_.metric(key);
    if (it == first_new.end() || !columns) continue;
    const auto from = static_cast<std::ptrdiff_t>(it->second);
    std::vector<double> epoch;
    if (stepsPerEpoch() > 0)
      for (std::size_t i = it->second; i < columns->step.size(); ++i) epoch.push_back(columns->step[i] / stepsPerEpoch());
    loss_->append(QLatin1String(key), {columns->step.begin() + from, columns->step.end()},
                  {columns->value.begin() + from, columns->value.end()}, epoch, {columns->time.begin() + from, columns->time.end()});
  }
}

CurveSeries SearchCharts::series(const QString& id, const QString& name, int style,
                                 const std::function<double(const SearchEpoch&)>& value) const {
  CurveSeries one;
  one.id = id;
  one.name = name;
  one.style = style;
  one.smoothed = false;
  for (const SearchEpoch& epoch : search_.data().epochs()) {
    const double v = value(epoch);
    if (!std::isfinite(v)) continue;
    one.step.push_back(static_cast<double>(epoch.step));
    one.epoch.push_back(epoch.epoch);
    one.value.push_back(v);
  }
  return one;
}

void SearchCharts::fillEpochs() {
  const SearchSpaceInfo& space = search_.data().space();
  const double largest = space.targetCost(space.largest);
  const CostUnit unit = costUnit(space.target_metric, std::isfinite(space.target) ? space.target : largest);
  CurveData cost;
  cost.series.push_back(
      series("expected", tr("expected"), kBlue, [&](const SearchEpoch& e) { return space.targetCost(e.expected) / unit.scale; }));
  cost.series.push_back(
      series("derived", tr("derived"), kRust, [&](const SearchEpoch& e) { return space.targetCost(e.derived) / unit.scale; }));
  for (CurveSeries& one : cost.series) one.decimals = 2;
  if (std::isfinite(space.target))
    cost.limits.push_back({space.target / unit.scale, tr("target %1").arg(formatNumber(space.target / unit.scale, 4))});
  cost_->setTitle(tr("Cost"), unit.name);
  dress(cost_, cost, tr("cost, %1").arg(unit.name));

  CurveData skip;
  skip.series.push_back(series("skip-share", tr("mean"), kOlive, [](const SearchEpoch& e) { return e.skip_share; }));
  skip.series.front().dash = QVector<qreal>();
  if (std::isfinite(space.skip_limit)) skip.limits.push_back({space.skip_limit, tr("limit %1").arg(formatFixed(space.skip_limit, 2))});
  dress(skip_, skip, QStringLiteral("search/skip-share"));

  CurveData eigenvalue;
  eigenvalue.series.push_back(series("eigenvalue", tr("by α"), kViolet, [](const SearchEpoch& e) { return e.eigenvalue; }));
  eigenvalue.series.front().dash = QVector<qreal>();
  if (std::isfinite(space.eigenvalue_limit))
    eigenvalue.limits.push_back({space.eigenvalue_limit, tr("limit %1").arg(formatFixed(space.eigenvalue_limit, 2))});
  dress(eigenvalue_, eigenvalue, QStringLiteral("search/eigenvalue"));
  CurveView::align({cost_});
  CurveView::align({loss_, skip_, eigenvalue_});
  fillPlane();
}

void SearchCharts::fillPlane() {
  const SearchData& data = search_.data();
  const SearchSpaceInfo& space = data.space();
  const SearchEpoch* now = search_.now();
  const double until = now ? static_cast<double>(now->step) : 0;
  const bool live = search_.isLive();
  const bool accuracy =
      std::any_of(data.points().begin(), data.points().end(), [](const SearchPoint& p) { return std::isfinite(p.accuracy); }) &&
      !run_.metric("val/perplexity");
  const double good = accuracy ? 100 : 1, better = accuracy ? 1 : -1;
  const CostUnit unit = costUnit(space.target_metric, std::isfinite(space.target) ? space.target : space.targetCost(space.largest));
  std::vector<ScatterPoint> points;
  std::vector<QPointF> front;
  evaluated_ = 0;
  for (const SearchPoint& point : data.points()) {
    if (!live && static_cast<double>(point.step) > until) continue;
    ++evaluated_;
    const double x = space.targetCost(point.cost) / unit.scale, y = good * (accuracy ? point.accuracy : point.loss);
    ScatterPoint one{QStringLiteral("%1:%2").arg(data.epochOfStep(static_cast<double>(point.step))).arg(points.size()),
                     tr("epoch %1, %2").arg(data.epochOfStep(static_cast<double>(point.step))).arg(point.by), x, y};
    one.style = -1;
    points.push_back(std::move(one));
    if (std::isfinite(x) && std::isfinite(y)) front.emplace_back(x, y);
  }
  std::sort(front.begin(), front.end(),
            [&](QPointF a, QPointF b) { return a.x() != b.x() ? a.x() < b.x() : better * a.y() > better * b.y(); });
  std::vector<QPointF> best;
  for (const QPointF& at : front)
    if (best.empty() || better * at.y() > better * best.back().y()) best.push_back(at);
  if (now) {
    const double y = good * (accuracy ? now->val_accuracy : now->val_loss);
    ScatterPoint derived{"derived-now",     tr("derived now"), space.targetCost(now->derived) / unit.scale, y, kBlue,
                         tr("derived now"), Marker::Diamond};
    ScatterPoint expected{"expected",     tr("expected cost"), space.targetCost(now->expected) / unit.scale, y, kBlue,
                          tr("expected"), Marker::DiamondOpen};
    points.push_back(std::move(derived));
    points.push_back(std::move(expected));
  }
  if (baseline_ && (space.target_metric == QLatin1String("flops") || space.target_metric == QLatin1String("parameters"))) {
    const double x = space.target_metric == QLatin1String("flops") ? baseline_->flops : baseline_->parameters;
    points.push_back({"baseline", baseline_->name, x / unit.scale, good * (accuracy ? baseline_->accuracy : baseline_->loss),
                      ThemeColors::kBaselineSeries, tr("baseline"), Marker::Square});
  }
  std::optional<ScatterTarget> target;
  if (std::isfinite(space.target))
    target = ScatterTarget{space.target / unit.scale, tr("target %1").arg(formatNumber(space.target / unit.scale, 4))};
  Provenance from;
  from["run"] = QString::fromStdString(run_.row().short_name + " " + run_.row().id);
  from["metric"] = planeMetric(accuracy ? 1 : kNaN);
  from["step range"] = QStringLiteral("0 to %1").arg(live ? run_.row().step : static_cast<std::int64_t>(until));
  plane_->setProvenance(from);
  plane_->setFront(std::move(best));
  plane_->setTarget(target);
  ScatterAxis across{unit.name, {}, false, {}}, up{planeMetric(accuracy ? 1 : kNaN), {}, false, {}};
  plane_->setData(std::move(points), across, up);
}

void SearchCharts::followEpoch() {
  if (following_) return;
  following_ = true;
  const SearchEpoch* now = search_.now();
  if (!now || search_.isLive())
    link_.set(kNaN, false);
  else
    link_.set(static_cast<double>(now->step), true);
  following_ = false;
}

void SearchCharts::followCrosshair() {
  if (following_) return;
  following_ = true;
  if (link_.pinned()) {
    search_.showEpoch(search_.data().epochOfStep(link_.step()));
    if (search_.isLive()) link_.set(kNaN, false);
  } else if (!search_.isLive()) {
    search_.showLive();
  }
  following_ = false;
}

}  // namespace dsw
