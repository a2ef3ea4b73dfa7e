// SPDX-License-Identifier: GPL-3.0-or-later
// What a run produced, to look at: generated text, misclassified pictures, the confusion matrix. UI thread only.
#pragma once
#include <QWidget>
#include <vector>

#include "engine/store/project_rows.h"

class QLabel;
class QToolButton;

namespace dsw {

class RunData;
class ElidedLabel;
class SampleView;
class SegmentedControl;

/// Kinds that the run has are offered in the title line; within a kind, "‹ 8 of 8 ›" walks through the steps. Follows the newest sample
/// until the person goes back.
class RunSamples : public QWidget {
  Q_OBJECT
 public:
  explicit RunSamples(RunData& run, QWidget* parent = nullptr);
  void showKind(const QString& kind);  ///< "text", "misclassified", "confusion"
  QString kind() const { return kind_; }

 private:
  void refresh();
  void step(int direction);
  void showSample();
  std::vector<const SampleRow*> ofKind(const QString& kind) const;

  RunData& run_;
  SegmentedControl* kinds_;
  ElidedLabel* note_;
  QLabel* count_;
  QToolButton* back_;
  QToolButton* forward_;
  SampleView* view_;
  QStringList offered_;
  QString kind_;
  int at_ = -1;
  bool follow_ = true;
};

}  // namespace dsw
