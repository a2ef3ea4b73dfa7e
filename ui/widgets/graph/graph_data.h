// SPDX-License-Identifier: GPL-3.0-or-later
// A network as nodes, edges and frames: what GraphView draws. Values only; Qt Core only.
#pragma once
#include <QPointF>
#include <QString>
#include <optional>
#include <vector>

namespace dsw {

/// The engine has a GraphNode of its own (nn/models/graph.h): this name keeps the two apart for the linker.
inline namespace drawing {

/// A line of a node: a candidate with its cost.
struct GraphRow {
  QString text;
  QString value;                  ///< right, mono
  double share = -1;              ///< bar 0..1; negative: none
  std::optional<bool> checked{};  ///< shows a check box
  int color = -1;                 ///< series colour of the bar; negative: accent
  bool strong = false;            ///< the one that is taken: semibold
  bool operator==(const GraphRow&) const = default;
};

enum class GraphNodeKind {
  Box,     ///< head, rows, foot
  Point,   ///< a small circle with a sign: + (sum), ‖ (concatenate); `name` is the sign
  Entry,   ///< where a frame is entered: a port on its left border; `name` stands beside it: "in 64×128"
  Exit,    ///< the same on its right border
  Circle,  ///< a node of a web: a larger circle with its name
  Plate,   ///< stands on an edge that is open: name and value over a bar of all shares
};

/// A part of a plate's bar.
struct GraphShare {
  double share = 0;  ///< 0..1
  int color = 0;     ///< series
  bool operator==(const GraphShare&) const = default;
};

struct GraphNode {
  QString id;
  QString name;
  QString icon;    ///< icon name, or empty
  QString brief;   ///< a word for `name` where that has no room; empty: what stands before its first comma
  int color = -1;  ///< series colour of its kind, a stripe at the left and, far out, the whole box; negative: none
  QString foot;    ///< shape in mono: "12×64×128"
  std::vector<GraphRow> rows;
  QString error;   ///< a sentence: red frame, octagon, sentence under the node
  QString frame;   ///< id of the frame it stands in, or empty
  QString target;  ///< what a click leads to (a JSON pointer); handed back by the signals, not read
  QString tooltip;
  GraphNodeKind kind = GraphNodeKind::Box;
  QString value;                       ///< of a plate, right, mono: "0.78"
  std::vector<GraphShare> shares;      ///< of a plate
  std::optional<QPointF> pinned;       ///< left top, from that of its frame's inside; kept by the layout
  bool muted = false;                  ///< e.g. switched off
  bool inlet = false, outlet = false;  ///< ports that are drawn also where no edge leads yet; for editing
  bool operator==(const GraphNode&) const = default;
};

enum class GraphEdgeKind { Plain, Residual };

struct GraphEdge {
  QString from, to;  ///< node ids
  GraphEdgeKind kind = GraphEdgeKind::Plain;
  QString label{};
  QString id{};
  std::optional<QPointF> through{};  ///< a curve from middle to middle through this point, where a plate may stand; without an arrow
  double width = 1.5;                ///< px
  std::optional<double> entropy{};   ///< its colour: 0 decided to 1 open
  bool dropped = false;              ///< drawn at 20 %
  bool operator==(const GraphEdge&) const = default;
};

/// A framed group: "block × 4", "198 272 parameters each". Frames may stand in frames.
struct GraphFrame {
  QString id;
  QString title;
  QString note;  ///< right, mono
  QString parent;
  QString target;
  QString error{};                  ///< a sentence: red frame
  std::optional<QPointF> pinned{};  ///< left top; kept by the layout, and what stands right of or below its closed node makes room
  QSizeF closed{};                  ///< of the node that it is where it is not open
  bool operator==(const GraphFrame&) const = default;
};

struct GraphData {
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
  std::vector<GraphFrame> frames;
};

}  // namespace drawing
}  // namespace dsw
