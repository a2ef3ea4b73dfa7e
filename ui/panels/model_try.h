// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <vector>

#include "ui/models/model_session.h"

class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QStackedWidget;
class QStandardItemModel;
class QTableView;
class QToolButton;

namespace dsw {

class AppSettings;
class DataPicker;
class ImageGrid;

/// Tries a model out: a language model goes on from a prompt and the text streams in; a classifier says what it takes examples of a
/// data set, or a text that the person types, for. UI thread only.
class ModelTry : public QWidget {
  Q_OBJECT
 public:
  ModelTry(ModelSession& session, AppSettings& settings, QWidget* parent = nullptr);

  void setDataChoices(const std::vector<ModelData>& choices);
  /// Generates or classifies, as the button does.
  void act();
  QWidget* mainFocus() const;

 private:
  QWidget* buildGenerate();
  QWidget* buildClassify();
  void refresh();
  void refreshButtons();
  void generate();
  void appendText(const QString& text, bool written);
  void showTexts(const QStringList& texts);
  void showPage(const ClassifiedPage& page);
  void showScores(const std::vector<ClassScore>& scores);
  void classifyPage(qint64 page);

  ModelSession& session_;
  AppSettings& settings_;
  QStackedWidget* stack_;
  QLabel* empty_;
  // A language model.
  QPlainTextEdit* prompt_;
  QDoubleSpinBox *temperature_, *top_p_, *repetition_penalty_;
  QSpinBox *top_k_, *tokens_, *text_count_, *seed_;
  QString asked_prompt_;  ///< of what is being written
  QPushButton *generate_, *stop_;
  QPlainTextEdit* output_;
  QLabel* generate_note_;
  // A classifier.
  QWidget* typed_;
  QLineEdit* text_;
  QPushButton *classify_text_, *classify_, *stop_classify_;
  QLabel *scores_, *classify_note_;
  DataPicker* data_;
  QToolButton *back_, *forward_;
  QStackedWidget* results_;
  ImageGrid* pictures_;
  QTableView* texts_;
  QStandardItemModel* text_rows_;
  qint64 page_ = 0, pages_ = 0;
};

}  // namespace dsw
