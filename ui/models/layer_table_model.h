// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <QString>
#include <vector>

#include "engine/nn/model_type.h"

namespace dsw {

/// "12×64×128".
QString shapeText(const Shape& shape);

/// The parts of a network as rows: name, output shape, parameters, FLOPs and its share of the FLOPs. A part of a group that repeats
/// counts all repeats and says so ("block × 4"). UI thread only.
class LayerTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Layer, Output, Parameters, Flops, Share, ColumnCount };
  using QAbstractTableModel::QAbstractTableModel;

  void setNetwork(const NetworkPlan& plan);
  int rowOf(const QString& node) const;  ///< -1: none
  QString node(int row) const { return rows_[static_cast<std::size_t>(row)].id; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  struct Row {
    QString id, name, output;
    double parameters = 0, flops = 0, share = 0;
  };
  std::vector<Row> rows_;
};

}  // namespace dsw
