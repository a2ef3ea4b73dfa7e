// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

class QPushButton;

namespace dsw {

class SpecDocument;
struct SpaceFacts;

/// The line under the canvas: architectures, FLOPs from the smallest to the largest, target, parameters of the supernet, memory, problems.
class SpaceStatus : public QWidget {
  Q_OBJECT
 public:
  explicit SpaceStatus(QWidget* parent = nullptr);
  void setValues(const SpecDocument& document, const SpaceFacts* facts);
  QString text() const;  ///< what it says, for tests and assistive tools

 signals:
  void problemsClicked();

 protected:
  void paintEvent(QPaintEvent*) override;

 private:
  struct Value {
    QString name, value, tooltip;
  };
  QVector<Value> values_;
  QPushButton* problems_;
};

}  // namespace dsw
