// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <optional>

#include "ui/models/command_target.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/fact_sheet.h"
#include "ui/widgets/message_bar.h"

namespace dsw {

/// What stands under the head of a run's tab: it depends on the run's task. The dashboard around it has what all runs have: name, state,
/// stop and resume, tags, notes. UI thread only.
class RunBody : public QWidget {
  Q_OBJECT
 public:
  using QWidget::QWidget;

  struct Message {
    MessageLevel level = MessageLevel::Info;
    QString head, text;
    std::vector<MessageAction> actions;
  };

  virtual void refreshRow() = 0;  ///< the run's row is another one
  /// A place as the history keeps it: "step:1200", "metric:val/loss". An unknown one changes nothing.
  virtual void showPlace(const QString& place) = 0;
  virtual QWidget* mainFocus() const = 0;
  virtual bool hasFocusedFigure() const = 0;
  virtual void exportFigure() = 0;  ///< the focused one, else the first
  /// Sections of the inspector above those that all runs have.
  virtual std::vector<FactSection> facts() { return {}; }
  /// What the message bar says while nothing is wrong with the run itself.
  virtual std::optional<Message> message() { return {}; }
  virtual QVector<PaletteEntry> paletteEntries() const { return {}; }
  virtual CommandState commandState(const QString& id) const {
    Q_UNUSED(id);
    return {};
  }
  virtual void runCommand(const QString& id) { Q_UNUSED(id); }
  /// Commands of its own that act now: buttons of the head, the first one primary.
  virtual QStringList headCommands() const { return {}; }

 signals:
  void placeChanged(const QString& place);
  void changed();  ///< facts, message or commands
};

}  // namespace dsw
