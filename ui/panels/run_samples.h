// SPDX-License-Identifier: GPL-3.0-or-later
// What a run produced, to look at: generated text, misclassified pictures, the confusion matrix. UI thread only; pictures are read on a
// pool thread.
#pragma once
#include <QWidget>
#include <memory>
#include <vector>

#include "engine/store/project_rows.h"

class QLabel;
class QPlainTextEdit;
class QStackedWidget;
class QToolButton;

namespace dsw {

class HeatmapView;
class ImageGrid;
class RunData;
class SegmentedControl;

/// Kinds that the run has are offered in the title line; within a kind, "‹ 8 of 8 ›" walks through the steps. Follows the newest sample
/// until the person goes back.
class RunSamples : public QWidget {
  Q_OBJECT
 public:
  explicit RunSamples(RunData& run, QWidget* parent = nullptr);
  ~RunSamples() override;
  void showKind(const QString& kind);  ///< "text", "misclassified", "confusion"
  QString kind() const { return kind_; }

 private:
  void refresh();
  void step(int direction);
  void showSample();
  void showText(const SampleRow& sample);
  void showConfusion(const SampleRow& sample);
  void showMisclassified(const SampleRow& sample);
  std::vector<const SampleRow*> ofKind(const QString& kind) const;

  struct Mailbox;
  RunData& run_;
  SegmentedControl* kinds_;
  QLabel* note_;
  QLabel* count_;
  QToolButton* back_;
  QToolButton* forward_;
  QStackedWidget* stack_;
  QLabel* empty_;
  QPlainTextEdit* text_;
  HeatmapView* confusion_;
  ImageGrid* pictures_;
  QStringList offered_;
  QString kind_;
  int at_ = -1;
  bool follow_ = true;
  std::int64_t shown_seq_ = -1;
  std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace dsw
