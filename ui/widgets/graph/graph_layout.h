// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QHash>
#include <QRectF>
#include <QSizeF>
#include <QVector>
#include <functional>
#include "ui/widgets/graph/graph_data.h"

namespace dsw {

/// Where everything stands, in scene px. Node rectangles do not overlap; a frame encloses its nodes with room for its title.
struct GraphPlaces {
  QHash<QString, QRectF> nodes, frames;
  QVector<QVector<QPointF>>
      edges;             ///< one a GraphData::edges: way points from the source's right to the target's left side; empty: an end is missing
  QVector<bool> smooth;  ///< one an edge: a curve through its points; otherwise straight pieces with rounded corners
  QRectF bounds;
};

/// From a frame's left top to its inside, which pinned places are counted from.
inline constexpr QPointF kGraphFrameInside(16, 34);

/// Layered left to right: layers by longest path, order by barycentres, frames laid out on their own and then treated as one node.
/// Rows are wrapped where the whole is then shown larger in a view of `view` px (never above 100 %). Pinned nodes keep their place.
/// Cycles are broken at the edge that closes them. O(nodes + edges) per sweep.
GraphPlaces layoutGraph(const GraphData& graph, const std::function<QSizeF(const GraphNode&)>& sizeOf, QSizeF view);

}  // namespace dsw
