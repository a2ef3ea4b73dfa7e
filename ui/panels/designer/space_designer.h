// SPDX-License-Identifier: GPL-3.0-or-later
// Where a person draws a search space: palette, canvas, and the line of what it costs below. UI thread only.
#pragma once
#include <QSet>
#include <QTimer>
#include <QWidget>

#include "ui/models/command_target.h"
#include "ui/models/space/space_edit.h"
#include "ui/models/space/space_facts.h"
#include "ui/widgets/graph_editor.h"

namespace dsw {

class CommandRegistry;
class DatasetCache;
class SpaceAnalysis;
class SpaceOutline;
class SpacePalette;
class SpaceStatus;
class SpecDocument;

/// What the person wants here: put layers together, say what is left open, see at once what that costs and what is wrong, take any step
/// back. Every change is one step of the document's undo stack; what is drawn is what the document says.
class SpaceDesigner : public QWidget, public CommandTarget {
  Q_OBJECT
 public:
  /// All outlive it.
  SpaceDesigner(SpecDocument& document, const Catalog& catalog, DatasetCache& datasets, CommandRegistry& commands,
                QWidget* parent = nullptr);
  ~SpaceDesigner() override;

  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;
  void setReadOnly(bool on);
  /// Selects what a pointer of the document is about, opening cells on the way; false where it is not of the space.
  bool goTo(const QString& pointer);
  QString currentPointer() const;

  GraphEditor* canvas() const { return canvas_; }
  SpacePalette* palette() const { return palette_; }
  SpecDocument& document() const { return document_; }
  const Json& model() const;
  std::shared_ptr<const SpaceFacts> facts() const;
  const Registry<LayerType>& layers() const { return catalog_.layers; }
  /// Paths of what is selected; the current one first. No edges.
  QStringList selected() const;
  /// Path of the one node that is selected; of an edge or node of a web, of the cell that it stands in. Empty: none.
  std::string subject() const;
  bool isReadOnly() const { return read_only_; }

  /// One step of the undo stack; where it is refused, refused() says why. `level`: of the ids that it selects.
  bool apply(SpaceChange change, const std::string& level, const QString& merge = {});

 signals:
  void selectionChanged();
  void factsChanged();
  void refused(const QString& sentence);
  void problemsWanted();  ///< the count was clicked
  void commandsChanged();

 private:
  struct Level {
    std::string path, part;  ///< "encoder-1/", "encoder"
  };
  void redraw();
  GraphVerdict judge(const QString& from, const QString& to) const;
  std::string partOf(const std::string& level) const;
  Level currentLevel() const;
  std::vector<std::string> selectedIds(const std::string& level) const;
  std::optional<std::pair<QString, QString>> selectedEdge() const;
  static std::pair<QString, QString> endsOf(const QString& edge);

  // Wishes of the canvas.
  void moveNodes(const QStringList& ids, QPointF by);
  void copyNodes(const QStringList& ids, QPointF by);
  void connectNodes(const QString& from, const QString& to);
  void reroute(const QString& edge, const QString& to);
  void takeFix(const QString& from, const QString& to);
  void detach(const QString& edge);
  void putBetween(const QString& node, const QString& edge);
  void askNew(const QString& from, QPointF at);
  void addDropped(const QByteArray& node, QPointF at, const QString& edge);
  void openOrClose(const QString& id);
  void goOut();

  // Adding.
  void addNode(Json node, std::optional<QPointF> at, const QString& from, const QString& edge);
  Json completed(Json node, const std::string& level, const std::string& source) const;
  /// The model with every position of a level written down as it is drawn, so that nothing else moves when one thing does.
  Json placed(const Level& level) const;
  std::optional<QPointF> placeAt(const Json& model, const Level& level, QPointF scene) const;
  std::optional<QPointF> placeBeside(const std::string& level, const std::string& id) const;
  std::string levelAt(QPointF scene) const;

  // Commands.
  void remove();
  void copy();
  void paste();
  void group();
  void ungroup();
  void choice();
  void cell();
  void layOut();
  void rename();
  void find(int direction);
  CommandState canvasState(const QString& id) const;

  SpecDocument& document_;
  const Catalog& catalog_;
  SpaceAnalysis* analysis_;
  GraphEditor* canvas_;
  SpacePalette* palette_;
  SpacePalette* offers_;   ///< floating: what fits where an edge was dropped
  SpaceOutline* outline_;  ///< in the palette's place, when it is asked for
  SpaceStatus* status_;
  class QLineEdit* finder_;
  QTimer redraw_timer_;
  QSet<QString> open_;
  QHash<QString, QString> errors_;  ///< of the last check, by path: what stays while the next one goes on
  std::optional<QStringList> wanted_selection_;
  QString offer_from_;
  std::optional<QPointF> offer_at_;
  bool read_only_ = false;
};

}  // namespace dsw
