// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QLabel>
#include "ui/widgets/theme.h"

namespace dsw {

/// A plain-text line that ends in "…" where it does not fit; the whole text is then its tooltip. Never demands its full width.
/// It is drawn in a token of the theme, so it follows theme changes and needs no palette of its own.
class ElidedLabel : public QLabel {
  Q_OBJECT
 public:
  explicit ElidedLabel(const QString& text = {}, QWidget* parent = nullptr, Token token = Token::Text1);
  void setText(const QString& text);
  void setToken(Token token);
  QString text() const { return full_; }
  void setElideMode(Qt::TextElideMode mode);
  bool isElided() const;
  QSize minimumSizeHint() const override;
  QSize sizeHint() const override;

 protected:
  void resizeEvent(QResizeEvent*) override;
  void changeEvent(QEvent*) override;
  void paintEvent(QPaintEvent*) override;

 private:
  void refresh();
  int fullWidth() const;  ///< of the whole text, in px
  QString full_;
  Token token_;
  mutable int full_width_ = -1;  ///< -1: not measured yet; forms ask many times
  Qt::TextElideMode mode_ = Qt::ElideRight;
};

/// A label in a role and a token of the theme; follows theme changes. Text may contain links where `link` handling is set by the owner.
class ThemedLabel : public QLabel {
  Q_OBJECT
 public:
  explicit ThemedLabel(const QString& text = {}, FontRole role = FontRole::Text, Token token = Token::Text1, QWidget* parent = nullptr);
  void setToken(Token token);
  void setRole(FontRole role);

 private:
  void refresh();
  Token token_;
  FontRole role_;
};

}  // namespace dsw
