// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/model_evaluations.h"

#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "ui/models/number_format.h"
#include "ui/panels/confusion_map.h"
#include "ui/panels/data_picker.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/focus_ring.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/write_apart.h"

namespace dsw {

ModelEvaluations::ModelEvaluations(ModelSession& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      model_(new EvaluationTableModel(this)),
      data_(new DataPicker),
      evaluate_(new QPushButton(themeIcon("play-fill"), tr("Evaluate"))),
      stop_(new QPushButton(themeIcon("stop-circle"), tr("Stop"))),
      csv_(new QPushButton(themeIcon("download"), tr("CSV"))),
      note_(new ThemedLabel({}, FontRole::Hint, Token::Text2)),
      empty_(new ThemedLabel(tr("Nothing was measured yet. Choose data and evaluate."), FontRole::Text, Token::Text3)),
      table_(new QTableView),
      confusion_(new HeatmapView) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 8, 0, 0);
  column->setSpacing(8);
  auto* line = new QHBoxLayout;
  line->setContentsMargins(12, 0, 12, 0);
  line->setSpacing(8);
  line->addWidget(data_, 1);
  line->addWidget(evaluate_);
  line->addWidget(stop_);
  line->addWidget(csv_);
  column->addLayout(line);
  evaluate_->setToolTip(tr("Measure the model on this part of the data"));
  csv_->setToolTip(tr("Export the table with full precision"));
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setWordWrap(true);
  column->addWidget(empty_, 1);
  table_->setModel(model_);
  installTableLook(table_);
  constexpr int kMostColumns = 16;
  for (int c = EvaluationTableModel::Targets; c < kMostColumns; ++c) table_->setItemDelegateForColumn(c, new NumberDelegate(table_));
  table_->setAccessibleName(tr("Evaluations"));
  table_->horizontalHeader()->setStretchLastSection(false);
  column->addWidget(table_, 1);
  note_->setContentsMargins(12, 0, 12, 0);
  column->addWidget(note_);
  confusion_->setAccessibleName(tr("Confusion matrix"));
  column->addWidget(confusion_, 3);
  connect(evaluate_, &QPushButton::clicked, this, &ModelEvaluations::evaluate);
  connect(stop_, &QPushButton::clicked, &session_, &ModelSession::stop);
  connect(csv_, &QPushButton::clicked, this, &ModelEvaluations::exportCsv);
  connect(data_, &DataPicker::changed, this, &ModelEvaluations::refreshButtons);
  connect(&session_, &ModelSession::evaluationsChanged, this, &ModelEvaluations::refresh);
  connect(&session_, &ModelSession::changed, this, &ModelEvaluations::refreshButtons);
  connect(&session_, &ModelSession::busyChanged, this, &ModelEvaluations::refreshButtons);
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &ModelEvaluations::showConfusion);
  refresh();
}

void ModelEvaluations::setDataChoices(const std::vector<ModelData>& choices) {
  data_->setChoices(choices);
  refreshButtons();
}

void ModelEvaluations::evaluate() {
  if (const auto chosen = data_->data(); chosen && !session_.busy()) session_.evaluate(*chosen, data_->part());
}

void ModelEvaluations::refresh() {
  model_->setRows(session_.evaluations());
  const bool any = model_->rowCount() > 0;
  empty_->setVisible(!any);
  table_->setVisible(any);
  for (int c = 0; c < model_->columnCount(); ++c) {
    const bool number = c >= EvaluationTableModel::Targets;
    table_->setColumnWidth(c, c == EvaluationTableModel::Part ? 56 : c == EvaluationTableModel::When ? 104 : number ? 96 : 160);
  }
  if (any) table_->horizontalHeader()->setSectionResizeMode(EvaluationTableModel::Data, QHeaderView::Stretch);
  if (any) table_->selectRow(0);
  showConfusion();
  refreshButtons();
}

void ModelEvaluations::refreshButtons() {
  const bool busy = session_.busy();
  const KeepFocus keep(evaluate_, stop_);
  evaluate_->setEnabled(session_.isLoaded() && !busy && data_->data());
  stop_->setVisible(busy);
  csv_->setEnabled(model_->rowCount() > 0);
}

void ModelEvaluations::showConfusion() {
  const int row = table_->currentIndex().row();
  ConfusionMap map;
  if (row >= 0 && row < model_->rowCount()) map = confusionMap(Json::parse(model_->row(row).result, nullptr, false));
  const bool any = map.map.rows > 0;
  confusion_->setVisible(any);
  note_->setVisible(any);
  if (!any) return;
  note_->setText(tr("Confusion on %1: %2 of %3 right")
                     .arg(QString::fromStdString(model_->row(row).part), formatCountExact(map.right), formatCountExact(map.all)));
  confusion_->setTitle(tr("Confusion of %1").arg(QString::fromStdString(session_.model().name)));
  confusion_->setProvenance({{"model", QString::fromStdString(session_.model().name)},
                             {"weights", QString::fromStdString(session_.model().sha256)},
                             {"data", QString::fromStdString(model_->row(row).data)},
                             {"part", QString::fromStdString(model_->row(row).part)}});
  showConfusionMap(*confusion_, map);
}

void ModelEvaluations::exportCsv() {
  auto* dialog = new QFileDialog(this, tr("Export the evaluations"), QString::fromStdString(session_.model().name) + "-evaluations.csv",
                                 tr("CSV (*.csv)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix("csv");
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
    if (writeApart(path, [csv = model_->csv()] { return csv.toUtf8(); }))
      emit written(path);
    else
      emit writeFailed(path);
  });
  dialog->open();
}

}  // namespace dsw
