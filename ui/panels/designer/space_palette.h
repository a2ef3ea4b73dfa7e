// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <vector>

#include "ui/models/space/space_layers.h"

class QLineEdit;
class QTreeWidget;

namespace dsw {

class CommandRegistry;

/// What can be put on the canvas, in groups, narrowed by typing. Enter, double click or a drag takes it. UI thread only.
class SpacePalette : public QWidget {
  Q_OBJECT
 public:
  /// `floating`: a frame of its own, beside the pointer.
  SpacePalette(CommandRegistry& commands, bool floating, QWidget* parent = nullptr);

  void setGroups(const std::vector<SpacePaletteGroup>& groups);
  void beginTyping();  ///< empties the field and focuses it
  QLineEdit* field() const { return field_; }
  QStringList shown() const;  ///< titles of what typing leaves

  static const char* mimeType() { return "application/x-deepshock-space-node"; }

 signals:
  void chosen(const QByteArray& node);  ///< JSON text
  void left();                          ///< Esc

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void paintEvent(QPaintEvent*) override;

 private:
  void filter();
  void choose();
  void step(int by);
  CommandRegistry& commands_;
  bool floating_;
  QLineEdit* field_;
  QTreeWidget* list_;
  QString shape_;  ///< of the groups shown, to leave them alone where they stay
};

}  // namespace dsw
