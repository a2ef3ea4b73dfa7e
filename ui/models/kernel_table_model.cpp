// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/kernel_table_model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/core/json.h"
#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"

namespace dsw {
namespace {

double number(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : 0;
}

std::string word(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

/// "attention_bwd" → "attention, backward".
QString kernelName(const Json& kernel) {
  static const std::pair<const char*, const char*> kNames[] = {{"matmul", QT_TRANSLATE_NOOP("Kernel", "matrix product")},
                                                               {"unary", QT_TRANSLATE_NOOP("Kernel", "elementwise")},
                                                               {"binary", QT_TRANSLATE_NOOP("Kernel", "elementwise, two inputs")},
                                                               {"reduce", QT_TRANSLATE_NOOP("Kernel", "sums")},
                                                               {"square_sum", QT_TRANSLATE_NOOP("Kernel", "gradient norm")},
                                                               {"conv2d", QT_TRANSLATE_NOOP("Kernel", "convolution")},
                                                               {"pool2d", QT_TRANSLATE_NOOP("Kernel", "pooling")}};
  QString name = QString::fromStdString(word(kernel, "kernel")), way;
  static const std::pair<const char*, const char*> kWays[] = {{"_fwd", QT_TRANSLATE_NOOP("Kernel", "forward")},
                                                              {"_bwd_data", QT_TRANSLATE_NOOP("Kernel", "gradient of the input")},
                                                              {"_bwd_weights", QT_TRANSLATE_NOOP("Kernel", "gradient of the weights")},
                                                              {"_bwd", QT_TRANSLATE_NOOP("Kernel", "backward")}};
  for (const auto& [ending, said] : kWays)
    if (name.endsWith(QLatin1String(ending))) {
      name.chop(static_cast<int>(qstrlen(ending)));
      way = QObject::tr(said);
      break;
    }
  for (const auto& [known, said] : kNames)
    if (name == QLatin1String(known)) name = QObject::tr(said);
  name.replace('_', ' ');
  if (!way.isEmpty()) name += ", " + way;
  const std::string dtype = word(kernel, "dtype");
  return dtype == "float32" || dtype.empty() ? name : name + ", " + QString::fromStdString(dtype);
}

}  // namespace

bool KernelTableModel::setProfile(const std::string& data) {
  beginResetModel();
  rows_.clear();
  step_seconds_ = peak_flops_ = 0;
  const Json profile = Json::parse(data, nullptr, false);
  if (profile.is_object() && profile.contains("kernels") && profile["kernels"].is_array()) {
    step_seconds_ = number(profile, "step_seconds");
    peak_flops_ = number(profile, "peak_flops");
    double known = 0;
    for (const Json& kernel : profile["kernels"]) {
      if (!kernel.is_object()) continue;
      rows_.push_back(
          {kernelName(kernel), number(kernel, "calls"), number(kernel, "seconds"), number(kernel, "flops"), number(kernel, "bytes")});
      known += rows_.back().seconds;
    }
    if (step_seconds_ > known) rows_.push_back({tr("between kernels"), 0, step_seconds_ - known, 0, 0});
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.seconds > b.seconds; });
  }
  endResetModel();
  return !rows_.empty();
}

int KernelTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }
int KernelTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QString KernelTableModel::text(const Row& row, int column, bool exact) const {
  const auto plain = [&](double value, const QString& shown) { return exact ? formatExact(value) : shown; };
  const QString none = exact ? QString() : QString(kMissing);
  switch (column) {
    case Kernel:
      return row.name;
    case Share:
      return step_seconds_ > 0 ? plain(row.seconds / step_seconds_, formatPercent(row.seconds / step_seconds_)) : none;
    case Time:
      return plain(row.seconds * 1e3, formatNumber(row.seconds * 1e3, 3));
    case Calls:
      return row.calls > 0 ? plain(row.calls, formatCount(row.calls)) : none;
    case Speed:
      if (row.seconds <= 0 || (row.flops <= 0 && row.bytes <= 0)) return none;
      return row.flops > 0 ? plain(row.flops / row.seconds, tr("%1 GFLOP/s").arg(formatNumber(row.flops / row.seconds / 1e9, 3)))
                           : plain(row.bytes / row.seconds, tr("%1 GB/s").arg(formatNumber(row.bytes / row.seconds / 1e9, 3)));
    default:
      if (row.flops <= 0 || row.seconds <= 0 || peak_flops_ <= 0) return none;
      return plain(row.flops / row.seconds / peak_flops_, formatPercent(row.flops / row.seconds / peak_flops_, 0));
  }
}

QVariant KernelTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Row& row = rows_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      return text(row, index.column(), false);
    case ExactRole:
      return text(row, index.column(), true);
    case FractionRole:
      return index.column() == Share && step_seconds_ > 0 ? QVariant(row.seconds / step_seconds_) : QVariant();
    case Qt::ToolTipRole:
      if (index.column() == Speed && row.bytes > 0)
        return tr("%1 read and written a step").arg(formatBytes(row.bytes)) +
               (row.flops > 0 ? tr(", %1 FLOP").arg(formatCount(row.flops)) : QString());
      if (index.column() == OfPeak) return tr("Of the speed of a large float32 product on this machine");
      if (index.column() == Kernel && row.calls == 0) return tr("Batches, bookkeeping, allocation, and waiting");
      return {};
    default:
      return {};
  }
}

QVariant KernelTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return int((section >= Time ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  if (role != Qt::DisplayRole && role != ExactRole) return {};
  static const char* const kHeads[] = {QT_TR_NOOP("Kernel"), QT_TR_NOOP("Share"), QT_TR_NOOP("ms a step"),
                                       QT_TR_NOOP("Calls"),  QT_TR_NOOP("Speed"), QT_TR_NOOP("Of peak")};
  return section >= 0 && section < ColumnCount ? QVariant(tr(kHeads[section])) : QVariant();
}

}  // namespace dsw
