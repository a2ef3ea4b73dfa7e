// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

#include "engine/core/json.h"
#include "ui/widgets/fact_sheet.h"

namespace dsw {

class SpecDocument;

/// "One step costs", "Whole run", "FLOPs by part", "Changed against v4", "Undo steps" of an experiment's draft. UI thread only.
class ExperimentInspector : public FactSheet {
  Q_OBJECT
 public:
  explicit ExperimentInspector(SpecDocument& document, QWidget* parent = nullptr);
  /// What changes are counted against; version 0: nothing stored yet.
  void setVersion(int version, const std::string& document);

 signals:
  void pointerActivated(const QString& pointer);

 private:
  void refresh();
  SpecDocument& document_;
  int version_ = 0;
  std::string version_text_;
};

/// Leaves that differ, in document order: pointer, value before, value now; an absent one is empty.
struct ValueChange {
  QString pointer, before, after;
};
std::vector<ValueChange> changesBetween(const Json& before, const Json& after);

}  // namespace dsw
