// SPDX-License-Identifier: GPL-3.0-or-later
// The base of everything in the centre: editors, dashboards, tables, the start page.
//
// To add a view:
//   1. class RunDashboard : public DocumentPanel { RunDashboard(PanelContext& context, const ObjectRef& ref, QWidget* parent); … };
//      the constructor builds widgets, calls setTitle/setTabIcon/setBody, and asks context.queries for data (never waits).
//   2. in ui/panels/register_panels.cpp: registry.add({kind::kRun, [](PanelContext& c, const ObjectRef& r, QWidget* p) { return new
//   RunDashboard(c, r, p); }});
//   3. anything opens it by context.navigator.open({kind::kRun, runId, "step:1200"}); the place goes to showPlace().
//   4. commands: list ids of ui/widgets/shell/commands.cpp in commandState(), do them in runCommand(). The menu, the key, the palette
//      and the header button (header().addCommand) all come through these two. Call commandsChanged() when an answer changes.
//   5. a view with single-key commands: view->addActions(context.commands.actions(CommandContext::Chart)), answered by the same two
//   functions
//      or by any CommandTarget among the focused widget and its parents (asked before the panel).
#pragma once
#include <QVector>
#include <QWidget>

#include "ui/models/command_target.h"
#include "ui/models/object_ref.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/shell/panel_context.h"

class QVBoxLayout;

namespace dsw {

class MessageBar;
class PanelHeader;

/// From top to bottom: 40 px header, message bar (hidden until it has something to say), body. UI thread only; never opens files,
/// waits or queries by itself. Live while open; while hidden (isVisible() false) it should not redraw, and catch up in showEvent.
class DocumentPanel : public QWidget, public CommandTarget {
  Q_OBJECT
 public:
  DocumentPanel(PanelContext& context, ObjectRef ref, QWidget* parent = nullptr);
  ~DocumentPanel() override;

  /// Kind and id never change; place() is where in it we are now, for the history.
  const ObjectRef& ref() const { return ref_; }
  virtual QString place() const { return {}; }
  /// Shows a place of ObjectRef's list for this kind; an empty or unknown one changes nothing. May come before data is there: keep it.
  virtual void showPlace(const QString& place);

  // The tab.
  QString title() const { return title_; }
  QString tabIcon() const { return tabIcon_; }
  QString tabStatus() const { return tabStatus_; }
  bool isModified() const { return modified_; }
  QString lockReason() const { return lockReason_; }

  /// Asked before the tab closes; may ask the person with a modal dialog. Drafts are kept by themselves, so editors say true.
  virtual bool canClose() { return true; }
  /// Called once when the window or project closes, after canClose: last words (store a draft).
  virtual void aboutToClose() {}

  /// Shown in the inspector dock while this panel is active; owned by the panel, made once. Null: facts about Selection::object().
  virtual QWidget* inspector() { return nullptr; }
  /// Gets the focus when the tab is opened by keyboard or F6 reaches the document. Null: the body's first focusable widget.
  virtual QWidget* mainFocus() { return nullptr; }
  /// Canvas and insight tabs fold the bottom docks away.
  virtual bool wantsBottomDocks() const { return true; }
  /// Wants the whole window but menu and status bar (start page: navigator, inspector and bottom docks hide).
  virtual bool wantsWholeWindow() const { return false; }
  /// Fields and nodes of the open document for the palette's "@"; `id` of a chosen one goes to showPlace. Steps of ":" come as "step:N".
  virtual QVector<PaletteEntry> paletteEntries() const { return {}; }

  // CommandTarget; a panel that overrides these asks its base for ids it does not know.
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;

  PanelHeader& header() const { return *header_; }
  MessageBar& messages() const { return *messages_; }

 signals:
  void tabChanged();        ///< title, icon, status, modified or lock
  void commandsChanged();   ///< commandState may answer differently
  void inspectorChanged();  ///< inspector() may return another widget
  void closeRequested();    ///< its object is gone

 protected:
  void setTitle(const QString& title);  ///< of the tab and the header
  void setTabIcon(const QString& icon);
  /// A run status: the tab shows its icon; empty: tabIcon again.
  void setTabStatus(const QString& status);
  void setModified(bool modified);  ///< "name *"
  /// Read-only: a lock in the tab, the reason in its tooltip. Empty: writable.
  void setLocked(const QString& reason);
  void setBody(QWidget* body);  ///< takes it over
  PanelContext& context() const { return context_; }

 private:
  PanelContext& context_;
  ObjectRef ref_;
  QString title_, tabIcon_, tabStatus_, lockReason_;
  bool modified_ = false;
  PanelHeader* header_;
  MessageBar* messages_;
  QVBoxLayout* layout_;
  QWidget* body_ = nullptr;
};

}  // namespace dsw
