// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/metric_table.h"

#include <QTableView>
#include <QVBoxLayout>

#include "ui/models/metric_table_model.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/name_column.h"

namespace dsw {

MetricTable::MetricTable(MetricTableModel& model, QWidget* parent)
    : QWidget(parent), count_(new ThemedLabel({}, FontRole::Text, Token::Text2)), table_(new QTableView) {
  setBackgroundRole(QPalette::Base);
  setAutoFillBackground(true);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QWidget;
  head->setFixedHeight(30);
  auto* line = new QHBoxLayout(head);
  line->setContentsMargins(12, 0, 12, 0);
  line->setSpacing(8);
  line->addWidget(new ThemedLabel(tr("Metrics"), FontRole::Strong));
  line->addWidget(count_, 1);
  column->addWidget(head);
  column->addWidget(table_, 1);

  table_->setModel(&model);
  installTableLook(table_);
  for (int c = MetricTableModel::Last; c < MetricTableModel::ColumnCount; ++c)
    table_->setItemDelegateForColumn(c, new NumberDelegate(table_));
  new NameColumn(table_, MetricTableModel::Name);
  table_->setAccessibleName(tr("Metrics with last and best values"));
  const auto refresh = [this, &model] { count_->setText(model.rowCount() > 0 ? QString::number(model.rowCount()) : QString()); };
  connect(&model, &QAbstractItemModel::modelReset, this, refresh);
  refresh();
}

}  // namespace dsw
