// SPDX-License-Identifier: GPL-3.0-or-later
// What stands on a GraphScene. Items draw themselves at three levels of detail; they know no view and no mouse.
#pragma once
#include <QColor>
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
inline constexpr QSizeF kGraphPlate{112, 34};
inline constexpr qreal kGraphCircle = 34;

/// Colour of an edge of this entropy (0 decided to 1 open): cividis, turned so that decided stands out most from the ground.
QColor entropyColor(double entropy);

/// How a port looks while an edge is being drawn: legal ones are filled, others are dimmed.
enum class GraphPort { Plain, Legal, Illegal };

class GraphNodeItem : public QGraphicsItem {
 public:
  enum { Type = UserType + 1 };
  GraphNodeItem(const GraphNode& node, QSizeF size);
  int type() const override { return Type; }
  const GraphNode& node() const { return node_; }
  QRectF box() const { return QRectF(QPointF(), size_); }  ///< item coordinates, without port and error sentence
  bool compact() const { return compact_; }                ///< name and shape centred, no head, no ports
  QPointF port(bool out) const;                            ///< its middle, item coordinates
  QRectF boundingRect() const override;
  QPainterPath shape() const override;
  void paint(QPainter* p, const QStyleOptionGraphicsItem* option, QWidget* widget) override;
  void setHovered(bool on);
  void setPorts(bool in, bool out);
  void setPortLook(bool out, GraphPort look);
  int rowAt(QPointF at) const;  ///< of a point in item coordinates; -1: none

 private:
  QRectF errorBox() const;  ///< where its sentence stands
  void paintStripe(QPainter& p, qreal zoom) const;
  void paintCompact(QPainter& p, qreal zoom, qreal px) const;
  void paintFull(QPainter& p, GraphDetail detail, qreal px) const;
  void paintRows(QPainter& p, qreal y, bool text) const;
  void paintPort(QPainter& p, bool out) const;
  void paintBorderPort(QPainter& p, qreal px) const;
  void paintPlate(QPainter& p, GraphDetail detail, qreal px) const;  // graph_plate.cpp
  GraphNode node_;
  QSizeF size_;
  bool compact_;
  qreal values_wide_;  ///< of the widest value, so that bars stand under one another
  bool hovered_ = false, port_in_ = true, port_out_ = true;
  GraphPort look_in_ = GraphPort::Plain, look_out_ = GraphPort::Plain;
};

class GraphEdgeItem : public QGraphicsItem {
 public:
  enum { Type = UserType + 2 };
  GraphEdgeItem(const GraphEdge& edge, const QVector<QPointF>& way, bool smooth, bool arrow);
  int type() const override { return Type; }
  const GraphEdge& edge() const { return edge_; }
  const QPainterPath& path() const { return path_; }
  QRectF boundingRect() const override;
  QPainterPath shape() const override;
  void paint(QPainter* p, const QStyleOptionGraphicsItem* option, QWidget* widget) override;
  /// Drawn in accent while one of its ends is selected.
  void setLit(bool on);
  /// Drawn in accent and 2 px wide: selected itself, or what is dragged would go in here.
  void setMarked(bool on);
  bool hasArrow() const { return arrow_wanted_; }
  void setWay(const QVector<QPointF>& way, bool smooth);

 private:
  GraphEdge edge_;
  QVector<QPointF> way_;
  QPainterPath path_;
  bool arrow_, arrow_wanted_, smooth_ = false, lit_ = false, marked_ = false;
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
  void setMarked(bool on);  ///< selected

 private:
  GraphFrame frame_;
  QRectF rect_;
  bool marked_ = false;
};

/// The way of an edge as a curve from a right to a left side.
QPainterPath graphCurve(QPointF from, QPointF to);

}  // namespace dsw
