// SPDX-License-Identifier: GPL-3.0-or-later
// The node canvas for editing: what hand and keys do becomes wishes, which the owner grants by setting another graph. It knows nothing of
// what the nodes are. UI thread only.
#pragma once
#include <functional>

#include "ui/widgets/graph_view.h"

namespace dsw {

/// Whether two ports go together. With a sentence they do not; `fix` says what would help, and is empty where nothing does.
struct GraphVerdict {
  QString sentence, fix;
  bool legal() const { return sentence.isEmpty(); }
};

/// Mouse: click selects, Ctrl adds, drag moves (Alt: a copy; onto an edge: in between), drag on the ground boxes, drag from a port
/// connects, from an inlet takes its edge off, middle or right drag pans, double click opens or adds. Keys beside those of GraphView:
/// arrows move 8 px, Shift 64, Ctrl+arrows walk along edges, Enter opens, Esc goes out; while connecting (beginConnecting) arrows choose
/// the other end, Enter connects, Tab takes the fix, Esc gives up.
class GraphEditor : public GraphView {
  Q_OBJECT
 public:
  using Judge = std::function<GraphVerdict(const QString& from, const QString& to)>;
  explicit GraphEditor(Judge judge, QWidget* parent = nullptr);

  QStringList selection() const;
  void setSelection(const QStringList& ids);
  void selectAll();  ///< nodes and frames of the level that the current one is in
  /// Connects the current node by keys.
  void beginConnecting();
  bool isConnecting() const { return !from_.isEmpty(); }
  QString verdictText() const;  ///< what the box beside the pointer says; empty: nothing
  QPointF viewCentre() const;   ///< scene px
  void setReadOnly(bool on) { read_only_ = on; }
  /// What a drag from elsewhere carries: data of this type.
  void setDropType(const QString& mime) { drop_type_ = mime; }

 signals:
  void selectionChanged();
  void moveWanted(const QStringList& ids, QPointF by);
  void copyWanted(const QStringList& ids, QPointF by);
  void connectWanted(const QString& from, const QString& to);
  void fixWanted(const QString& from, const QString& to);
  void detachWanted(const QString& edge);
  void rerouteWanted(const QString& edge, const QString& to);
  void betweenWanted(const QString& node, const QString& edge);  ///< a node was dropped on an edge
  /// A new node was asked for: by a double click on the ground, or by an edge that ends there (then with where it comes from).
  void newWanted(const QString& from, QPointF at);
  void dropped(const QByteArray& data, QPointF at, const QString& edge);
  void openWanted(const QString& id);
  void outWanted();

 protected:
  void drawForeground(QPainter* p, const QRectF& rect) override;
  void mousePressEvent(QMouseEvent*) override;
  void mouseMoveEvent(QMouseEvent*) override;
  void mouseReleaseEvent(QMouseEvent*) override;
  void mouseDoubleClickEvent(QMouseEvent*) override;
  void keyPressEvent(QKeyEvent*) override;
  void dragEnterEvent(QDragEnterEvent*) override;
  void dragMoveEvent(QDragMoveEvent*) override;
  void dragLeaveEvent(QDragLeaveEvent*) override;
  void dropEvent(QDropEvent*) override;
  bool focusNextPrevChild(bool next) override;
  void focusOutEvent(QFocusEvent*) override;

 private:
  enum class Mode { None, Press, Move, Box, Pan, Connect, KeyConnect };
  struct Port {
    QString node;
    bool out = false;
  };
  std::optional<Port> portAt(QPoint pos) const;
  QString itemIdAt(QPoint pos) const;
  QString edgeAt(QPointF scene, const QStringList& except) const;
  void startConnecting(const QString& from, Mode mode);
  void endConnecting();
  void aim(const QString& to, QPointF at);
  void markEdge(const QString& id);
  void connectKey(QKeyEvent* event);
  bool moveKey(QKeyEvent* event);

  Judge judge_;
  Mode mode_ = Mode::None;
  QPoint press_, last_;
  QPointF moved_, end_;  // scene px: of the drag so far; of the edge that is drawn
  QString pressed_, from_, to_, taken_, marked_;
  GraphVerdict verdict_;
  QRect box_;
  QStringList before_box_;
  class VerdictBox* verdict_box_;
  QString drop_type_;
  bool read_only_ = false;
};

}  // namespace dsw
