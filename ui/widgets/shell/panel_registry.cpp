// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/panel_registry.h"

#include "engine/core/result.h"

namespace dsw {

void PanelRegistry::add(Entry entry) {
  const QString kind = entry.kind;
  DSW_CHECK(entries_.emplace(kind, std::move(entry)).second, "a kind of object has one panel");
}

const PanelRegistry::Entry* PanelRegistry::find(const QString& kind) const {
  const auto it = entries_.find(kind);
  return it == entries_.end() ? nullptr : &it->second;
}

}  // namespace dsw
