// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/search_body.h"

#include <QApplication>
#include <QScrollArea>
#include <QSplitter>
#include <QToolButton>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "ui/models/command_registry.h"
#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/query_runner.h"
#include "ui/models/run_data.h"
#include "ui/models/selection.h"
#include "ui/panels/search_inspector.h"
#include "ui/panels/search_line.h"
#include "ui/panels/search_picture.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/graph_view.h"
#include "ui/widgets/pane.h"
#include "ui/widgets/shell/panel_context.h"
#include "ui/widgets/stacked_history.h"
#include "ui/widgets/time_slider.h"

namespace dsw {
namespace {

constexpr int kNarrow = 760, kUpperHeight = 460, kLowerHeight = 220, kChartHeight = 170;

/// Cost of one example of a run that was trained or searched, from what it told of itself.
SearchBaseline baselineOf(const RunRow& row, const Json& record, const Json& summary, const Json& resolved) {
  SearchBaseline out;
  out.name = QString::fromStdString(row.name.empty() ? row.short_name + " " + row.experiment_name : row.name);
  const auto number = [](const Json& json, const char* pointer) {
    const Json::json_pointer at(pointer);
    return json.is_object() && json.contains(at) && json.at(at).is_number() ? json.at(at).get<double>() : kNaN;
  };
  const auto first = [&](const char* pointer) {
    return std::isfinite(number(summary, pointer)) ? number(summary, pointer) : number(record, pointer);
  };
  out.flops = std::isfinite(first("/flops")) ? first("/flops") : first("/forward_flops") / number(resolved, "/training/batch");
  out.parameters = first("/parameters");
  const auto metric = [&](const char* key) {
    const auto it = row.metrics.find(key);
    return it == row.metrics.end() ? kNaN : it->second.best;
  };
  out.accuracy = metric("val/accuracy");
  out.loss = metric("val/loss");
  return out;
}

}  // namespace

SearchBody::SearchBody(PanelContext& context, RunData& run, QWidget* parent)
    : RunBody(parent), context_(context), run_(run), model_(context.queries, run) {
  build();
  connect(&model_, &SearchModel::dataChanged, this, &SearchBody::refreshData);
  connect(&model_, &SearchModel::epochChanged, this, &SearchBody::refreshEpoch);
  connect(&context_.selection, &Selection::runsChanged, this, &SearchBody::readBaseline);
  connect(&context_.project, &ProjectData::runsChanged, this, &SearchBody::readBaseline);
  connect(picture_, &SearchPicture::selectionMoved, this, [this](int choice) {
    inspector_->select(choice);
    emit changed();
    if (choice >= 0) emit placeChanged(QStringLiteral("choice:%1").arg(choice));
  });
  connect(slider_, &TimeSlider::moved, &model_, &SearchModel::showEpoch);
  connect(inspector_->history(), &StackedHistory::chosen, this,
          [this](double epoch) { model_.showEpoch(static_cast<int>(std::lround(epoch))); });
  const auto saved = [this](const QString& path) { context_.navigator.notice(NoticeLevel::Success, tr("%1 is written.").arg(path)); };
  const auto failed = [this](const QString& path) {
    context_.navigator.notice(NoticeLevel::Error, tr("%1 could not be written.").arg(path));
  };
  connect(picture_, &SearchPicture::exported, this, saved);
  connect(picture_, &SearchPicture::exportFailed, this, failed);
  connect(inspector_->history(), &StackedHistory::exported, this, saved);
  connect(inspector_->history(), &StackedHistory::exportFailed, this, failed);
  connect(charts_->plane(), &ScatterView::exported, this, saved);
  connect(charts_->plane(), &ScatterView::exportFailed, this, failed);
  readBaseline();
}

SearchBody::~SearchBody() = default;

void SearchBody::build() {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  line_ = new FactLine(this);
  column->addWidget(line_);
  auto* scroll = new QScrollArea(this);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setFocusPolicy(Qt::NoFocus);
  column->addWidget(scroll, 1);
  auto* all = new QSplitter(Qt::Vertical, scroll->viewport());
  scroll->setWidget(all);

  upper_ = new QSplitter(Qt::Horizontal, all);
  auto* left = new QWidget(upper_);
  auto* stack = new QVBoxLayout(left);
  stack->setContentsMargins(0, 0, 0, 0);
  stack->setSpacing(0);
  picture_ = new SearchPicture(run_, model_, left);
  slider_ = new TimeSlider(left);
  stack->addWidget(picture_, 1);
  stack->addWidget(slider_);

  charts_ = new SearchCharts(run_, model_, all);
  inspector_ = new SearchInspector(run_, model_, this);
  auto* right = new QSplitter(Qt::Vertical, upper_);
  plane_pane_ = new QWidget(right);
  plane_pane_->setBackgroundRole(QPalette::Base);
  plane_pane_->setAutoFillBackground(true);
  auto* plane = new QVBoxLayout(plane_pane_);
  plane->setContentsMargins(0, 0, 0, 0);
  plane->setSpacing(0);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(12, 3, 8, 0);
  head->setSpacing(8);
  head->addWidget(new ThemedLabel(tr("Accuracy and cost"), FontRole::Strong, Token::Text1, plane_pane_));
  plane_note_ = new ThemedLabel({}, FontRole::Hint, Token::Text2, plane_pane_);
  head->addWidget(plane_note_, 1);
  QToolButton* save = iconButton("download", tr("Export the plane"), plane_pane_);
  connect(save, &QToolButton::clicked, charts_->plane(), &ScatterView::exportDialog);
  head->addWidget(save);
  plane->addLayout(head);
  plane->addWidget(charts_->plane(), 1);
  charts_->plane()->show();
  right->addWidget(charts_->cost());
  right->setStretchFactor(0, 3);
  right->setStretchFactor(1, 2);
  right->setSizes({290, 185});
  plane_pane_->setMinimumHeight(220);

  lower_ = new QSplitter(Qt::Horizontal, all);
  for (CurveView* chart : {charts_->loss(), charts_->skipShare(), charts_->eigenvalue()}) lower_->addWidget(chart);
  for (CurveView* chart : charts_->curves()) {
    chart->setMinimumHeight(kChartHeight);
    chart->show();
  }
  for (QSplitter* split : {all, upper_, right, lower_}) {
    split->setChildrenCollapsible(false);
    split->setHandleWidth(1);
  }
  upper_->setStretchFactor(0, 4);
  upper_->setStretchFactor(1, 3);
  upper_->setSizes({560, 420});
  all->setStretchFactor(0, 2);
  all->setStretchFactor(1, 1);
  all->setSizes({kUpperHeight, kLowerHeight});
}

void SearchBody::resizeEvent(QResizeEvent* event) {
  RunBody::resizeEvent(event);
  // One column where two have no room.
  const Qt::Orientation wanted = width() < kNarrow ? Qt::Vertical : Qt::Horizontal;
  if (upper_->orientation() == wanted) return;
  upper_->setOrientation(wanted);
  lower_->setOrientation(wanted);
}

void SearchBody::refreshRow() { refreshEpoch(); }

void SearchBody::refreshData() {
  const SearchData& told = model_.data();
  slider_->setRange(told.lastEpoch(), told.space().epochs);
  std::vector<TimeMark> marks;
  for (const SearchCollapse& collapse : model_.collapses()) marks.push_back({collapse.epoch, collapse.text});
  slider_->setMarks(std::move(marks));
  // At first what is least decided is selected, so that nobody meets an empty inspector.
  if (!chosen_ && !told.epochs().empty() && !told.space().choices.empty()) {
    chosen_ = true;
    const std::vector<ChoiceState>& choices = told.epochs().back().choices;
    const auto open =
        std::max_element(choices.begin(), choices.end(), [](const ChoiceState& a, const ChoiceState& b) { return a.entropy < b.entropy; });
    inspector_->select(static_cast<int>(open - choices.begin()));
    picture_->select(inspector_->selected());
  }
}

void SearchBody::refreshEpoch() {
  slider_->setValue(model_.epoch());
  const bool live = model_.isLive(), active = run_.isActive();
  slider_->setChip(live ? active ? tr("live") : QString() : active ? tr("to live") : tr("to the end"), live);
  const int evaluated = charts_->evaluated();
  plane_note_->setText(evaluated > 0 ? tr("inherited weights, %1 evaluated").arg(formatCountExact(evaluated)) : QString());
  showSearchFacts(*line_, run_, model_);
  emit changed();
}

void SearchBody::showPlace(const QString& place) {
  const auto number = [&](int skip) { return place.mid(skip).toDouble(); };
  if (place.startsWith(QLatin1String("epoch:"))) {
    model_.showEpoch(static_cast<int>(number(6)));
    slider_->setFocus(Qt::OtherFocusReason);
  } else if (place.startsWith(QLatin1String("step:"))) {
    model_.showEpoch(model_.data().epochOfStep(number(5)));
  } else if (place.startsWith(QLatin1String("choice:"))) {
    const int choice = static_cast<int>(number(7));
    if (choice < 0 || choice >= static_cast<int>(model_.data().space().choices.size())) return;
    chosen_ = true;
    inspector_->select(choice);
    picture_->select(choice);
    picture_->view()->setFocus(Qt::OtherFocusReason);
    emit changed();
  }
}

QWidget* SearchBody::mainFocus() const { return picture_->view(); }

/// Of what has the focus; empty: nothing that can be exported has it.
std::function<void()> SearchBody::focusedExport() const {
  const QWidget* focus = QApplication::focusWidget();
  if (!focus) return {};
  for (CurveView* chart : charts_->curves())
    if (chart == focus || chart->isAncestorOf(focus)) return [chart] { chart->exportDialog(); };
  if (charts_->plane() == focus) return [view = charts_->plane()] { view->exportDialog(); };
  if (inspector_->history() && inspector_->history() == focus) return [view = inspector_->history()] { view->exportDialog(); };
  if (picture_->isAncestorOf(focus)) return [view = picture_] { view->exportDialog(); };
  return {};
}

bool SearchBody::hasFocusedFigure() const { return focusedExport() != nullptr; }

void SearchBody::exportFigure() {
  if (const auto focused = focusedExport()) return focused();
  picture_->exportDialog();
}

std::vector<FactSection> SearchBody::facts() { return inspector_->sections(); }

std::optional<RunBody::Message> SearchBody::message() {
  if (model_.collapses().empty()) return {};
  const SearchCollapse& last = model_.collapses().back();
  const qsizetype end = last.text.indexOf(QLatin1String(". "));
  Message message{MessageLevel::Warning, end < 0 ? last.text : last.text.left(end + 1), end < 0 ? QString() : last.text.mid(end + 2), {}};
  message.actions.push_back(
      {tr("Go to epoch %1").arg(last.epoch), [this, epoch = last.epoch] { showPlace(QStringLiteral("epoch:%1").arg(epoch)); }, {}});
  return message;
}

QVector<PaletteEntry> SearchBody::paletteEntries() const {
  QVector<PaletteEntry> out;
  const SearchSpaceInfo& space = model_.data().space();
  for (std::size_t c = 0; c < space.choices.size(); ++c) {
    PaletteEntry entry;
    entry.id = QStringLiteral("choice:%1").arg(c);
    entry.text = choiceTitle(space, static_cast<int>(c));
    entry.detail = space.choices[c].id;
    out.push_back(entry);
  }
  for (const SearchCollapse& collapse : model_.collapses()) {
    PaletteEntry entry;
    entry.id = QStringLiteral("epoch:%1").arg(collapse.epoch);
    entry.text = tr("Collapse at epoch %1").arg(collapse.epoch);
    out.push_back(entry);
  }
  return out;
}

void SearchBody::readBaseline() {
  QString pinned;
  for (const RunPtr& run : context_.project.runs())
    if (run->baseline) pinned = QString::fromStdString(run->id);
  if (pinned == baseline_) return;
  baseline_ = pinned;
  if (pinned.isEmpty()) {
    charts_->setBaseline({});
    inspector_->setBaseline({});
    emit changed();
    return;
  }
  context_.queries.askLatest<SearchBaseline>(
      this, "baseline",
      [id = pinned.toStdString()](ProjectReader& reader) -> Result<SearchBaseline> {
        DSW_TRY_ASSIGN(const RunRow row, reader.run(id));
        DSW_TRY_ASSIGN(const std::string record, reader.run_record(id));
        DSW_TRY_ASSIGN(const std::string summary, reader.run_summary(id));
        DSW_TRY_ASSIGN(const std::string resolved, reader.run_resolved(id));
        const auto parsed = [](const std::string& text) { return Json::parse(text, nullptr, false); };
        return baselineOf(row, parsed(record), parsed(summary), parsed(resolved));
      },
      [this](Result<SearchBaseline> baseline) {
        if (!baseline) return;
        charts_->setBaseline(*baseline);
        inspector_->setBaseline(*baseline);
        emit changed();
      });
}

/// What the epoch that is looked at would give; at the end of a search, what it gave.
bool SearchBody::canDerive() const { return model_.now() != nullptr && model_.now()->architecture != "null"; }

QStringList SearchBody::headCommands() const { return canDerive() ? QStringList{"search.derive", "search.retrain"} : QStringList(); }

CommandState SearchBody::commandState(const QString& id) const {
  CommandState state;
  if (id != QLatin1String("search.derive") && id != QLatin1String("search.retrain")) return state;
  state.handled = true;
  const bool writable = !context_.project.readOnly();
  state.enabled = canDerive() && writable && !deriving_;
  if (!writable)
    state.reason = context_.project.readOnlyReason();
  else if (!canDerive())
    state.reason = tr("The search has not told its first epoch yet.");
  else if (deriving_)
    state.reason = tr("It is being written.");
  return state;
}

void SearchBody::runCommand(const QString& id) { derive(id == QLatin1String("search.retrain")); }

void SearchBody::derive(bool retrain) {
  deriving_ = true;
  emit changed();
  const auto failed = [this](const QString& what, const Error& error) {
    deriving_ = false;
    emit changed();
    context_.navigator.notice(NoticeLevel::Error, what + QLatin1Char(' ') + QString::fromStdString(error.sentence()));
  };
  ProjectActions::DeriveAsk ask;
  ask.runId = QString::fromStdString(run_.row().id);
  if (model_.isLive()) ask.model = model_.data().derived().model;
  ask.architecture = model_.now()->architecture;
  ask.epoch = model_.now()->epoch;
  context_.actions.deriveArchitecture(ask, this, [this, retrain, failed](Result<QString> experiment) {
    if (!experiment) return failed(tr("The architecture was not derived."), experiment.error());
    if (!retrain) {
      deriving_ = false;
      emit changed();
      context_.navigator.open({kind::kExperiment, *experiment, {}});
      return;
    }
    context_.actions.startExperiment(*experiment, this, [this, failed](Result<RunRow> started) {
      if (!started) return failed(tr("The derived architecture is kept, but it was not started."), started.error());
      deriving_ = false;
      emit changed();
      context_.navigator.open({kind::kRun, QString::fromStdString(started->id), {}});
    });
  });
}

}  // namespace dsw
