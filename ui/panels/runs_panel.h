// SPDX-License-Identifier: GPL-3.0-or-later
// All runs as a table, and the marked ones compared below it. UI thread only.
#pragma once
#include "ui/models/comparison.h"
#include "ui/models/run_table_model.h"
#include "ui/widgets/shell/document_panel.h"

class QBoxLayout;
class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSplitter;
class QTreeView;

namespace dsw {

class CompareView;

/// What the person wants here: find runs by what they were and how well they did, mark some, see where they differ and which is better.
class RunsPanel : public DocumentPanel {
  Q_OBJECT
 public:
  RunsPanel(PanelContext& context, const ObjectRef& ref, QWidget* parent = nullptr);
  ~RunsPanel() override;

  QString place() const override;
  void showPlace(const QString& place) override;  ///< a filter
  QWidget* mainFocus() override;
  bool wantsBottomDocks() const override { return false; }
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;
  RunTableModel& model() { return model_; }

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  QWidget* buildBody();
  void applyColumns();
  void refreshCounts();
  void fitButtons();
  void showCompare();
  void openCurrent();
  void chooseColumns();
  void exportCsv();
  void copyRows();
  void tagTargets();
  QStringList targets() const;  ///< runs of the selected rows
  RunPtr current() const;

  RunTableModel model_;
  Comparison comparison_;
  QLineEdit* filter_ = nullptr;
  QLabel* counts_ = nullptr;
  QPushButton* group_ = nullptr;
  QPushButton* hide_equal_ = nullptr;
  QBoxLayout* head_ = nullptr;  ///< filter and buttons, one under the other in a narrow document
  QPushButton* columns_ = nullptr;
  QPushButton* csv_ = nullptr;
  QTreeView* table_ = nullptr;
  CompareView* compare_ = nullptr;
  QSplitter* split_ = nullptr;
  bool sized_ = false;
};

}  // namespace dsw
