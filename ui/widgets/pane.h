// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of a document: a titled pane and its small buttons. UI thread only.
#pragma once
#include <QVBoxLayout>
#include <QWidget>

class QSplitter;
class QToolButton;

namespace dsw {

/// The 30 px title line of a pane, with a hairline under it. Further controls are added to line(), right of the title.
class PaneTitle : public QWidget {
  Q_OBJECT
 public:
  PaneTitle(const QString& title, const QString& note, QWidget* parent);
  QHBoxLayout* line() const { return line_; }

 protected:
  void paintEvent(QPaintEvent*) override;

 private:
  QHBoxLayout* line_;
};

/// A part of a splitter: title over content. Widgets get their parent when they are made: one that changes it is polished again
/// with all that it holds.
class Pane : public QWidget {
  Q_OBJECT
 public:
  Pane(const QString& title, const QString& note, QSplitter* parent);
  /// `content` is a child of this already.
  template <class Content>
  Content* hold(Content* content) {
    column_->addWidget(content, 1);
    return content;
  }
  PaneTitle* head() const { return head_; }

 private:
  QVBoxLayout* column_;
  PaneTitle* head_;
};

/// A 24 px button with an icon; `name` is its tooltip and its accessible name.
QToolButton* iconButton(const QString& icon, const QString& name, QWidget* parent = nullptr);

}  // namespace dsw
