// SPDX-License-Identifier: GPL-3.0-or-later
// Form, JSON text and network drawing of one SpecDocument, side by side: three views of one text. UI thread only.
#pragma once
#include <QWidget>
#include <functional>

#include "ui/models/spec_document.h"

class QCheckBox;
class QLabel;
class QLineEdit;

namespace dsw {

class ElidedLabel;
class GraphView;
class JsonEdit;
class MessageBar;
class ParamForm;

class ExperimentView : public QWidget {
  Q_OBJECT
 public:
  explicit ExperimentView(SpecDocument& document, QWidget* parent = nullptr);

  /// Nothing can be changed any more; a bar says so and offers `export_project`, if there is one.
  void setReadOnly(std::function<void()> export_project);
  /// The field, or the place in the text where the text has the focus, of a JSON pointer.
  void goTo(const QString& pointer);
  QString currentPointer() const;
  /// Ctrl+J: from the form to the same place in the text and back.
  void toggleFormAndText();
  /// Which of its three parts are seen; all at first.
  void showParts(bool form, bool text, bool network);
  void goToProblem(int direction);  ///< F8, Shift+F8
  void focusFilter();
  void resetFocused();  ///< Alt+Backspace
  void showValues();    ///< what can stand at the cursor
  GraphView* network() const { return network_; }
  ParamForm* form() const { return form_; }
  JsonEdit* text() const { return text_; }

 signals:
  void currentPointerChanged(const QString& pointer);
  void browseRequested(const QString& pointer);

 private:
  void showDocument();
  void showProblems();
  void showEstimate();
  void showCursor();
  QStringList completionsAt(int position) const;
  std::vector<std::pair<QString, QString>> facts() const;

  SpecDocument& document_;
  MessageBar* messages_;
  QWidget *form_pane_, *text_pane_, *network_pane_, *right_;
  ParamForm* form_ = nullptr;
  JsonEdit* text_ = nullptr;
  GraphView* network_ = nullptr;
  QLabel* cursor_place_ = nullptr;
  ElidedLabel* network_note_ = nullptr;
  QLineEdit* filter_ = nullptr;
  QCheckBox* changed_only_ = nullptr;
  bool read_only_ = false;
  std::function<void()> export_project_;
  std::string shown_problems_;
};

}  // namespace dsw
