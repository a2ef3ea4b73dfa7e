// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QGraphicsScene>
#include <QHash>
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

  /// `view` is the size of where it will be shown, px. The selection stays where its id stays.
  void setGraph(GraphData graph, QSizeF view);
  void layOut(QSizeF view);
  const GraphData& graph() const { return graph_; }

  GraphNodeItem* node(const QString& id) const { return nodes_.value(id); }
  const QHash<QString, GraphNodeItem*>& nodes() const { return nodes_; }
  GraphFrameItem* frameAt(QPointF pos) const;  ///< the innermost
  QStringList idsInOrder() const;              ///< as in GraphData
  QVector<QString> after(const QString& id) const;
  QVector<QString> before(const QString& id) const;

  void select(const QString& id);  ///< empty or unknown: none
  QString selected() const { return selected_; }

 signals:
  void selectionMoved(const QString& id);

 private:
  void build();
  GraphData graph_;
  GraphPlaces places_;
  QHash<QString, GraphNodeItem*> nodes_;
  QHash<QString, QVector<QString>> after_, before_;
  QVector<GraphEdgeItem*> edges_;
  QVector<GraphFrameItem*> frames_;
  QString selected_;
};

}  // namespace dsw
