// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QVector>

#include "ui/models/recent_projects_model.h"
#include "ui/widgets/shell/document_panel.h"

class QGridLayout;
class QLabel;
class QLineEdit;
class QTableView;
class QVBoxLayout;

namespace dsw {

class EmptyState;
class FactSheet;
class TemplateCard;

/// Where a person begins: recent projects, templates with a picture each, what is going on, devices, keys. UI thread only.
class StartPage : public DocumentPanel {
  Q_OBJECT
 public:
  StartPage(PanelContext& context, const ObjectRef& ref, QWidget* parent = nullptr);
  bool wantsWholeWindow() const override { return true; }
  QWidget* mainFocus() override;
  void showPlace(const QString& place) override;
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

 protected:
  void resizeEvent(QResizeEvent*) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* buildMain(QWidget* parent);
  QWidget* buildSide(QWidget* parent);
  void loadTemplates();
  void placeCards();
  void openRecent(int row);
  void refreshRecent();
  void fillSide();
  RecentProjectsModel recent_;
  QTableView* table_ = nullptr;
  QLabel* noRecent_ = nullptr;
  QLineEdit* filter_ = nullptr;
  QLabel* templatesNote_ = nullptr;
  QWidget* cardsHost_ = nullptr;
  QGridLayout* cardsGrid_ = nullptr;
  QVector<TemplateCard*> cards_;
  FactSheet* side_ = nullptr;
  QWidget* main_ = nullptr;
  QWidget* newProject_ = nullptr;
};

}  // namespace dsw
