// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QPointer>
#include <QSplitter>
#include <QVector>

#include "ui/models/object_ref.h"

class QTabWidget;

namespace dsw {

class DocumentPanel;

/// The centre: one or two groups of tabs side by side. Each object has one tab in all. UI thread only.
class DocumentArea : public QSplitter {
  Q_OBJECT
 public:
  explicit DocumentArea(QWidget* parent = nullptr);

  /// Takes the panel over and shows it in the group that had the focus last.
  /// What a panel is made with: a parent that changes has all of a panel polished again.
  QWidget* parentForNew() const;
  void add(DocumentPanel* panel);
  /// Puts it at `index` of the group that had the focus last, behind what is in front.
  void addBehind(DocumentPanel* panel, int index);
  DocumentPanel* find(const ObjectRef& ref) const;
  DocumentPanel* active() const;
  QVector<DocumentPanel*> panels() const;  ///< group by group, left to right
  void activate(DocumentPanel* panel);
  /// Asks canClose; says aboutToClose. False where the person wants to keep it.
  bool closePanel(DocumentPanel* panel);
  bool closeAll();
  void step(int by);  ///< next or previous tab, round the corner
  int groups() const { return second_ ? 2 : 1; }
  int groupIndex(const DocumentPanel* panel) const { return groupOf(panel) == first_ ? 1 : 2; }
  /// Moves the active tab to the other group; a group without tabs goes.
  void toggleSecondGroup();

  QStringList state() const;  ///< tabs as "group href", the active one with "*" before
  QSize minimumSizeHint() const override { return {560, 400}; }

 signals:
  void activeChanged(DocumentPanel* panel);
  void panelClosing(DocumentPanel* panel);
  void emptied();

 private:
  QTabWidget* makeGroup();
  QTabWidget* groupOf(const DocumentPanel* panel) const;
  void addCloseButton(QTabWidget* group, DocumentPanel* panel);
  void updateTab(DocumentPanel* panel);
  void dropEmptyGroup();
  void announceActive();
  void tabMenu(QTabWidget* group, const QPoint& pos);
  QTabWidget* first_;
  QTabWidget* second_ = nullptr;
  QTabWidget* current_;
  QPointer<DocumentPanel> announced_;
};

}  // namespace dsw
