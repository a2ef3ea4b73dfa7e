// SPDX-License-Identifier: GPL-3.0-or-later
// A search space at one epoch as a graph to draw.
#pragma once
#include <QHash>
#include <vector>

#include "ui/models/search_data.h"
#include "ui/widgets/graph/graph_data.h"

namespace dsw {

/// One picture of a space: the network with what is left open in it, or one web of edges.
struct SearchPage {
  QString title;  ///< "Network", "Cell", "reduce"
  int cell = -1;  ///< of SearchSpaceInfo::cells; -1: the network
};

/// The network first, where there is anything open besides edges of webs; then each web that decides for itself.
std::vector<SearchPage> searchPages(const SearchSpaceInfo& space);

/// Where nodes and plates of a web stand: nodes zigzag from left to right, each plate where it covers the least. Scene px.
struct WebPlaces {
  std::vector<QPointF> nodes;  ///< middles, by node
  QHash<int, QPointF> plates;  ///< middles, by choice
};
WebPlaces webPlaces(const SearchSpaceInfo& space, int cell);

/// `places` are those of the page's web. Nodes that stand for a choice have the id "choice:N"; so have plates. `epoch` null: nothing is
/// known yet, all is open. `ended`: what is not in the derived architecture is faded.
GraphData searchGraph(const SearchSpaceInfo& space, const SearchPage& page, const WebPlaces& places, const SearchEpoch* epoch, bool ended);

QString choiceNodeId(int choice);
int choiceOfNode(const QString& id);  ///< -1: none

/// "Edge 1 → out", "context mixing".
QString choiceTitle(const SearchSpaceInfo& space, int choice);

}  // namespace dsw
