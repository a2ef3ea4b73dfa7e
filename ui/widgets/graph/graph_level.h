// SPDX-License-Identifier: GPL-3.0-or-later
// One level of the layered layout: used by graph_layout.cpp for the whole and for each frame.
#pragma once
#include <QRectF>
#include <QSizeF>
#include <QString>
#include <vector>

namespace dsw {

inline constexpr qreal kGraphWrapGap = 36;  // between wrapped rows: room for the way back

/// One thing to place on one level: a node, a frame with everything in it, or a bend of a long edge.
struct GraphUnit {
  QString id;
  bool frame = false, bend = false;
  QSizeF size;
  int layer = 0;
  qreal anchor = 0;  // from the top: where its edges meet it
  qreal y = 0;       // of the anchor
  QRectF place;
  qreal top() const { return y - anchor; }
  qreal bottom() const { return y - anchor + size.height(); }
};

struct GraphLink {
  int from, to;
  bool residual;
};

/// Places the units of one level, with the top left of everything at (0, 0). Cycles are broken at the link that closes them.
class GraphLevel {
 public:
  /// `view`: px of what it will be shown in; `gap`: px between columns.
  GraphLevel(std::vector<GraphUnit> units, const std::vector<GraphLink>& links, QSizeF view, qreal gap);

  QSizeF place();  ///< the size of everything

  std::vector<GraphUnit>& units() { return units_; }
  qreal firstAnchor() const { return first_anchor_; }  ///< of what stands first, from the top
  const std::vector<GraphLink>& links() const { return links_; }
  /// Bends of each of links(), in order (unit indexes).
  const std::vector<std::vector<int>>& bends() const { return bends_; }

 private:
  struct Row {
    std::size_t from, to;
    qreal top = 0, bottom = 0, width = 0;
    int lanes = 0;
  };
  std::size_t n() const { return units_.size(); }
  void assignLayers();
  void addBends();
  void orderLayers();
  void alignLayers();
  void pushApart(const std::vector<int>& layer);
  double crossing(std::size_t at) const;
  std::vector<Row> rowsFor(int wanted, const std::vector<qreal>& widths, const std::vector<double>& crossings) const;
  void measure(Row& row, const std::vector<qreal>& widths) const;
  QSizeF wrapRows();

  std::vector<GraphUnit> units_;
  std::vector<GraphLink> links_, chains_;
  QSizeF view_;
  qreal gap_, first_anchor_ = 0;
  std::vector<std::vector<int>> layers_, before_, after_, bends_;
};

}  // namespace dsw
