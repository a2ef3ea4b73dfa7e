// SPDX-License-Identifier: GPL-3.0-or-later
// One message in a panel: level icon, a bold first sentence, the rest, actions as links, and a close button. UI thread only.
#pragma once
#include <QWidget>
#include <functional>
#include <vector>

class QLabel;
class QHBoxLayout;

namespace dsw {

enum class MessageLevel { Info, Success, Warning, Error };

struct MessageAction {
  QString text;  ///< a verb: "Use 4", "Rename"
  std::function<void()> run;
  QString tooltip;
};

/// Hidden until something is shown. Height follows the text (wraps). Announced to assistive tools by QAccessible::Alert;
/// never takes the focus.
class MessageBar : public QWidget {
  Q_OBJECT
 public:
  explicit MessageBar(QWidget* parent = nullptr);

  /// `head` is set bold, `text` follows; both are plain text. Shows the bar.
  void showMessage(MessageLevel level, const QString& head, const QString& text, std::vector<MessageAction> actions = {},
                   bool closable = true);
  /// Hides the bar.
  void clear();
  bool hasMessage() const { return has_message_; }
  MessageLevel level() const { return level_; }
  QString message() const;  ///< head and text as one sentence

  int heightForWidth(int width) const override;
  bool hasHeightForWidth() const override { return true; }

 signals:
  void closed();

 protected:
  void paintEvent(QPaintEvent*) override;

 private:
  void restyle();
  MessageLevel level_ = MessageLevel::Info;
  bool has_message_ = false;
  QString head_, text_;
  QLabel* icon_;
  QLabel* label_;
  QHBoxLayout* buttons_;
  std::vector<QWidget*> action_buttons_;
  class QToolButton* close_;
};

}  // namespace dsw
