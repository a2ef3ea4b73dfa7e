// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <vector>

#include "ui/models/evaluation_table_model.h"
#include "ui/models/model_session.h"

class QLabel;
class QPushButton;
class QTableView;

namespace dsw {

class DataPicker;
class HeatmapView;

/// What the model scored, and a line to measure it on other data. A row of labelled data shows its confusion matrix. UI thread only.
class ModelEvaluations : public QWidget {
  Q_OBJECT
 public:
  explicit ModelEvaluations(ModelSession& session, QWidget* parent = nullptr);
  void setDataChoices(const std::vector<ModelData>& choices);
  void evaluate();

 signals:
  void writeFailed(const QString& path);
  void written(const QString& path);

 private:
  void refresh();
  void refreshButtons();
  void showConfusion();
  void exportCsv();
  ModelSession& session_;
  EvaluationTableModel* model_;
  DataPicker* data_;
  QPushButton *evaluate_, *stop_, *csv_;
  QLabel* note_;
  QLabel* empty_;
  QTableView* table_;
  HeatmapView* confusion_;
};

}  // namespace dsw
