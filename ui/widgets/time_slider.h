// SPDX-License-Identifier: GPL-3.0-or-later
// Walks through what a run recorded: a line from 0 to the planned end with what is reached, what happened and where one looks. UI thread
// only.
#pragma once
#include <QTimer>
#include <QWidget>
#include <vector>

class QLabel;
class QToolButton;

namespace dsw {

class Chip;

struct TimeMark {
  int at = 0;
  QString text;  ///< tooltip
};

/// Keys with focus: Left, Right step, Shift ×10; Home, End; Space plays; J, K previous, next mark. Mouse: click and drag.
class TimeSlider : public QWidget {
  Q_OBJECT
 public:
  explicit TimeSlider(QWidget* parent = nullptr);

  /// `last`: the planned end; `reached`: what can be looked at, -1: nothing yet.
  void setRange(int reached, int last);
  void setMarks(std::vector<TimeMark> marks);
  void setValue(int value);  ///< kept in 0..reached; does not emit
  /// The chip at the right, which goes to what is reached: "live", "to live"; empty: none.
  void setChip(const QString& text, bool live);
  int value() const { return value_; }
  const std::vector<TimeMark>& marks() const { return marks_; }
  bool isPlaying() const { return timer_.isActive(); }
  QRect groove() const;        ///< where the line is drawn
  qreal xOf(int value) const;  ///< px

 signals:
  void moved(int value);  ///< by the person or while playing

 public slots:
  void play(bool on);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void paintEvent(QPaintEvent*) override;
  void mousePressEvent(QMouseEvent*) override;
  void mouseMoveEvent(QMouseEvent*) override;
  void keyPressEvent(QKeyEvent*) override;
  void focusInEvent(QFocusEvent*) override;
  void focusOutEvent(QFocusEvent*) override;
  bool event(QEvent*) override;
  QSize sizeHint() const override { return {420, 38}; }
  QSize minimumSizeHint() const override { return {240, 38}; }

 private:
  void moveTo(int value);
  void toMark(int direction);
  int valueAt(qreal x) const;
  void refresh();

  QToolButton* start_;
  QToolButton* play_;
  QLabel* label_;
  Chip* live_;
  QTimer timer_;
  std::vector<TimeMark> marks_;
  int value_ = 0, reached_ = -1, last_ = 0;
};

}  // namespace dsw
