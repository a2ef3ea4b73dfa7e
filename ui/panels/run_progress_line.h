// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

#include "ui/widgets/theme.h"

class QBoxLayout;
class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;

namespace dsw {

class ElidedLabel;
class SegmentedControl;
class ShareBar;

/// The line under a run's head: how far it is and how good, and how all its charts are drawn. In a narrow document the bar goes first
/// (the step says the same), then the word before the smoothing, then what is left. Where the rest has no room either, the controls get a
/// line of their own, and in the end a list stands for the segments of the axis. UI thread only.
class RunProgressLine : public QWidget {
  Q_OBJECT
 public:
  RunProgressLine(int axis, double smoothing, QWidget* parent);

  void showStep(const QString& text, double share, Token color);
  void showLeft(const QString& text);  ///< "1:52 left", "finished"
  void showBest(const QString& text);  ///< "val/loss 1.8840"
  void setHasEpochs(bool has);
  int axis() const;
  double smoothing() const;

 signals:
  void axisChanged(int axis);  ///< as CurveAxis
  void smoothingChanged(double factor);
  void outliersToggled(bool on);

 protected:
  void resizeEvent(QResizeEvent*) override;

 private:
  QBoxLayout* addControls(int axis, double smoothing);
  void fit();
  QBoxLayout* parts_;
  QLabel* step_;
  ShareBar* share_;
  QLabel* left_;
  ElidedLabel* best_;
  SegmentedControl* axis_ = nullptr;
  QComboBox* axis_list_ = nullptr;  ///< stands for axis_ where that has no room
  QLabel* smoothing_label_ = nullptr;
  QDoubleSpinBox* smoothing_ = nullptr;
  QCheckBox* outliers_ = nullptr;
};

}  // namespace dsw
