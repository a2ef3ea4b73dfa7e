// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <QString>
#include "ui/widgets/curve/curve_data.h"
#include "ui/widgets/figure_export.h"

class QWidget;

namespace dsw {

/// Rows: every step that a series has, ascending. Columns: step, then each series (empty where it has no point). Values are copied.
class CurveTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  explicit CurveTableModel(const CurveData& data, QObject* parent = nullptr);
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  struct Column {
    QString name;
    int decimals;
    std::vector<double> step, value;
  };
  std::vector<double> steps_;
  std::vector<Column> columns_;
};

/// Comma-separated text: "# key: value" lines of the provenance, then "step,NAME,NAME-low,NAME-high,…". Numbers in the shortest form that
/// reads back equal.
QString curveCsv(const CurveData& data, const QString& quantity, const Provenance& provenance);

/// Shows a table model in a dialog over `parent` with copy (Ctrl+C with head) and closes by Esc.
void showTableDialog(QWidget* parent, QAbstractItemModel* model, const QString& title);

}  // namespace dsw
