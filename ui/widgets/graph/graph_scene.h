// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QGraphicsScene>
#include <QHash>
#include <QSet>
#include "ui/widgets/graph/graph_data.h"
#include "ui/widgets/graph/graph_items.h"
#include "ui/widgets/graph/graph_layout.h"

namespace dsw {

/// The items of one GraphData. One class for network view and designer: a designer adds commands that change GraphData and set it again. UI
/// thread only.
class GraphScene : public QGraphicsScene {
  Q_OBJECT
 public:
  explicit GraphScene(QObject* parent = nullptr);

  /// `view` is the size of where it will be shown, px. The selection stays where its ids stay.
  void setGraph(GraphData graph, QSizeF view);
  void layOut(QSizeF view);
  const GraphData& graph() const { return graph_; }

  GraphNodeItem* node(const QString& id) const { return nodes_.value(id); }
  const QHash<QString, GraphNodeItem*>& nodes() const { return nodes_; }
  const QVector<GraphEdgeItem*>& edges() const { return edges_; }
  GraphFrameItem* frame(const QString& id) const;
  GraphFrameItem* frameAt(QPointF pos) const;  ///< the innermost
  QRectF rectOf(const QString& id) const;      ///< of a node or frame, scene px; empty: neither
  QStringList idsInOrder() const;              ///< as in GraphData
  QVector<QString> after(const QString& id) const;
  QVector<QString> before(const QString& id) const;
  /// The nearest node in a direction; what lies aside counts double. Where none lies to the right (left), what reads it (what it reads):
  /// rows may be wrapped. Empty: none.
  QString nearest(const QString& from, int dx, int dy) const;

  /// The current one, which is selected alone; empty or unknown: none.
  void select(const QString& id);
  QString selected() const { return selected_; }
  /// Nodes, frames and edges by their ids; `current` is one of them.
  void setSelection(const QStringList& ids, const QString& current);
  QStringList selection() const;  ///< nodes as in GraphData, then frames and edges

  /// Moves nodes, and frames with all that is in them, before the graph itself is changed.
  void drag(const QStringList& ids, QPointF by);

 signals:
  void selectionMoved(const QString& id);

 private:
  void build();
  void buildFrames();
  void buildNodes();
  void buildEdges();
  void showSelection();
  bool inside(QString frame, const QString& outer) const;
  GraphData graph_;
  GraphPlaces places_;
  QHash<QString, GraphNodeItem*> nodes_;
  QHash<QString, QVector<QString>> after_, before_;
  QVector<GraphEdgeItem*> edges_;
  QVector<GraphFrameItem*> frames_;
  QString selected_;
  QSet<QString> selection_;
};

}  // namespace dsw
