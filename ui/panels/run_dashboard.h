// SPDX-License-Identifier: GPL-3.0-or-later
// The tab of one run: is it learning, how far is it, what came out. UI thread only.
#pragma once
#include "ui/models/run_data.h"
#include "ui/widgets/shell/document_panel.h"

namespace dsw {

class FactSheet;
class RunBody;

/// What the person wants here: see in the first line how far it is and its best value; watch the curves; stop, go on, duplicate; read
/// samples; learn why it failed and get back to the last good checkpoint. What stands under the head is a RunBody by task.
class RunDashboard : public DocumentPanel {
  Q_OBJECT
 public:
  RunDashboard(PanelContext& context, const ObjectRef& ref, QWidget* parent = nullptr);
  ~RunDashboard() override;

  QString place() const override;
  void showPlace(const QString& place) override;
  QWidget* inspector() override;
  QWidget* mainFocus() override;
  bool wantsBottomDocks() const override { return task_ != "search"; }
  QVector<PaletteEntry> paletteEntries() const override;
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

 private:
  void makeBody(const std::string& task);
  void refreshRow();
  void refreshButtons();
  void refreshMessage();
  void refreshInspector();
  void showPendingPlace();
  void editTags();
  void editNote();
  void editName();
  QString runId() const { return ref().id; }

  RunData run_;
  RunBody* body_ = nullptr;
  FactSheet* inspector_;
  std::string task_;
  QString buttons_for_, message_for_, wanted_place_, place_;
  bool stopping_ = false;
};

}  // namespace dsw
