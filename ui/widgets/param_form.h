// SPDX-License-Identifier: GPL-3.0-or-later
// A form made from a ParamSchema: one row a setting, in groups that fold. It holds no values of its own: setValue shows a document, and
// what the person does goes out as edits, so that a text view and one undo stack can be beside it. UI thread only.
#pragma once
#include <QScrollArea>
#include <memory>
#include <vector>

#include "engine/core/param_schema.h"

class QVBoxLayout;

namespace dsw {

class ParamGroup;
class ParamRow;

class ParamForm : public QScrollArea {
  Q_OBJECT
 public:
  explicit ParamForm(QWidget* parent = nullptr);
  ~ParamForm() override;

  /// Shows `document` (as written, without defaults) by `schema`. Rows are kept where the structure stays the same, so the cursor stays
  /// where the person types.
  void setValue(const ParamSchema& schema, const Json& document);
  /// Sentences under the fields they belong to; a problem of a thing without a row shows at the nearest row or group above it.
  void setProblems(const std::vector<Problem>& problems);
  /// Text to the right of a field instead of its range ("1 115 394 chars"), by pointer.
  void setFacts(const std::vector<std::pair<QString, QString>>& facts);
  void setFilter(const QString& text);
  void setChangedOnly(bool on);
  void setReadOnly(bool on);
  /// Moves the focus to the field of a pointer (or the nearest one above), unfolding its group.
  void goTo(const QString& pointer);
  QString focusedPointer() const;
  void focusGroup(int direction);  ///< Alt+Up, Alt+Down

 signals:
  /// `value` is JSON text. Sent while the person types; `done` closes the step.
  void edited(const QString& pointer, const QString& value, const QString& label);
  void editDone();
  void resetRequested(const QString& pointer, const QString& label);  ///< back to the default
  void focusMoved(const QString& pointer);
  void browseRequested(const QString& pointer);

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void rebuild(const ParamSchema& schema, const Json& document);
  void addRows(const ParamSchema& schema, const Json& document, const QString& pointer, ParamGroup* group, int indent);
  void refreshVisibility();
  ParamRow* rowFor(const QString& pointer) const;

  QWidget* body_;
  QVBoxLayout* layout_;
  std::vector<ParamGroup*> groups_;
  std::vector<ParamRow*> rows_;
  std::vector<Problem> problems_;
  QString shape_;  ///< which rows stand there; rebuilt when it changes
  QString filter_;
  bool changed_only_ = false, read_only_ = false;
};

}  // namespace dsw
