// SPDX-License-Identifier: GPL-3.0-or-later
// A text view for JSON: line numbers, colours, marks at problems, completion. Keeps no undo of its own: the owner's undo stack holds
// every edit, so form and text undo as one. UI thread only.
#pragma once
#include <QPlainTextEdit>
#include <functional>
#include <vector>

class QCompleter;
class QStringListModel;

namespace dsw {

class JsonHighlighter;

class JsonEdit : public QPlainTextEdit {
  Q_OBJECT
 public:
  explicit JsonEdit(QWidget* parent = nullptr);
  ~JsonEdit() override;

  struct Mark {
    int begin = 0, end = 0;  ///< positions in the text
    QString sentence;
    bool warning = false;
  };
  /// Lines of errors get a soft ground and a red number, the places a wave; the sentences show on hover.
  void setMarks(std::vector<Mark> marks);
  /// Makes the edit in the text without emitting typed().
  void splice(int at, int removed, const QString& inserted);
  /// What could stand at the cursor, asked by complete(): whole texts to put in ("\"heads\": ").
  void setCompletions(std::function<QStringList(int position)> completions) { completions_ = std::move(completions); }
  void goTo(int position, int length = 0);
  void complete();  ///< lists what could stand at the cursor
  int lineNumberWidth() const;

 signals:
  void typed(int at, int removed, const QString& inserted);
  void undoRequested();
  void redoRequested();

 protected:
  bool event(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  class Gutter;
  void paintGutter(QPainter& p, const QRect& area);
  void restyle();
  void showMarks();
  void insertCompletion(const QString& text);

  Gutter* gutter_;
  JsonHighlighter* highlighter_;
  QCompleter* completer_;
  QStringListModel* completion_model_;
  std::function<QStringList(int)> completions_;
  std::vector<Mark> marks_;
  QString last_text_;
  bool splicing_ = false;
};

}  // namespace dsw
