// SPDX-License-Identifier: GPL-3.0-or-later
// Every panel of the window, in one visible list.
#include "ui/panels/devices_panel.h"
#include "ui/panels/experiment_editor.h"
#include "ui/panels/help_panel.h"
#include "ui/panels/inspector_panel.h"
#include "ui/panels/jobs_panel.h"
#include "ui/panels/keys_panel.h"
#include "ui/panels/log_panel.h"
#include "ui/panels/machine_panel.h"
#include "ui/panels/model_view.h"
#include "ui/panels/navigator_panel.h"
#include "ui/panels/overview_panel.h"
#include "ui/panels/run_dashboard.h"
#include "ui/panels/runs_panel.h"
#include "ui/panels/start_page.h"
#include "ui/widgets/shell/panel_registry.h"

namespace dsw {

namespace {

template <class Panel>
PanelRegistry::Entry document(const QString& kind) {
  return {kind,
          [](PanelContext& context, const ObjectRef& ref, QWidget* parent) -> DocumentPanel* { return new Panel(context, ref, parent); }};
}

template <class Panel>
DockEntry dock(const QString& id, const QString& text, DockPlace place, int size, int minimum) {
  return {id, text, place, size, minimum, [](PanelContext& context, QWidget* parent) -> DockPanel* { return new Panel(context, parent); }};
}

}  // namespace

void registerPanels(PanelRegistry& registry) {
  registry.add(document<StartPage>(kind::kStart));
  registry.add(document<OverviewPanel>(kind::kOverview));
  registry.add(document<ExperimentEditor>(kind::kExperiment));
  registry.add(document<RunDashboard>(kind::kRun));
  registry.add(document<RunsPanel>(kind::kRuns));
  registry.add(document<ModelView>(kind::kModel));
  registry.add(document<DevicesPanel>(kind::kDevices));
  registry.add(document<MachinePanel>(kind::kMachine));
  registry.add(document<KeysPanel>(kind::kKeys));
  registry.add(document<HelpPanel>(kind::kHelp));

  registry.addDock(dock<NavigatorPanel>("navigator", "Navigator", DockPlace::Left, 212, 180));
  registry.addDock(dock<InspectorPanel>("inspector", "Inspector", DockPlace::Right, 268, 240));
  registry.addDock(dock<JobsPanel>("jobs", "Jobs", DockPlace::Bottom, 126, 96));
  registry.addDock(dock<LogPanel>("log", "Log", DockPlace::Bottom, 126, 96));
  registry.addDock(dock<ProblemsPanel>("problems", "Problems", DockPlace::Bottom, 126, 96));
}

}  // namespace dsw
