// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/curve/curve_table.h"

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"
#include "ui/widgets/item_delegates.h"

namespace dsw {
namespace {

std::vector<double> allSteps(const CurveData& data) {
  std::vector<double> steps;
  for (const CurveSeries& s : data.series) {
    std::vector<double> merged;
    merged.reserve(steps.size() + s.step.size());
    std::set_union(steps.begin(), steps.end(), s.step.begin(), s.step.end(), std::back_inserter(merged));
    steps = std::move(merged);
  }
  return steps;
}

/// Index of the step, -1 where the series has none there.
std::ptrdiff_t indexOfStep(const std::vector<double>& steps, double step) {
  const auto it = std::lower_bound(steps.begin(), steps.end(), step);
  return it != steps.end() && *it == step ? it - steps.begin() : -1;
}

}  // namespace

CurveTableModel::CurveTableModel(const CurveData& data, QObject* parent) : QAbstractTableModel(parent), steps_(allSteps(data)) {
  for (const CurveSeries& s : data.series) columns_.push_back({s.name, s.decimals, s.step, s.value});
}

int CurveTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(steps_.size()); }
int CurveTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(columns_.size()) + 1; }

QVariant CurveTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || (role != Qt::DisplayRole && role != ExactRole)) return {};
  const double step = steps_[static_cast<std::size_t>(index.row())];
  if (index.column() == 0) return role == ExactRole ? formatExact(step) : formatFixed(step, step == std::floor(step) ? 0 : 2);
  const Column& column = columns_[static_cast<std::size_t>(index.column() - 1)];
  const std::ptrdiff_t at = indexOfStep(column.step, step);
  if (at < 0) return {};
  const double v = column.value[static_cast<std::size_t>(at)];
  return role == ExactRole ? formatExact(v) : formatFixed(v, column.decimals);
}

QVariant CurveTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  return section == 0 ? tr("Step") : columns_[static_cast<std::size_t>(section - 1)].name;
}

QString curveCsv(const CurveData& data, const QString& quantity, const Provenance& provenance) {
  QString out = provenanceHead(quantity, provenance);
  out += QStringLiteral("step");
  for (const CurveSeries& s : data.series) {
    out += QLatin1Char(',') + csvCell(s.name);
    if (s.low.size() == s.step.size() && !s.low.empty())
      out += QStringLiteral(",%1,%2").arg(csvCell(s.name + QStringLiteral("-low")), csvCell(s.name + QStringLiteral("-high")));
  }
  out += QLatin1Char('\n');
  for (const double step : allSteps(data)) {
    out += formatExact(step);
    for (const CurveSeries& s : data.series) {
      const std::ptrdiff_t at = indexOfStep(s.step, step);
      const bool band = s.low.size() == s.step.size() && !s.low.empty();
      const auto k = static_cast<std::size_t>(at);
      out += QLatin1Char(',');
      if (at >= 0) out += formatExact(s.value[k]);
      if (band) out += at >= 0 ? QStringLiteral(",%1,%2").arg(formatExact(s.low[k]), formatExact(s.high[k])) : QStringLiteral(",,");
    }
    out += QLatin1Char('\n');
  }
  return out;
}

void showTableDialog(QWidget* parent, QAbstractItemModel* model, const QString& title) {
  auto* dialog = new QDialog(parent);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setObjectName(QStringLiteral("dataTable"));
  dialog->setWindowTitle(title);
  model->setParent(dialog);
  auto* column = new QVBoxLayout(dialog);
  column->setContentsMargins(0, 0, 0, 8);
  auto* view = new QTableView;
  installTableLook(view);
  view->setItemDelegate(new NumberDelegate(view));
  view->setSelectionMode(QAbstractItemView::ExtendedSelection);
  view->setModel(model);
  view->horizontalHeader()->setStretchLastSection(false);
  view->horizontalHeader()->setDefaultSectionSize(120);
  view->setAccessibleName(title);
  column->addWidget(view);
  auto* row = new QHBoxLayout;
  row->setContentsMargins(12, 0, 12, 0);
  auto* copy = new QPushButton(QObject::tr("Copy"));
  auto* close = new QPushButton(QObject::tr("Close"));
  const auto copyRows = [view, model] {
    QModelIndexList rows = view->selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end(), [](const QModelIndex& a, const QModelIndex& b) { return a.row() < b.row(); });
    QStringList lines, cells;
    for (int c = 0; c < model->columnCount(); ++c) cells << model->headerData(c, Qt::Horizontal).toString();
    lines << cells.join(QLatin1Char('\t'));
    const auto add = [&](int r) {
      cells.clear();
      for (int c = 0; c < model->columnCount(); ++c) {
        const QModelIndex index = model->index(r, c);
        const QVariant exact = index.data(ExactRole);
        cells << (exact.isValid() ? exact : index.data()).toString();
      }
      lines << cells.join(QLatin1Char('\t'));
    };
    if (rows.isEmpty())
      for (int r = 0; r < model->rowCount(); ++r) add(r);
    for (const QModelIndex& index : rows) add(index.row());
    QGuiApplication::clipboard()->setText(lines.join(QLatin1Char('\n')) + QLatin1Char('\n'));
  };
  QObject::connect(copy, &QPushButton::clicked, dialog, copyRows);
  QObject::connect(new QShortcut(QKeySequence::Copy, view), &QShortcut::activated, dialog, copyRows);
  QObject::connect(close, &QPushButton::clicked, dialog, &QDialog::close);
  row->addStretch();
  row->addWidget(copy);
  row->addWidget(close);
  column->addLayout(row);
  dialog->resize(std::min(900, 140 + 120 * model->columnCount()), 480);
  dialog->show();
  view->setFocus();
}

}  // namespace dsw
