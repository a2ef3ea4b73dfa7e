// SPDX-License-Identifier: GPL-3.0-or-later
// The tab of one experiment: its draft in form, text and drawing; run, keep a version, undo. UI thread only.
#pragma once
#include <QStackedWidget>
#include <QTimer>
#include <optional>

#include "engine/store/project_rows.h"
#include "ui/models/spec_document.h"
#include "ui/widgets/shell/document_panel.h"

namespace dsw {

class ExperimentInspector;
class ExperimentView;
class SegmentedControl;
class SpaceDesigner;
class SpaceInspector;

/// What the person wants here: change a setting and see at once what it costs and whether it will run; run it; get back to any version.
/// The draft is stored two seconds after the last change and when the tab closes, so a crash loses at most that.
class ExperimentEditor : public DocumentPanel {
  Q_OBJECT
 public:
  ExperimentEditor(PanelContext& context, const ObjectRef& ref, QWidget* parent = nullptr);
  ~ExperimentEditor() override;

  QString place() const override;
  void showPlace(const QString& place) override;
  void aboutToClose() override;
  QWidget* inspector() override;
  QWidget* mainFocus() override;
  bool wantsBottomDocks() const override { return !showsSpace(); }
  QVector<PaletteEntry> paletteEntries() const override;
  CommandState commandState(const QString& id) const override;
  void runCommand(const QString& id) override;
  SpecDocument& document() { return document_; }
  SpaceDesigner* designer() const { return designer_; }  ///< of a search; else null

 private:
  QString outsideFiles() const;
  /// Says which files of this machine an imported document names.
  void showOutsideFiles();
  void allowOutsideFiles(std::function<void()> then);
  void load();
  void loaded(const std::vector<ExperimentVersion>& versions, const std::optional<std::string>& draft);
  void buildView();
  /// A search has a canvas, its JSON and its settings as sub-tabs; anything else one view.
  bool isSearch() const;
  void adoptTask();
  enum Page { kSpacePage, kJsonPage, kSettingsPage };
  void showPage(int page);
  bool showsSpace() const;
  void goToProblem(int direction);
  void refreshHeader();
  void reportProblems();
  void storeDraft();
  void run();
  void keepVersion();
  void chooseFile(const QString& pointer);
  QString documentName() const;
  bool differsFromVersion() const;

  SpecDocument document_;
  ExperimentView* view_ = nullptr;
  ExperimentInspector* inspector_;
  QStackedWidget *inspectors_, *pages_ = nullptr;
  SegmentedControl* segments_ = nullptr;
  SpaceDesigner* designer_ = nullptr;
  SpaceInspector* space_inspector_ = nullptr;
  std::vector<ExperimentVersion> versions_;
  QTimer draft_timer_;
  QString stored_draft_, wanted_place_;
  bool loaded_ = false, starting_ = false;
};

}  // namespace dsw
