// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/comparison_body.h"

#include <QApplication>
#include <QSplitter>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>
#include <cmath>

#include "ui/models/arm_table_model.h"
#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/query_runner.h"
#include "ui/models/run_data.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/fact_line.h"
#include "ui/widgets/interval_view.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/name_column.h"
#include "ui/widgets/pane.h"
#include "ui/widgets/scatter_view.h"
#include "ui/widgets/shell/panel_context.h"

namespace dsw {
namespace {

constexpr int kTableRows = 7;  // that have room without scrolling

int styleOf(const QString& arm) {
  if (arm == QLatin1String("a")) return ThemeColors::kBaselineSeries;
  if (arm == QLatin1String("d")) return 0;
  return arm.startsWith(QLatin1String("b-")) ? 1 : arm.startsWith(QLatin1Char('c')) ? 2 : 3;
}

}  // namespace

ComparisonBody::ComparisonBody(PanelContext& context, RunData& run, QWidget* parent)
    : RunBody(parent), context_(context), run_(run), arms_(new ArmTableModel(this)), line_(new FactLine(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(line_);
  column->addWidget(buildVerdict(this));
  auto* split = new QSplitter(Qt::Vertical, this);
  table_ = new QTableView(split);
  table_->setModel(arms_);
  installTableLook(table_);
  for (int c = ArmTableModel::Flops; c < ArmTableModel::ColumnCount; ++c) table_->setItemDelegateForColumn(c, new NumberDelegate(table_));
  new NameColumn(table_, ArmTableModel::Title);
  table_->setAccessibleName(tr("Networks that are compared"));
  table_->setMinimumHeight(26 + 24 * 3);
  auto* lower = new QSplitter(Qt::Horizontal, split);
  intervals_ = new IntervalView(lower);
  intervals_->setAccessibleName(tr("Differences with their intervals"));
  intervals_->setEmptyText(tr("Appears when baseline and derived network were trained in two runs."));
  plane_ = new ScatterView(lower);
  plane_->setEmptyText(tr("Each training appears here when it has ended."));
  lower->addWidget(buildPane(tr("Differences"), intervals_note_, intervals_, lower));
  lower->addWidget(buildPane(tr("Score and cost"), plane_note_, plane_, lower));
  lower->setSizes({540, 420});
  split->setSizes({26 + 24 * kTableRows, 420});
  split->setStretchFactor(1, 1);
  for (QSplitter* s : {split, lower}) {
    s->setChildrenCollapsible(false);
    s->setHandleWidth(1);
  }
  column->addWidget(split, 1);
  const auto saved = [this](const QString& path) { context_.navigator.notice(NoticeLevel::Success, tr("%1 is written.").arg(path)); };
  const auto failed = [this](const QString& path) {
    context_.navigator.notice(NoticeLevel::Error, tr("%1 could not be written.").arg(path));
  };
  connect(intervals_, &IntervalView::exported, this, saved);
  connect(intervals_, &IntervalView::exportFailed, this, failed);
  connect(plane_, &ScatterView::exported, this, saved);
  connect(plane_, &ScatterView::exportFailed, this, failed);
  connect(&run_, &RunData::samplesChanged, this, &ComparisonBody::read);
  if (run_.isLoaded()) read();
  show();
}

ComparisonBody::~ComparisonBody() = default;

QWidget* ComparisonBody::buildVerdict(QWidget* parent) {
  auto* box = new QWidget(parent);
  box->setBackgroundRole(QPalette::Base);
  box->setAutoFillBackground(true);
  auto* row = new QVBoxLayout(box);
  row->setContentsMargins(12, 8, 12, 10);
  row->setSpacing(2);
  row->addWidget(new ThemedLabel(tr("Verdict"), FontRole::Strong, Token::Text1, box));
  verdict_ = new ThemedLabel({}, FontRole::Text, Token::Text1, box);
  verdict_->setWordWrap(true);
  verdict_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  row->addWidget(verdict_);
  return box;
}

QWidget* ComparisonBody::buildPane(const QString& title, QLabel*& note, QWidget* view, QWidget* parent) {
  auto* pane = new QWidget(parent);
  pane->setBackgroundRole(QPalette::Base);
  pane->setAutoFillBackground(true);
  auto* column = new QVBoxLayout(pane);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(12, 3, 8, 0);
  head->setSpacing(8);
  head->addWidget(new ThemedLabel(title, FontRole::Strong, Token::Text1, pane));
  note = new ThemedLabel({}, FontRole::Hint, Token::Text2, pane);
  head->addWidget(note, 1);
  QToolButton* save = iconButton("download", tr("Export %1").arg(title), pane);
  connect(save, &QToolButton::clicked, this, [this, view] {
    if (view == plane_)
      plane_->exportDialog();
    else
      intervals_->exportDialog();
  });
  head->addWidget(save);
  column->addLayout(head);
  column->addWidget(view, 1);
  return pane;
}

void ComparisonBody::read() {
  context_.queries.askLatest<ComparisonReport>(
      this, "comparison", [samples = run_.samples()](ProjectReader&) -> Result<ComparisonReport> { return readComparison(samples); },
      [this](Result<ComparisonReport> answer) {
        if (!answer) return;
        report_ = std::move(*answer);
        show();
        emit changed();
      });
}

void ComparisonBody::show() {
  arms_->setReport(report_);
  verdict_->setText(report_.complete        ? report_.verdict
                    : report_.pairs.empty() ? tr("It comes when baseline and derived network were trained.")
                                            : tr("So far: %1").arg(report_.verdict));
  std::vector<IntervalRow> rows;
  for (const ArmPair& pair : report_.pairs) {
    IntervalRow row;
    row.name = pair.title;
    row.mean = 100 * pair.difference;
    row.lower = 100 * pair.lower;
    row.upper = 100 * pair.upper;
    row.limit = -100 * pair.margin;
    row.note = tr("%1 runs").arg(pair.runs);
    if (pair.runs == 0) row.note.clear();
    if (std::isfinite(pair.margin))
      row.note = pair.holds() ? tr("not inferior") : std::isfinite(pair.lower) ? tr("not shown") : tr("one run");
    rows.push_back(std::move(row));
  }
  intervals_->setRows(std::move(rows),
                      report_.loss ? tr("difference, % of the loss; right is better") : tr("difference, points; right is better"));
  intervals_note_->setText(tr("95 %, one-sided, paired by run"));
  double most = 0;
  for (const ArmTraining& one : report_.trainings) most = std::max(most, one.flops);
  const double scale = most >= 2e8 ? 1e9 : most >= 2e5 ? 1e6 : 1;
  const QString unit = scale == 1e9 ? tr("GFLOPs") : scale == 1e6 ? tr("MFLOPs") : tr("FLOPs");
  const auto score = [&](double value) { return report_.loss ? value : 100 * value; };
  std::vector<ScatterPoint> points;
  for (std::size_t i = 0; i < report_.trainings.size(); ++i) {
    const ArmTraining& one = report_.trainings[i];
    points.push_back(
        {QString::number(i), tr("%1, %2, run %3").arg(one.arm, one.set).arg(one.run + 1), one.flops / scale, score(one.score)});
  }
  for (const ArmScore& arm : report_.arms)
    points.push_back({"mean " + arm.id, tr("%1, mean of %2").arg(arm.title).arg(arm.runs), arm.flops / scale, score(arm.score),
                      styleOf(arm.id), arm.title});
  plane_->setData(std::move(points), {unit, {}, false, {}}, {report_.loss ? tr("test loss") : tr("test accuracy, %"), {}, false, {}});
  plane_note_->setText(tr("dots: trainings; marks: means"));
  refreshRow();
}

void ComparisonBody::refreshRow() {
  const RunRow& row = run_.row();
  std::vector<LineFact> line{
      {tr("Training"), formatCountExact(report_.done), report_.total > 0 ? tr("of %1").arg(report_.total) : QString()}};
  if (std::isfinite(report_.saving)) line.push_back({tr("saving"), formatPercent(report_.saving), tr("of the FLOPs")});
  if (row.status == RunStatus::Running && row.seconds_left > 0)
    line.push_back({{}, tr("%1 left").arg(formatRemaining(row.seconds_left)), {}});
  line_->setFacts(std::move(line), report_.total > 0 ? static_cast<double>(report_.done) / report_.total : 0,
                  stateLook(QString::fromLatin1(run_status_name(row.status))).color);
}

QWidget* ComparisonBody::mainFocus() const { return table_; }

bool ComparisonBody::hasFocusedFigure() const { return intervals_->hasFocus() || plane_->hasFocus(); }

void ComparisonBody::exportFigure() {
  if (plane_->hasFocus()) return plane_->exportDialog();
  intervals_->exportDialog();
}

std::vector<FactSection> ComparisonBody::facts() {
  FactSection choosing{tr("What choosing cost"), tr("a run"), {}, nullptr};
  if (std::isfinite(report_.search_flops)) {
    choosing.facts.push_back(valueFact(tr("Search, FLOPs"), formatCount(report_.search_flops)));
    choosing.facts.push_back(valueFact(tr("Random, FLOPs"), formatCount(report_.training_flops), tr("Training of all random networks")));
    choosing.facts.push_back(valueFact(tr("Random networks"), report_.networks_least == report_.networks_most
                                                                  ? QString::number(report_.networks_most)
                                                                  : tr("%1 to %2").arg(report_.networks_least).arg(report_.networks_most)));
  }
  if (choosing.facts.empty()) return {};
  return {choosing};
}

}  // namespace dsw
