// SPDX-License-Identifier: GPL-3.0-or-later
// Cells of the run table: texts, roles, and the curves that are fetched when they come into view.
#include <QDateTime>
#include <QTimer>
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/run/metric_direction.h"
#include "engine/store/project.h"
#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"
#include "ui/models/query_runner.h"
#include "ui/models/run_table_model.h"
#include "ui/models/selection.h"

namespace dsw {

namespace {

constexpr int kCurvePoints = 48;

/// Thinned to kCurvePoints by taking the last of each piece; a NaN in a piece stays visible.
QVector<double> thin(const std::vector<MetricPoint>& points) {
  QVector<double> values;
  const std::size_t count = points.size();
  const std::size_t pieces = std::min<std::size_t>(count, kCurvePoints);
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    const std::size_t from = piece * count / pieces, to = (piece + 1) * count / pieces;
    double value = points[to - 1].value;
    for (std::size_t i = from; i < to; ++i)
      if (!std::isfinite(points[i].value)) value = std::numeric_limits<double>::quiet_NaN();
    values.push_back(value);
  }
  return values;
}

QString metricText(const QString& key, double value, bool exact) {
  if (exact) return std::isnan(value) ? QString() : formatExact(value);
  return key.endsWith("loss") || key.endsWith("accuracy") || key.endsWith("error") ? formatLoss(value) : formatNumber(value);
}

}  // namespace

QString RunTableModel::cellText(const std::vector<const Row*>& rows, const RunColumn& column, bool exact) const {
  const Row& row = *rows.front();
  const RunRow& run = *row.run;
  const bool group = rows.size() > 1;
  const auto metricCell = [&](const QString& key, bool last) -> QString {
    const auto at = run.metrics.find(key.toStdString());
    if (at == run.metrics.end()) return exact ? QString() : QString(kMissing);
    return metricText(key, last ? at->second.last : at->second.best, exact);
  };
  if (column.id == "state") {
    RunStatus status = run.status;
    for (const Row* other : rows)
      if (other->run->status == RunStatus::Running) status = RunStatus::Running;
    return run_status_name(status);
  }
  if (column.id == "run") return QString::fromStdString(run.short_name);
  if (column.id == "experiment") return runTitle(run);
  if (column.id == "seed") return group ? QString("%1 seeds").arg(rows.size()) : QString::number(run.seed);
  if (column.id == "best") {
    const double value = best(rows);
    // A run that became NaN never has a best value; that it is NaN is what matters.
    const auto at = run.metrics.find(metricKey_);
    if (std::isnan(value) && at == run.metrics.end())
      return exact ? QString() : run.status == RunStatus::Failed ? QStringLiteral("NaN") : QString(kMissing);
    return metricText(metric_, value, exact);
  }
  if (column.id == "last") return metricCell(metric_, true);
  if (column.id == "delta") {
    const RunPtr base = data_.run(selection_.baseline());
    if (!base || (!group && base->id == run.id)) return exact ? QString() : QString(kMissing);
    const double difference = best(rows) - metricValue(*base, metricKey_, false);
    if (std::isnan(difference)) return exact ? QString() : QString(kMissing);
    return exact ? formatExact(difference) : formatDifference(difference);
  }
  if (column.id == "step") return exact ? QString::number(run.step) : formatCount(static_cast<double>(run.step));
  if (column.id == "time") {
    double seconds = 0;
    for (const Row* other : rows) seconds += other->run->seconds;
    seconds /= static_cast<double>(rows.size());
    if (seconds <= 0) return exact ? QString() : QString(kMissing);
    return exact ? formatExact(seconds) : formatDuration(seconds);
  }
  if (column.id == "parameters" || column.id == "step-flops") {
    const double cost = !row.params ? 0 : column.id == "parameters" ? row.params->parameters : row.params->step_flops;
    if (cost <= 0) return exact ? QString() : QString(kMissing);
    return exact ? formatExact(cost) : formatCount(cost);
  }
  if (column.id == "device") return QString::fromStdString(run.device);
  if (column.id == "created") {
    const QDateTime created = QDateTime::fromSecsSinceEpoch(static_cast<qint64>(run.created));
    return created.toString(exact ? QStringLiteral("yyyy-MM-ddTHH:mm:ss") : QStringLiteral("d MMM HH:mm"));
  }
  if (column.id == "tags") {
    QStringList tags;
    for (const std::string& tag : run.tags) tags.push_back(QString::fromStdString(tag));
    return tags.join(", ");
  }
  if (column.id == "note") return QString::fromStdString(run.note).simplified();
  if (column.id.startsWith("metric:")) return metricCell(column.id.mid(7), false);
  if (column.id.startsWith("param:")) {
    const QVariant value = row.params ? row.params->find(column.id.mid(6)) : QVariant();
    if (exact) return value.typeId() == QMetaType::Double ? formatExact(value.toDouble()) : value.toString();
    return paramText(value);
  }
  return {};
}

QVariant RunTableModel::cell(const std::vector<const Row*>& rows, const RunColumn& column, int role) const {
  const RunRow& run = *rows.front()->run;
  const QString id = QString::fromStdString(run.id);
  switch (role) {
    case Qt::DisplayRole:
      return cellText(rows, column, false);
    case ExactRole:
      return cellText(rows, column, true);
    case Qt::ToolTipRole:
      if (column.id == "run") return QString("%1, %2").arg(runTitle(run), id);
      if (column.id == "state" && !run.sentence.empty())
        return QString::fromStdString(run.hint.empty() ? run.sentence : run.sentence + " " + run.hint);
      if (column.id == "delta") return QStringLiteral("Difference of the best %1 to the baseline").arg(metric_);
      return cellText(rows, column, false);
    case Qt::AccessibleTextRole:
      if (column.id == "mark") return selection_.contains(id) ? QStringLiteral("marked") : QStringLiteral("not marked");
      if (column.id == "run") return QString("%1, %2").arg(QString::fromStdString(run.short_name), run_status_name(run.status));
      return cellText(rows, column, false);
    case Qt::CheckStateRole:
      if (column.id != "mark") return {};
      {
        int marked = 0;
        for (const Row* row : rows) marked += selection_.contains(QString::fromStdString(row->run->id)) ? 1 : 0;
        if (marked == 0) return Qt::Unchecked;
        return marked == static_cast<int>(rows.size()) ? Qt::Checked : Qt::PartiallyChecked;
      }
    case Qt::TextAlignmentRole:
      return static_cast<int>((column.number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    case StatusRole:
      return column.id == "state" ? QVariant(cellText(rows, column, false)) : QVariant();
    case SeriesRole:
      return column.id == "series" ? QVariant(selection_.seriesOf(id)) : QVariant();
    case SparkRole: {
      if (column.id != "curve") return {};
      if (!curvesAsked_.contains(id)) {
        curvesWanted_.insert(id);
        if (!std::exchange(curvesTimer_, true)) QTimer::singleShot(30, this, [this] { askCurves(); });
      }
      const auto curve = curves_.constFind(id);
      return curve == curves_.constEnd() ? QVariant() : QVariant::fromValue(*curve);
    }
    case ChipsRole: {
      if (column.id != "tags") return {};
      QStringList tags;
      for (const std::string& tag : run.tags) tags.push_back(QString::fromStdString(tag));
      return tags;
    }
    case LinkRole:
      return column.id == "run";
    case IconRole:
      return column.id == "experiment" && run.baseline ? QVariant(QStringLiteral("pin-angle-fill")) : QVariant();
    case ToneRole: {
      if (column.id != "delta") return static_cast<int>(CellTone::Normal);
      const RunPtr base = data_.run(selection_.baseline());
      if (!base) return static_cast<int>(CellTone::Muted);
      const double difference = best(rows) - metricValue(*base, metricKey_, false);
      if (!(std::abs(difference) > 0)) return static_cast<int>(CellTone::Muted);
      const bool more = !lower_is_better(metricKey_);
      return static_cast<int>((difference > 0) == more ? CellTone::Better : CellTone::Worse);
    }
    default:
      return {};
  }
}

QVariant RunTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.column() >= columnCount()) return {};
  const auto rows = rowsOf(index);
  return rows.empty() ? QVariant() : cell(rows, columns_[index.column()], role);
}

bool RunTableModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role != Qt::CheckStateRole || !index.isValid() || columns_[index.column()].id != "mark") return false;
  QStringList marked = selection_.runs();
  for (const QString& id : runIds(index)) {
    marked.removeAll(id);
    if (value.toInt() != Qt::Unchecked) marked.push_back(id);
  }
  selection_.setRuns(marked);
  return true;
}

Qt::ItemFlags RunTableModel::flags(const QModelIndex& index) const {
  if (!index.isValid()) return Qt::NoItemFlags;
  Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
  if (columns_[index.column()].id == "mark") flags |= Qt::ItemIsUserCheckable;
  return flags;
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  const RunColumn& column = columns_[section];
  switch (role) {
    case Qt::DisplayRole:
      return column.title;
    case Qt::ToolTipRole:
      if (column.id.startsWith("param:")) return column.id.mid(6);
      if (column.id == "best") return QStringLiteral("Best %1 of the run").arg(metric_);
      return column.title;
    case Qt::AccessibleTextRole:
      return column.id == "mark" ? QStringLiteral("Marked") : column.id == "series" ? QStringLiteral("Colour") : column.title;
    case Qt::TextAlignmentRole:
      return static_cast<int>((column.number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    default:
      return {};
  }
}

void RunTableModel::askCurves() const {
  curvesTimer_ = false;
  if (curvesWanted_.isEmpty()) return;
  const QStringList ids(curvesWanted_.begin(), curvesWanted_.end());
  curvesWanted_.clear();
  for (const QString& id : ids) curvesAsked_.insert(id);
  using Answer = std::vector<QVector<double>>;
  auto* self = const_cast<RunTableModel*>(this);  // filled as it is looked at
  queries_.ask<Answer>(
      self,
      [ids, key = metricKey_](ProjectReader& reader) -> Result<Answer> {
        Answer all;
        for (const QString& id : ids) {
          const auto points = reader.metric(id.toStdString(), key);
          all.push_back(points ? thin(*points) : QVector<double>());
        }
        return all;
      },
      [self, ids, key = metric_](Result<Answer> all) {
        if (!all || key != self->metric_) return;
        for (qsizetype i = 0; i < ids.size(); ++i) {
          self->curves_[ids[i]] = std::move((*all)[static_cast<std::size_t>(i)]);
          QModelIndex at = self->indexOf(ids[i]);
          const int column = self->columnOf("curve");
          if (!at.isValid() || column < 0) continue;
          emit self->dataChanged(at.siblingAtColumn(column), at.siblingAtColumn(column), {SparkRole});
          if (at.parent().isValid())
            emit self->dataChanged(at.parent().siblingAtColumn(column), at.parent().siblingAtColumn(column), {SparkRole});
        }
      });
}

}  // namespace dsw
