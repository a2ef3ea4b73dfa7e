// SPDX-License-Identifier: GPL-3.0-or-later
// What stands on a GraphScene. Items draw themselves at three levels of detail; they know no view and no mouse.
#pragma once
#include <QGraphicsItem>
#include <QPainterPath>
#include <QStaticText>
#include <QVector>
#include "ui/widgets/graph/graph_data.h"

namespace dsw {

/// Levels by zoom: All from 70 %, Names from 30 %, Shapes from 15 %, Frames below.
enum class GraphDetail { Frames, Shapes, Names, All };
GraphDetail detailAt(qreal zoom);

/// px of a node with its text.
QSizeF graphNodeSize(const GraphNode& node);

class GraphNodeItem : public QGraphicsItem {
 public:
  enum { Type = UserType + 1 };
  GraphNodeItem(const GraphNode& node, QSizeF size);
  int type() const override { return Type; }
  const GraphNode& node() const { return node_; }
  QRectF box() const { return QRectF(QPointF(), size_); }  ///< item coordinates, without port and error sentence
  bool compact() const { return compact_; }                ///< name and shape centred, no head, no ports
  QRectF boundingRect() const override;
  QPainterPath shape() const override;
  void paint(QPainter* p, const QStyleOptionGraphicsItem* option, QWidget* widget) override;
  void setHovered(bool on);
  void setPorts(bool in, bool out) { port_in_ = in, port_out_ = out; }

 private:
  void paintStripe(QPainter& p, qreal zoom) const;
  void paintCompact(QPainter& p, qreal zoom, qreal px) const;
  void paintFull(QPainter& p, GraphDetail detail, qreal px) const;
  GraphNode node_;
  QSizeF size_;
  bool compact_, hovered_ = false, port_in_ = true, port_out_ = true;
};

class GraphEdgeItem : public QGraphicsItem {
 public:
  enum { Type = UserType + 2 };
  GraphEdgeItem(const GraphEdge& edge, const QVector<QPointF>& way, bool smooth, bool arrow);
  int type() const override { return Type; }
  const GraphEdge& edge() const { return edge_; }
  QRectF boundingRect() const override;
  QPainterPath shape() const override;
  void paint(QPainter* p, const QStyleOptionGraphicsItem* option, QWidget* widget) override;
  /// Drawn in accent while one of its ends is selected.
  void setLit(bool on);

 private:
  GraphEdge edge_;
  QVector<QPointF> way_;
  QPainterPath path_;
  bool arrow_, lit_ = false;
};

class GraphFrameItem : public QGraphicsItem {
 public:
  enum { Type = UserType + 3 };
  GraphFrameItem(const GraphFrame& frame, const QRectF& rect);
  int type() const override { return Type; }
  const GraphFrame& frame() const { return frame_; }
  QRectF boundingRect() const override { return rect_.adjusted(-1, -1, 1, 1); }
  QRectF box() const { return rect_; }
  void paint(QPainter* p, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

 private:
  GraphFrame frame_;
  QRectF rect_;
};

}  // namespace dsw
