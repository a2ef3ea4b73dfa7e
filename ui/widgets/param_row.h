// SPDX-License-Identifier: GPL-3.0-or-later
// One setting of a ParamForm: label, control, hint, and the sentence of what is wrong. UI thread only.
#pragma once
#include <QWidget>

#include "engine/core/param_schema.h"

class QLabel;
class QGridLayout;

namespace dsw {

class ElidedLabel;
class ThemedLabel;

class ParamRow : public QWidget {
  Q_OBJECT
 public:
  /// `compact`: narrow, without the hint at the right; for inspectors.
  ParamRow(const Param& param, const QString& pointer, int indent, QWidget* parent, bool compact = false);

  const Param& param() const { return param_; }
  const QString& pointer() const { return pointer_; }
  /// `value`: as written, null when the key is not there (the default is shown then).
  void showValue(const Json& value);
  void setFact(const QString& text);
  void setProblem(const QString& sentence, bool warning);
  void setReadOnly(bool on);
  bool isChanged() const { return changed_; }
  bool hasProblem() const { return !problem_.isEmpty(); }
  bool matches(const QString& filter) const;
  QWidget* control() const { return control_; }

 signals:
  void edited(const QString& value);
  void editDone();
  void resetRequested();
  void focused();
  void browseRequested();

 protected:
  void paintEvent(QPaintEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void buildControl();
  void buildProblemRow();
  void refreshHint();
  QString rangeText() const;
  QString textOf(const Json& value) const;
  QString jsonOf(const QString& text) const;

  Param param_;
  QString pointer_, fact_, problem_;
  ElidedLabel* label_;
  QWidget* control_ = nullptr;
  ElidedLabel* hint_;
  QWidget* problem_row_ = nullptr;  ///< made with the first problem: most rows never have one
  ThemedLabel* problem_label_ = nullptr;
  QLabel* problem_icon_ = nullptr;
  bool changed_ = false, present_ = false, warning_ = false, showing_ = false;
};

}  // namespace dsw
