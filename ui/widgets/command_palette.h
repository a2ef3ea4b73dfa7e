// SPDX-License-Identifier: GPL-3.0-or-later
// The palette of Ctrl+Shift+P: fuzzy search over commands, objects, settings and fields. UI thread only.
#pragma once
#include <QDialog>
#include <QKeySequence>
#include <QStringList>
#include <QVector>
#include <functional>
#include <optional>

class QAction;
class QLineEdit;
class QListView;
class QStandardItemModel;

namespace dsw {

/// Kinds and their prefixes: > command, @ node or field, # run or other object, : step (typed, no entries).
enum class PaletteKind { Command, Field, Object };

struct PaletteEntry {
  QString id;  ///< stable; what `chosen` hands back
  PaletteKind kind = PaletteKind::Command;
  QString text;    ///< what is searched and shown
  QString detail;  ///< where it applies or what it is: "experiment", "finished, val/loss 1.8841"
  QString key;     ///< native key text, or empty
  QString icon;    ///< icon name, or empty
  bool enabled = true;
  QString reason;  ///< why it is disabled; shown in place of the detail
};

/// Entry of an action: id is its objectName, text without mnemonics, reason is its property "disabledReason".
PaletteEntry paletteEntry(const QAction& action, const QString& where);

/// Score of a fuzzy match, higher is better; nothing where `query`'s characters do not stand in `text` in order.
/// Prefers starts of words, runs of characters, early and short matches. Case is ignored. `positions` gets the matched indexes.
std::optional<int> fuzzyScore(const QString& query, const QString& text, QVector<int>* positions = nullptr);

/// Modal over its window, at the top middle, 560 px wide. An empty query shows what was used last, then all commands.
class CommandPalette : public QDialog {
  Q_OBJECT
 public:
  explicit CommandPalette(QWidget* parent = nullptr);

  /// What can be chosen. Kept until replaced.
  void setEntries(QVector<PaletteEntry> entries);
  /// Ids, newest first; at most 20 are kept. The owner stores them.
  void setRecent(const QStringList& ids) { recent_ = ids; }
  QStringList recent() const { return recent_; }

  /// Opens with `prefix` typed ("#" for "go to object").
  void openWith(const QString& prefix = {});

  QLineEdit* field() const { return field_; }
  int resultCount() const;
  QString resultId(int row) const;

 signals:
  void chosen(const QString& id);
  void stepChosen(qint64 step);  ///< ":1200" and Enter

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void paintEvent(QPaintEvent*) override;

 private:
  void refresh();
  void accept() override;
  void place();
  QVector<PaletteEntry> entries_;
  QStringList recent_;
  QLineEdit* field_;
  QListView* list_;
  QStandardItemModel* model_;
};

}  // namespace dsw
