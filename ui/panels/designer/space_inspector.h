// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QScrollArea>
#include <memory>

#include "ui/models/space/space_edit.h"
#include "ui/models/space/space_facts.h"

class QTreeWidget;
class QVBoxLayout;

namespace dsw {

class FactSheet;
class ParamRow;
class SpaceDesigner;

/// What is selected on the canvas: its name, what may stand there with costs, settings by their schema, where it is used, what is wrong.
/// Nothing selected: nothing shown; the owner shows the document's costs instead. UI thread only.
class SpaceInspector : public QScrollArea {
  Q_OBJECT
 public:
  explicit SpaceInspector(SpaceDesigner& designer, QWidget* parent = nullptr);
  bool hasSubject() const { return !path_.empty(); }
  QTreeWidget* candidates() const { return candidates_; }
  std::vector<ParamRow*> rows() const { return rows_; }

 signals:
  void subjectChanged();

 private:
  void refresh();
  void rebuild();
  void buildNames(const Json& node);
  void buildCandidates(const Json* list);
  void buildSettings(const std::string& op, const Json& settings, bool of_candidate);
  void buildCell(const Json& node);
  void showValues();
  void showFacts();
  QWidget* section(const QString& title, const QString& note = {});
  /// A setting of the node, its cell or the candidate; `set` gets JSON.
  ParamRow* addRow(QWidget* in, const Param& param, const std::string& key, std::function<void(const Json&)> set);
  Json settingsShown() const;
  SpaceNodeRef owner() const;
  void set(const std::string& key, const Json& value);

  SpaceDesigner& designer_;
  QWidget* body_;
  QVBoxLayout* column_;
  std::string path_, level_, shape_;
  SpaceNodeRef ref_;
  int candidate_ = -1;
  QTreeWidget* candidates_ = nullptr;
  FactSheet* facts_ = nullptr;
  std::vector<ParamRow*> rows_;
  std::vector<std::function<Json()>> values_;  ///< of each of rows_
  bool showing_ = false;
};

}  // namespace dsw
