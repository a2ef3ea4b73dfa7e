// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/models/model_session.h"
#include "ui/widgets/fact_sheet.h"
#include "ui/widgets/shell/document_panel.h"

class QComboBox;
class QLabel;
class QTableView;

namespace dsw {

class ElidedLabel;
class GraphView;
class LayerTableModel;
class ModelEvaluations;
class ModelTry;

/// A model: an imported one, or the checkpoints of a run (the ref's id is then the run's). Answers what it is, where it comes from,
/// what it scored, and lets the person try it. Places: "checkpoint:best", "checkpoint:1600". UI thread only.
class ModelView : public DocumentPanel {
  Q_OBJECT
 public:
  ModelView(PanelContext& context, const ObjectRef& ref, QWidget* parent);
  ~ModelView() override;

  QString place() const override;
  void showPlace(const QString& place) override;
  QWidget* inspector() override { return inspector_; }
  QWidget* mainFocus() override;
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

 private:
  QWidget* buildBody();
  void refresh();
  void refreshChoices();
  void exportModel();
  bool imported() const;

  ModelSession session_;
  FactSheet* inspector_;
  ElidedLabel* summary_;
  QComboBox* checkpoint_;
  QLabel* checkpoint_label_;
  GraphView* network_;
  LayerTableModel* layers_;
  QTableView* layer_table_;
  QLabel* layers_note_;
  ModelTry* try_;
  ModelEvaluations* evaluations_;
  QString wanted_ = QStringLiteral("best"), drawn_;
};

}  // namespace dsw
