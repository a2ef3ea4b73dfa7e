// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/widgets/shell/document_panel.h"

class QTextBrowser;

namespace dsw {

/// "Your first run in one minute", and what the program is. Places: "first-run", "about".
class HelpPanel : public DocumentPanel {
  Q_OBJECT
 public:
  HelpPanel(PanelContext& context, const ObjectRef& ref, QWidget* parent = nullptr);
  QString place() const override { return place_; }
  void showPlace(const QString& place) override;
  QWidget* mainFocus() override;

 private:
  void fill();
  QString key(const char* command) const;
  QTextBrowser* text_;
  QString place_ = QStringLiteral("first-run");
};

}  // namespace dsw
