// SPDX-License-Identifier: GPL-3.0-or-later
// What an inspector shows: titled sections of facts, bars, text and chips, parted by hairlines. Filled again as often as wanted: labels
// that stay the same stay untouched. UI thread only.
#pragma once
#include <QScrollArea>
#include <functional>
#include <vector>

#include "ui/widgets/theme.h"

class QVBoxLayout;

namespace dsw {

struct Fact {
  enum class Kind { Value, Bar, Text, Link } kind = Kind::Value;
  QString label, value;  ///< Text and Link use `value` alone or with a label
  QString tooltip;
  double share = 0;           ///< Bar: 0..1
  QString icon;               ///< before the value
  Token tone = Token::Text1;  ///< of the value
  bool mono = true;
  std::function<void()> activate;  ///< Link
};
struct FactSection {
  QString title;
  QString note;  ///< right of the title, mono
  std::vector<Fact> facts;
  QWidget* widget = nullptr;  ///< stands under the facts; the sheet takes it over the first time it is given
};

inline Fact valueFact(QString label, QString value, QString tooltip = {}) {
  return {Fact::Kind::Value, std::move(label), std::move(value), std::move(tooltip), 0, {}, Token::Text1, true, {}};
}
inline Fact textFact(QString text, Token tone = Token::Text2) {
  return {Fact::Kind::Text, {}, std::move(text), {}, 0, {}, tone, false, {}};
}
inline Fact barFact(QString label, double share, QString value) {
  return {Fact::Kind::Bar, std::move(label), std::move(value), {}, share, {}, Token::Text1, true, {}};
}
inline Fact linkFact(QString label, QString value, std::function<void()> activate) {
  return {Fact::Kind::Link, std::move(label), std::move(value), {}, 0, {}, Token::Accent, false, std::move(activate)};
}

class FactSheet : public QScrollArea {
  Q_OBJECT
 public:
  explicit FactSheet(QWidget* parent = nullptr);
  void setSections(std::vector<FactSection> sections);
  /// From now on it is as high as what it shows: what is around it scrolls.
  void showWhole();
  /// "Parameters: 809 856" lines, for tests and assistive tools.
  QStringList lines() const;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fitHeight();
  class Row;
  class Section;
  QVBoxLayout* layout_;
  std::vector<Section*> sections_;
};

}  // namespace dsw
