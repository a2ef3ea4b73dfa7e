// SPDX-License-Identifier: GPL-3.0-or-later
// The node canvas of WINDOW.md section 5, read-only: draws a GraphData, walks and zooms. Editing is added on top of GraphScene. UI thread
// only.
#pragma once
#include <QGraphicsView>
#include "ui/widgets/graph/graph_data.h"

namespace dsw {

class GraphScene;
class MiniMap;

/// Keys with focus: Ctrl+arrows walk along edges, Left/Right/Up/Down to the nearest node, Enter activates, F fit, Shift+F fit selection,
/// M minimap, L lay out, 1 2 3 zoom 100, 50, 25 %, + −. Mouse: wheel zooms at the pointer, drag pans, click selects, double click
/// activates.
class GraphView : public QGraphicsView {
  Q_OBJECT
 public:
  explicit GraphView(QWidget* parent = nullptr);
  ~GraphView() override;

  /// Lays out and draws; zoom and centre stay where the same nodes stay, otherwise it fits.
  void setGraph(GraphData graph);
  const GraphData& graph() const;
  GraphScene* graphScene() const { return scene_; }

  /// Selects and shows a node; an unknown or empty id clears the selection.
  void selectNode(const QString& id);
  QString selectedNode() const;

  bool isFitted() const { return fitted_; }  ///< nobody has zoomed or panned since
  bool showsAll() const;
  void fit();
  void fitSelection();
  void setZoom(double factor);  ///< 1 = 100 %, kept in 0.05..4
  double zoom() const;
  void setMiniMapVisible(bool on);
  void setZoomControlVisible(bool on);
  void setEmptyText(const QString& sentence);
  void setHint(const QString& sentence);  ///< stands over the nodes; what to do first
  /// The same graph as lines of text (what assistive tools read): "attention, 12×64×128, error: …".
  QStringList outline() const;

 signals:
  void nodeSelected(const QString& id, const QString& target);
  void nodeActivated(const QString& id, const QString& target);
  void frameActivated(const QString& id, const QString& target);
  void zoomChanged(double factor);

 protected:
  void drawBackground(QPainter* p, const QRectF& rect) override;
  void drawForeground(QPainter* p, const QRectF& rect) override;
  void wheelEvent(QWheelEvent*) override;
  void mousePressEvent(QMouseEvent*) override;
  void mouseMoveEvent(QMouseEvent*) override;
  void mouseReleaseEvent(QMouseEvent*) override;
  void mouseDoubleClickEvent(QMouseEvent*) override;
  void keyPressEvent(QKeyEvent*) override;
  void focusInEvent(QFocusEvent*) override;
  void focusOutEvent(QFocusEvent*) override;
  void resizeEvent(QResizeEvent*) override;
  void scrollContentsBy(int dx, int dy) override;

  virtual void walk(int dx, int dy, bool along_edges);
  virtual void placeOverlays();
  MiniMap* miniMap() const { return mini_map_; }

 private:
  void placeSceneRect();
  QSizeF room() const;  // for the layout: the viewport without the scene's margin
  GraphScene* scene_;
  MiniMap* mini_map_;
  QWidget* zoom_control_;
  bool zoom_control_wanted_ = true;
  QString empty_text_, hint_;
  QPoint press_;
  bool panning_ = false;

 protected:
  bool steady_ = false;  ///< another graph moves neither zoom nor centre; for editing
  bool fitted_ = true;   // keeps fitting on resize until the person zooms or pans
};

}  // namespace dsw
