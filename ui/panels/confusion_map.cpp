// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/confusion_map.h"

#include <nlohmann/json.hpp>

#include "ui/models/number_format.h"

namespace dsw {

ConfusionMap confusionMap(const Json& content) {
  ConfusionMap confusion;
  if (!content.is_object() || !content.contains("classes") || !content["classes"].is_array()) return confusion;
  const Json counts = content.contains("counts") ? content["counts"] : content.value("confusion", Json());
  if (!counts.is_array()) return confusion;
  HeatmapData map;
  map.row_title = QObject::tr("true");
  map.column_title = QObject::tr("predicted");
  for (const Json& name : content["classes"])
    map.row_labels << QString::fromStdString(name.is_string() ? name.get<std::string>() : name.dump());
  for (auto k = static_cast<std::size_t>(map.row_labels.size()); k < counts.size(); ++k) map.row_labels << QString::number(k);
  map.column_labels = map.row_labels;
  map.rows = map.columns = static_cast<int>(map.row_labels.size());
  double right = 0, all = 0;
  int i = 0;
  for (const Json& row : counts) {
    int j = 0;
    for (const Json& count : row) {
      const double n = count.is_number() ? count.get<double>() : 0;
      map.values.push_back(n);
      all += n;
      if (i == j++) right += n;
    }
    ++i;
  }
  if (map.values.size() != static_cast<std::size_t>(map.rows) * static_cast<std::size_t>(map.columns)) return confusion;
  confusion.map = std::move(map);
  confusion.right = static_cast<std::int64_t>(right);
  confusion.all = static_cast<std::int64_t>(all);
  return confusion;
}

void showConfusionMap(HeatmapView& view, const ConfusionMap& confusion) {
  const QStringList names = confusion.map.row_labels;
  view.setDiagonalMarked(true);
  view.setScale(HeatmapScale::SquareRoot);
  view.setCellText([](double v) { return formatCount(v); });
  view.setCellTip([names](int row, int column, double v) {
    return row == column ? QObject::tr("%1 taken for %1, rightly: %2").arg(names.value(row), formatCount(v))
                         : QObject::tr("%1 taken for %2: %3").arg(names.value(row), names.value(column), formatCount(v));
  });
  view.setData(confusion.map);
}

}  // namespace dsw
