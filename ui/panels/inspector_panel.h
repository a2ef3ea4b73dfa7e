// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QPointer>

#include "ui/widgets/shell/dock_panel.h"

class QStackedWidget;
class QToolButton;

namespace dsw {

class FactSheet;

/// Shows the inspector of the document in front; where it has none, facts about what is selected. The pin keeps what is shown.
class InspectorPanel : public DockPanel {
  Q_OBJECT
 public:
  InspectorPanel(PanelContext& context, QWidget* parent);
  ~InspectorPanel() override;
  QString title() const override { return QStringLiteral("Inspector"); }
  std::vector<QWidget*> titleButtons() override;
  QWidget* mainFocus() override;
  void activePanelChanged(DocumentPanel* panel) override;
  void panelClosing(DocumentPanel* panel) override;

 private:
  void giveBack();
  void fillFacts();
  PanelContext& context_;
  QStackedWidget* pages_;
  FactSheet* facts_;
  QPointer<DocumentPanel> owner_;
  QPointer<QWidget> shown_;
  bool pinned_ = false;
  QPointer<DocumentPanel> front_;
};

}  // namespace dsw
