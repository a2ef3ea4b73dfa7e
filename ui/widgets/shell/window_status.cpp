// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/window_status.h"

#include <QGuiApplication>
#include <QToolButton>

#include "ui/models/command_registry.h"
#include "ui/models/job_list_model.h"
#include "ui/models/number_format.h"
#include "ui/models/problem_list_model.h"
#include "ui/models/project_data.h"
#include "ui/models/system_monitor.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace dsw {

WindowStatus::WindowStatus(CommandRegistry& commands, const SystemMonitor& monitor, const JobListModel& jobs,
                           const ProblemListModel& problems, const ProjectData& project, QWidget* parent)
    : QStatusBar(parent), commands_(commands), monitor_(monitor), jobs_(jobs), problems_(problems), project_(project) {
  setSizeGripEnabled(false);
  setAccessibleName(QStringLiteral("Status"));
  device_ = button("view.devices", "Device", false);
  memory_ = button("view.devices", "Memory", false);
  use_ = button("view.devices", "Use", false);
  running_ = button("view.jobs", "Jobs", false);
  problemCount_ = button("view.problems", "Problems", true);
  saved_ = button("file.save", "Saved", true);
  scale_ = button("view.scale-reset", "Scale", true);
  running_->setObjectName("status-jobs");
  device_->setIcon(themeIcon("cpu"));
  for (QToolButton* number : {memory_, use_, scale_}) number->setFont(themeFont(FontRole::Number));
  scale_->setText(QString("%1 %").arg(qRound(qApp->devicePixelRatio() * 100)));
  scale_->setToolTip(QStringLiteral("Scale of the window"));
  saved_->hide();
  connect(&monitor, &SystemMonitor::sampled, this, &WindowStatus::refreshSystem);
  connect(&jobs, &JobListModel::countsChanged, this, &WindowStatus::refreshJobs);
  connect(&project, &ProjectData::reset, this, &WindowStatus::refreshJobs);
  connect(&problems, &ProblemListModel::countChanged, this, &WindowStatus::refreshProblems);
  connect(&Theme::current(), &Theme::changed, this, [this] {
    refreshProblems();
    refreshJobs();
  });
  refreshSystem();
  refreshJobs();
  refreshProblems();
}

QToolButton* WindowStatus::button(const QString& command, const QString& name, bool right) {
  auto* made = new QToolButton(this);
  made->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  made->setIconSize({14, 14});
  made->setFocusPolicy(Qt::TabFocus);
  made->setAccessibleName(name);
  connect(made, &QToolButton::clicked, this, [this, command] { commands_.run(command); });
  if (right)
    addPermanentWidget(made);
  else
    addWidget(made);
  return made;
}

void WindowStatus::setSaved(const QString& text, const QString& toolTip) {
  saved_->setText(text);
  saved_->setToolTip(toolTip);
  saved_->setAccessibleName(text);
  saved_->setVisible(!text.isEmpty());
}

void WindowStatus::refreshSystem() {
  const SystemMonitor::Sample& sample = monitor_.sample();
  const bool known = monitor_.hasSample();
  for (QToolButton* button : {device_, memory_, use_}) button->setVisible(known);
  if (!known) return;
  const DeviceInfo* shown = nullptr;
  for (const DeviceInfo& device : sample.devices)
    if (device.unavailable.empty()) shown = &device;  // the last usable one is the fastest
  const bool gpu = shown && shown->name.starts_with("cuda");
  device_->setIcon(themeIcon(gpu ? "gpu-card" : "cpu"));
  device_->setText(shown ? QString::fromStdString(shown->name) : QStringLiteral("cpu"));
  QString toolTip = shown ? QString::fromStdString(shown->description) : QString();
  for (const std::string& remark : shown ? shown->remarks : std::vector<std::string>{}) toolTip += "; " + QString::fromStdString(remark);
  device_->setToolTip(toolTip);
  const double total = static_cast<double>(shown ? shown->memory_bytes : sample.memoryBytes);
  const double free = static_cast<double>(shown ? shown->free_bytes : sample.freeBytes);
  constexpr double kGiB = 1024.0 * 1024 * 1024;
  memory_->setText(QString("%1 / %2 GiB").arg((total - free) / kGiB, 0, 'f', 1).arg(total / kGiB, 0, 'f', 0));
  memory_->setToolTip(QString("%1 of %2 memory in use").arg(formatBytes(total - free), formatBytes(total)));
  use_->setVisible(!gpu || shown->busy_percent >= 0);
  use_->setText(formatPercent(gpu ? shown->busy_percent / 100.0 : sample.cpuUse, 0));
  use_->setToolTip(gpu ? QStringLiteral("Share of the last moment in which the graphics processor computed")
                       : QStringLiteral("Use of all cores over the last two seconds"));
  device_->setAccessibleName("Device " + device_->text());
  memory_->setAccessibleName("Memory in use " + memory_->text());
  use_->setAccessibleName("Use " + use_->text());
}

void WindowStatus::refreshJobs() {
  const bool elsewhere = project_.writtenElsewhere();
  const int running = elsewhere ? project_.count(RunStatus::Running) + project_.count(RunStatus::Paused) : jobs_.running();
  const int queued = elsewhere ? project_.count(RunStatus::Queued) : jobs_.queued();
  QStringList parts;
  if (running) parts.push_back(QString("%1 running").arg(running));
  if (queued) parts.push_back(QString("%1 queued").arg(queued));
  QString text = parts.isEmpty() ? QStringLiteral("Nothing running") : parts.join(", ");
  if (elsewhere && !parts.isEmpty()) text += QStringLiteral(" in the other program");
  running_->setText(text);
  running_->setAccessibleName(text);
  running_->setIcon(running ? stateIcon("running") : queued ? stateIcon("queued") : QIcon());
  running_->setToolTip(elsewhere ? project_.readOnlyReason() : QStringLiteral("Show the jobs"));
}

void WindowStatus::refreshProblems() {
  const int count = problems_.errors();
  problemCount_->setText(QString("Problems %1").arg(count));
  problemCount_->setAccessibleName(problemCount_->text());
  problemCount_->setIcon(count ? themeIcon("x-octagon-fill", Token::Failed) : themeIcon("check-lg", Token::Finished));
  QPalette palette = problemCount_->palette();
  palette.setColor(QPalette::ButtonText, themeColor(count ? Token::Failed : Token::Text2));
  problemCount_->setPalette(palette);
}

}  // namespace dsw
