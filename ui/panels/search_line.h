// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

#include "ui/widgets/theme.h"

class QLabel;

namespace dsw {

class ShareBar;
class RunData;
class SearchModel;

/// The first line of a search: how far, derived and expected cost against the target, guards against their limits. What has no room goes,
/// the last first. UI thread only.
class SearchLine : public QWidget {
  Q_OBJECT
 public:
  explicit SearchLine(QWidget* parent);
  void show(const RunData& run, const SearchModel& search);
  QString text() const;  ///< all of it

 protected:
  void paintEvent(QPaintEvent*) override;

 private:
  struct Part {
    QString label, value, note;
    Token tone = Token::Text1, note_tone = Token::Text2;
  };
  std::vector<Part> parts_;
  double share_ = 0;
  Token share_tone_ = Token::Running;
};

}  // namespace dsw
