// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/json_edit.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QStringListModel>
#include <QSyntaxHighlighter>
#include <QTextBlock>

#include "ui/widgets/theme.h"

namespace dsw {

/// Keys, strings, numbers and words in series colours; works line by line, since JSON strings never cross one.
class JsonHighlighter : public QSyntaxHighlighter {
 public:
  using QSyntaxHighlighter::QSyntaxHighlighter;

 protected:
  void highlightBlock(const QString& line) override {
    const ThemeColors& colors = Theme::current().colors();
    for (int i = 0; i < line.size();) {
      const QChar c = line[i];
      int end = i + 1;
      if (c == '"') {
        while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
        end = std::min(end + 1, static_cast<int>(line.size()));
        int after = end;
        while (after < line.size() && line[after].isSpace()) ++after;
        const bool key = after < line.size() && line[after] == ':';
        setFormat(i, end - i, colors.series(key ? 0 : 2).color);
      } else if (c.isDigit() || c == '-') {
        while (end < line.size() && (line[end].isLetterOrNumber() || QStringLiteral(".+-").contains(line[end]))) ++end;
        setFormat(i, end - i, colors.series(1).color);
      } else if (c.isLetter()) {
        while (end < line.size() && line[end].isLetter()) ++end;
        setFormat(i, end - i, colors.series(3).color);
      }
      i = end;
    }
  }
};

class JsonEdit::Gutter : public QWidget {
 public:
  explicit Gutter(JsonEdit* edit) : QWidget(edit), edit_(edit) {}

 protected:
  void paintEvent(QPaintEvent* event) override {
    QPainter p(this);
    edit_->paintGutter(p, event->rect());
  }

 private:
  JsonEdit* edit_;
};

JsonEdit::JsonEdit(QWidget* parent)
    : QPlainTextEdit(parent),
      gutter_(new Gutter(this)),
      highlighter_(new JsonHighlighter(document())),
      completer_(new QCompleter(this)),
      completion_model_(new QStringListModel(this)) {
  setUndoRedoEnabled(false);
  setLineWrapMode(QPlainTextEdit::NoWrap);
  setFrameShape(QFrame::NoFrame);
  setTabChangesFocus(true);
  setAccessibleName(tr("Document as JSON"));
  completer_->setModel(completion_model_);
  completer_->setWidget(this);
  completer_->setCompletionMode(QCompleter::PopupCompletion);
  completer_->setCaseSensitivity(Qt::CaseInsensitive);
  connect(completer_, qOverload<const QString&>(&QCompleter::activated), this, &JsonEdit::insertCompletion);
  connect(this, &QPlainTextEdit::updateRequest, this, [this](const QRect& rect, int dy) {
    if (dy)
      gutter_->scroll(0, dy);
    else
      gutter_->update(0, rect.y(), gutter_->width(), rect.height());
  });
  connect(document(), &QTextDocument::contentsChange, this, [this](int at, int removed, int added) {
    const QString now = toPlainText();
    if (!splicing_) {
      // Qt counts the final paragraph mark at times: the shorter of both is what changed.
      added = std::min(added, static_cast<int>(now.size()) - at);
      removed = static_cast<int>(last_text_.size() + added - now.size());
      emit typed(at, removed, now.mid(at, added));
    }
    last_text_ = now;
  });
  connect(document(), &QTextDocument::blockCountChanged, this, [this] { restyle(); });
  connect(&Theme::current(), &Theme::changed, this, [this] { restyle(); });
  restyle();
}

JsonEdit::~JsonEdit() = default;

int JsonEdit::lineNumberWidth() const {
  int digits = 2;
  for (int lines = blockCount(); lines >= 100; lines /= 10) ++digits;
  return 18 + digits * QFontMetrics(themeFont(FontRole::Number)).horizontalAdvance('0');
}

void JsonEdit::restyle() {
  setFont(themeFont(FontRole::Number));
  setViewportMargins(lineNumberWidth(), 0, 0, 0);
  QPalette colors = palette();
  colors.setColor(QPalette::Base, themeColor(Token::Surface2));
  colors.setColor(QPalette::Text, themeColor(Token::Text1));
  if (colors != palette()) setPalette(colors);
  highlighter_->rehighlight();
  showMarks();
  gutter_->update();
}

void JsonEdit::changeEvent(QEvent* event) {
  QPlainTextEdit::changeEvent(event);
  if (event->type() == QEvent::FontChange) setViewportMargins(lineNumberWidth(), 0, 0, 0);
}

void JsonEdit::resizeEvent(QResizeEvent* event) {
  QPlainTextEdit::resizeEvent(event);
  const QRect inside = contentsRect();
  gutter_->setGeometry(inside.left(), inside.top(), lineNumberWidth(), inside.height());
}

void JsonEdit::paintGutter(QPainter& p, const QRect& area) {
  p.fillRect(area, themeColor(Token::Surface2));
  p.setFont(themeFont(FontRole::Number));
  for (QTextBlock block = firstVisibleBlock(); block.isValid(); block = block.next()) {
    const QRectF line = blockBoundingGeometry(block).translated(contentOffset());
    if (line.top() > area.bottom()) break;
    bool wrong = false;
    for (const Mark& mark : marks_) wrong = wrong || (!mark.warning && document()->findBlock(mark.begin) == block);
    if (wrong) p.fillRect(QRectF(0, line.top(), gutter_->width(), line.height()), themeColor(Token::FailedSoft));
    p.setPen(themeColor(wrong ? Token::Failed : Token::Text3));
    p.drawText(QRectF(0, line.top(), gutter_->width() - 10, line.height()), Qt::AlignRight | Qt::AlignVCenter,
               QString::number(block.blockNumber() + 1));
  }
}

void JsonEdit::setMarks(std::vector<Mark> marks) {
  marks_ = std::move(marks);
  showMarks();
  gutter_->update();
}

void JsonEdit::showMarks() {
  QList<QTextEdit::ExtraSelection> shown;
  const int size = static_cast<int>(last_text_.size());
  for (const Mark& mark : marks_) {
    QTextEdit::ExtraSelection line;
    line.cursor = QTextCursor(document());
    line.cursor.setPosition(std::min(mark.begin, size));
    if (!mark.warning) {
      line.format.setBackground(themeColor(Token::FailedSoft));
      line.format.setProperty(QTextFormat::FullWidthSelection, true);
      shown.append(line);
    }
    QTextEdit::ExtraSelection wave;
    wave.cursor = QTextCursor(document());
    wave.cursor.setPosition(std::min(mark.begin, size));
    wave.cursor.setPosition(std::min(std::max(mark.end, mark.begin + 1), size), QTextCursor::KeepAnchor);
    wave.format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
    wave.format.setUnderlineColor(themeColor(mark.warning ? Token::Warning : Token::Failed));
    shown.append(wave);
  }
  setExtraSelections(shown);
}

void JsonEdit::splice(int at, int removed, const QString& inserted) {
  splicing_ = true;
  QTextCursor cursor(document());
  cursor.setPosition(at);
  cursor.setPosition(at + removed, QTextCursor::KeepAnchor);
  cursor.insertText(inserted);
  splicing_ = false;
}

void JsonEdit::goTo(int position, int length) {
  QTextCursor cursor(document());
  cursor.setPosition(std::clamp(position, 0, static_cast<int>(last_text_.size())));
  if (length > 0) cursor.setPosition(std::min(position + length, static_cast<int>(last_text_.size())), QTextCursor::KeepAnchor);
  setTextCursor(cursor);
  ensureCursorVisible();
}

bool JsonEdit::event(QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride) {
    // QPlainTextEdit keeps these to itself; they belong to the document's undo stack.
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo)) {
      event->ignore();
      return false;
    }
  }
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const int position = cursorForPosition(viewport()->mapFromGlobal(help->globalPos())).position();
    QStringList sentences;
    for (const Mark& mark : marks_)
      if (document()->findBlock(mark.begin) == document()->findBlock(position)) sentences << mark.sentence;
    if (sentences.isEmpty())
      QToolTip::hideText();
    else
      QToolTip::showText(help->globalPos(), sentences.join('\n').toHtmlEscaped().replace('\n', "<br>"), this);
    return true;
  }
  return QPlainTextEdit::event(event);
}

void JsonEdit::keyPressEvent(QKeyEvent* event) {
  if (completer_->popup()->isVisible()) {
    switch (event->key()) {
      case Qt::Key_Enter:
      case Qt::Key_Return:
      case Qt::Key_Escape:
      case Qt::Key_Tab:
      case Qt::Key_Backtab:
        event->ignore();
        return;
      default:
        break;
    }
  }
  if (event->matches(QKeySequence::Undo)) return emit undoRequested();
  if (event->matches(QKeySequence::Redo)) return emit redoRequested();
  if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && event->modifiers() == Qt::NoModifier) {
    const QString line = textCursor().block().text().left(textCursor().positionInBlock());
    int indent = 0;
    while (indent < line.size() && line[indent] == ' ') ++indent;
    if (line.trimmed().endsWith('{') || line.trimmed().endsWith('[')) indent += 2;
    textCursor().insertText("\n" + QString(indent, ' '));
    ensureCursorVisible();
    return;
  }
  QPlainTextEdit::keyPressEvent(event);
}

void JsonEdit::complete() {
  if (!completions_) return;
  const QStringList offers = completions_(textCursor().position());
  if (offers.isEmpty()) return;
  completion_model_->setStringList(offers);
  completer_->setCompletionPrefix({});
  QRect place = cursorRect();
  place.translate(viewport()->x(), 0);
  place.setWidth(std::min(360, completer_->popup()->sizeHintForColumn(0) + 40));
  completer_->complete(place);
}

void JsonEdit::insertCompletion(const QString& text) {
  QTextCursor cursor = textCursor();
  // What was begun of the word, with its quote, gives way.
  const QString line = cursor.block().text();
  int begin = cursor.positionInBlock(), end = begin;
  const auto inWord = [&](int i) { return line[i].isLetterOrNumber() || QStringLiteral("\"-_.").contains(line[i]); };
  while (begin > 0 && inWord(begin - 1)) --begin;
  while (end < line.size() && inWord(end)) ++end;
  cursor.setPosition(cursor.block().position() + begin);
  cursor.setPosition(cursor.block().position() + end, QTextCursor::KeepAnchor);
  cursor.insertText(text);
  setTextCursor(cursor);
}

}  // namespace dsw
