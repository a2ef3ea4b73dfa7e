// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/inspector_panel.h"

#include <QDateTime>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/models/navigator.h"
#include "ui/models/number_format.h"
#include "ui/models/project_data.h"
#include "ui/models/selection.h"
#include "ui/widgets/fact_sheet.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/shell/document_panel.h"

namespace dsw {

namespace {

QString clock(double seconds) { return QDateTime::fromSecsSinceEpoch(static_cast<qint64>(seconds)).toString("d MMM HH:mm"); }

std::vector<FactSection> runFacts(const RunRow& run, Navigator& navigator) {
  const StateLook look = stateLook(run_status_name(run.status));
  FactSection facts{"Run", QString::fromStdString(run.short_name), {}, nullptr};
  Fact state = valueFact("State", look.word);
  state.icon = look.icon;
  state.tone = look.color;
  state.mono = false;
  facts.facts.push_back(state);
  facts.facts.push_back(linkFact("Experiment", QString("%1 v%2").arg(QString::fromStdString(run.experiment_name)).arg(run.version),
                                 [&navigator, ref = ObjectRef{kind::kExperiment, QString::fromStdString(run.experiment_id),
                                                              QString("version:%1").arg(run.version)}] { navigator.open(ref); }));
  facts.facts.push_back(valueFact("Seed", QString::number(run.seed)));
  if (!run.device.empty()) facts.facts.push_back(valueFact("Device", QString::fromStdString(run.device)));
  if (run.total_steps > 0)
    facts.facts.push_back(valueFact(
        "Step", QString("%1 / %2").arg(formatCount(static_cast<double>(run.step)), formatCount(static_cast<double>(run.total_steps)))));
  if (run.started > 0) facts.facts.push_back(valueFact("Started", clock(run.started)));
  if (run.seconds > 0) facts.facts.push_back(valueFact("Took", formatDuration(run.seconds)));
  FactSection metrics{"Best values", {}, {}, nullptr};
  for (const auto& [key, summary] : run.metrics)
    if (key.starts_with("val/") || key.starts_with("test/"))
      metrics.facts.push_back(valueFact(QString::fromStdString(key), formatNumber(summary.best)));
  std::vector<FactSection> all{facts};
  if (!metrics.facts.empty()) all.push_back(metrics);
  if (!run.note.empty()) all.push_back({"Note", {}, {textFact(QString::fromStdString(run.note), Token::Text1)}, nullptr});
  return all;
}

std::vector<FactSection> experimentFacts(const ExperimentRow& row) {
  FactSection facts{"Experiment", QString("v%1").arg(row.version), {}, nullptr};
  facts.facts.push_back(valueFact("Name", QString::fromStdString(row.name)));
  facts.facts.push_back(valueFact("Task", QString::fromStdString(row.task)));
  facts.facts.push_back(valueFact("Runs", formatCount(row.runs)));
  facts.facts.push_back(valueFact("Changed", clock(row.changed)));
  return {facts};
}

std::vector<FactSection> modelFacts(const ModelRow& row) {
  FactSection facts{"Model", QString::fromStdString(row.family), {}, nullptr};
  facts.facts.push_back(valueFact("Name", QString::fromStdString(row.name)));
  facts.facts.push_back(valueFact("Imported from", QString::fromStdString(row.source)));
  facts.facts.push_back(valueFact("File", formatBytes(static_cast<double>(row.bytes)), QString::fromStdString(row.sha256)));
  facts.facts.push_back(valueFact("Imported", clock(row.created)));
  std::vector<FactSection> all{facts};
  if (!row.note.empty()) all.push_back({"Note", {}, {textFact(QString::fromStdString(row.note), Token::Text1)}, nullptr});
  return all;
}

std::vector<FactSection> projectFacts(const ProjectData& project) {
  FactSection facts{"Project", {}, {}, nullptr};
  if (project.state() != ProjectData::State::Ready) {
    facts.facts.push_back(textFact(QStringLiteral("Select a run or an experiment; its facts are shown here."), Token::Text3));
    return {facts};
  }
  facts.facts.push_back(valueFact("Name", project.name(), QString::fromStdString(project.info().path)));
  facts.facts.push_back(valueFact("Experiments", formatCount(static_cast<double>(project.experiments().size()))));
  facts.facts.push_back(valueFact("Runs", formatCount(static_cast<double>(project.runs().size()))));
  facts.facts.push_back(valueFact("Models", formatCount(static_cast<double>(project.models().size()))));
  facts.facts.push_back(
      valueFact("Journal", QString::fromStdString(project.info().journal), QStringLiteral("How SQLite keeps the file whole")));
  facts.facts.push_back(textFact(QStringLiteral("Select a run or an experiment; its facts are shown here."), Token::Text3));
  return {facts};
}

}  // namespace

InspectorPanel::InspectorPanel(PanelContext& context, QWidget* parent)
    : DockPanel(parent), context_(context), pages_(new QStackedWidget(this)), facts_(new FactSheet(this)) {
  pages_->addWidget(facts_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(pages_);
  connect(&context.selection, &Selection::objectChanged, this, &InspectorPanel::fillFacts);
  connect(&context.project, &ProjectData::reset, this, &InspectorPanel::fillFacts);
  connect(&context.project, &ProjectData::runsChanged, this, [this](const QStringList& changed) {
    if (changed.contains(context_.selection.object().id)) fillFacts();
  });
  fillFacts();
}

InspectorPanel::~InspectorPanel() { giveBack(); }

std::vector<QWidget*> InspectorPanel::titleButtons() {
  auto* pin = new QToolButton(this);
  pin->setIcon(themeIcon("pin-angle"));
  pin->setFixedSize(24, 24);
  pin->setCheckable(true);
  pin->setFocusPolicy(Qt::TabFocus);
  pin->setToolTip(QStringLiteral("Keep showing this"));
  pin->setAccessibleName(QStringLiteral("Keep showing this"));
  connect(pin, &QToolButton::toggled, this, [this](bool on) {
    pinned_ = on;
    if (!on) activePanelChanged(front_);
  });
  return {pin};
}

QWidget* InspectorPanel::mainFocus() { return pages_->currentWidget(); }

void InspectorPanel::giveBack() {
  if (!shown_) return;
  pages_->removeWidget(shown_);
  // It is the panel's: with a parent again it goes when its panel goes.
  if (owner_) {
    shown_->hide();
    shown_->setParent(owner_);
  }
  shown_ = nullptr;
}

void InspectorPanel::activePanelChanged(DocumentPanel* panel) {
  front_ = panel;
  if (pinned_ && owner_ && shown_) return;
  giveBack();
  owner_ = panel;
  QWidget* inspector = panel ? panel->inspector() : nullptr;
  if (!inspector) {
    pages_->setCurrentWidget(facts_);
    fillFacts();
    return;
  }
  shown_ = inspector;
  pages_->addWidget(inspector);
  pages_->setCurrentWidget(inspector);
}

void InspectorPanel::panelClosing(DocumentPanel* panel) {
  if (panel != owner_) return;
  giveBack();
  owner_ = nullptr;
  pages_->setCurrentWidget(facts_);
}

void InspectorPanel::fillFacts() {
  const ObjectRef& ref = context_.selection.object();
  if (ref.kind == kind::kRun) {
    if (const RunPtr run = context_.project.run(ref.id)) return facts_->setSections(runFacts(*run, context_.navigator));
  } else if (ref.kind == kind::kExperiment) {
    if (const ExperimentRow* row = context_.project.experiment(ref.id)) return facts_->setSections(experimentFacts(*row));
  }
  if (const ModelRow* row = ref.kind == kind::kModel ? context_.project.model(ref.id) : nullptr)
    return facts_->setSections(modelFacts(*row));
  facts_->setSections(projectFacts(context_.project));
}

}  // namespace dsw
