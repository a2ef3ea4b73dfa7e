// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <vector>

#include "ui/widgets/theme.h"

namespace dsw {

struct LineFact {
  QString label, value, note;
  Token tone = Token::Text1, note_tone = Token::Text2;
};

/// A line of facts under a head, with a bar of how far it is behind the first. What has no room goes, the last first. UI thread only.
class FactLine : public QWidget {
  Q_OBJECT
 public:
  explicit FactLine(QWidget* parent);
  /// @param share  0..1, of the bar
  void setFacts(std::vector<LineFact> facts, double share, Token share_tone);
  QString text() const;  ///< all of it

 protected:
  void paintEvent(QPaintEvent*) override;

 private:
  std::vector<LineFact> facts_;
  double share_ = 0;
  Token share_tone_ = Token::Running;
};

}  // namespace dsw
