// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QStatusBar>

class QToolButton;

namespace dsw {

class CommandRegistry;
class JobListModel;
class ProblemListModel;
class ProjectData;
class SystemMonitor;

/// The 24 px line at the bottom: device, memory, use, running and queued; then problems, saved at, scale. Each is a button that runs
/// a command. UI thread only.
class WindowStatus : public QStatusBar {
  Q_OBJECT
 public:
  WindowStatus(CommandRegistry& commands, const SystemMonitor& monitor, const JobListModel& jobs, const ProblemListModel& problems,
               const ProjectData& project, QWidget* parent = nullptr);
  /// "Saved 14:02:31", "Read-only", "network file system, no WAL"; empty: nothing.
  void setSaved(const QString& text, const QString& toolTip = {});

 private:
  QToolButton* button(const QString& command, const QString& name, bool right);
  void refreshSystem();
  void refreshJobs();
  void refreshProblems();
  CommandRegistry& commands_;
  const SystemMonitor& monitor_;
  const JobListModel& jobs_;
  const ProblemListModel& problems_;
  const ProjectData& project_;
  QToolButton *device_, *memory_, *use_, *running_, *problemCount_, *saved_, *scale_;
};

}  // namespace dsw
