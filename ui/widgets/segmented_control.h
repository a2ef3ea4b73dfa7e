// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QStringList>
#include <QVector>
#include <QWidget>

class QToolButton;

namespace dsw {

/// A row of exclusive buttons in one frame ("Step | Epoch | Relative | Clock"). Left and Right move, Tab leaves. 24 px high.
class SegmentedControl : public QWidget {
  Q_OBJECT
 public:
  explicit SegmentedControl(QWidget* parent = nullptr);
  explicit SegmentedControl(const QStringList& options, QWidget* parent = nullptr);

  void setOptions(const QStringList& options);
  /// Icon name for one option; the text stays as tooltip and accessible name when `icon_only`.
  void setOptionIcon(int index, const QString& icon, bool icon_only = false);
  void setOptionEnabled(int index, bool enabled, const QString& reason = {});
  int count() const { return static_cast<int>(buttons_.size()); }
  int current() const { return current_; }
  QString currentText() const;

 public slots:
  void setCurrent(int index);  ///< emits currentChanged where it changes

 signals:
  void currentChanged(int index);
  void chosen(int index);  ///< by the person only

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void paintEvent(QPaintEvent*) override;

 private:
  int current_ = -1;
  QVector<QToolButton*> buttons_;
};

}  // namespace dsw
