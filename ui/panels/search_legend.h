// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QStringList>
#include <QWidget>
#include <vector>

namespace dsw {

struct SearchSpaceInfo;

/// Under the graph of a search: the colour of each primitive, and what the colour of an edge says. Wraps. UI thread only.
class SearchLegend : public QWidget {
  Q_OBJECT
 public:
  explicit SearchLegend(QWidget* parent);
  /// Of one cell (its id), or with an empty one of all choices of operations outside webs.
  void setSpace(const SearchSpaceInfo& space, const QString& cell, bool edges);
  /// Into `width` px; gives the height that it took. Null: only measures.
  int paintInto(QPainter* p, int width) const;
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override { return paintInto(nullptr, width); }
  QSize sizeHint() const override { return {300, heightForWidth(std::max(300, width()))}; }
  QSize minimumSizeHint() const override { return {160, 24}; }

 protected:
  void paintEvent(QPaintEvent*) override;

 private:
  QStringList names_;
  std::vector<int> colors_;
  bool edges_ = false;
};

}  // namespace dsw
