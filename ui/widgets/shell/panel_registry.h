// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <map>
#include <vector>

#include "ui/models/object_ref.h"
#include "ui/widgets/shell/dock_panel.h"
#include "ui/widgets/shell/panel_context.h"

class QWidget;

namespace dsw {

class DocumentPanel;

/// Maps the kind of an object to the panel that shows it, and lists the docks. Filled by register_panels (ui/panels/register_panels.cpp)
/// before the window is made; a kind twice is a programming error.
class PanelRegistry {
 public:
  struct Entry {
    QString kind;
    std::function<DocumentPanel*(PanelContext&, const ObjectRef&, QWidget* parent)> make;
  };
  void add(Entry entry);
  const Entry* find(const QString& kind) const;
  void addDock(DockEntry entry) { docks_.push_back(std::move(entry)); }
  const std::vector<DockEntry>& docks() const { return docks_; }

 private:
  std::map<QString, Entry> entries_;
  std::vector<DockEntry> docks_;
};

/// All built-in panels, in one visible list.
void registerPanels(PanelRegistry& registry);

}  // namespace dsw
