// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <functional>

#include "ui/models/navigator.h"

class QLabel;
class QTimer;
class QToolButton;

namespace dsw {

/// A short message over the lower right corner of its parent for 8 s (as long as the pointer is on it, longer), with one action at
/// most. Announced to assistive tools; never takes the focus. The latest replaces the one before.
class NoticeBar : public QWidget {
  Q_OBJECT
 public:
  explicit NoticeBar(QWidget* parent);
  void showNotice(NoticeLevel level, const QString& text, const QString& actionText, std::function<void()> action);
  QString text() const;
  /// Distance of its lower edge from the parent's, px.
  void setBottomMargin(int px) { bottomMargin_ = px; }

 protected:
  void paintEvent(QPaintEvent*) override;
  void enterEvent(QEnterEvent*) override;
  void leaveEvent(QEvent*) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void place();
  NoticeLevel level_ = NoticeLevel::Info;
  QLabel* label_;
  QToolButton* action_;
  QToolButton* close_;
  QTimer* timer_;
  std::function<void()> run_;
  int bottomMargin_ = 36;
};

}  // namespace dsw
