// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/name_column.h"

#include <QEvent>
#include <QHeaderView>
#include <QTableView>
#include <algorithm>
#include <cmath>

#include "ui/widgets/theme.h"

namespace dsw {

namespace {
constexpr int kMostName = 200, kBar = 36, kHeadPad = 24;
}

NameColumn::NameColumn(QTableView* view, int name, int bar) : QObject(view), view_(view), name_(name), bar_(bar) {
  view->horizontalHeader()->setStretchLastSection(false);
  view->horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  const QAbstractItemModel* model = view->model();
  connect(model, &QAbstractItemModel::modelReset, this, [this] { measure(true); });
  connect(model, &QAbstractItemModel::rowsInserted, this, [this] { measure(false); });
  connect(model, &QAbstractItemModel::dataChanged, this, [this] { measure(false); });
  connect(&Theme::current(), &Theme::changed, this, [this] { measure(true); });
  view->viewport()->installEventFilter(this);
  measure(true);
}

bool NameColumn::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Resize) fit();
  return QObject::eventFilter(watched, event);
}

void NameColumn::measure(bool anew) {
  const int count = view_->model()->columnCount();
  if (anew || needs_.size() != count) needs_ = QVector<int>(count, 0);
  const QFontMetricsF head(themeFont(FontRole::Hint));
  for (int c = 0; c < count; ++c) {
    const int title =
        static_cast<int>(std::ceil(head.horizontalAdvance(view_->model()->headerData(c, Qt::Horizontal).toString()))) + kHeadPad;
    needs_[c] = std::max({needs_[c], title, static_cast<const QAbstractItemView*>(view_)->sizeHintForColumn(c)});
  }
  fit();
}

void NameColumn::fit() {
  if (name_ >= needs_.size()) return;
  int left = view_->viewport()->width();
  for (int c = 0; c < needs_.size(); ++c)
    if (c != name_) left -= needs_[c];
  const int bar = bar_ < 0 ? 0 : std::clamp(left - needs_[name_], 0, kBar);
  for (int c = 0; c < needs_.size(); ++c)
    if (c != name_) view_->setColumnWidth(c, needs_[c] + (c == bar_ ? bar : 0));
  view_->setColumnWidth(name_, std::max(left - bar, std::min(needs_[name_], kMostName)));
}

}  // namespace dsw
