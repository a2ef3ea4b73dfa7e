// SPDX-License-Identifier: GPL-3.0-or-later
// One sample output of a run: generated text, misclassified pictures or texts, a confusion matrix, where a step's time goes. UI thread
// only; pictures are read on a pool thread.
#pragma once
#include <QStackedWidget>
#include <memory>

#include "engine/store/project_rows.h"

class QLabel;
class QPlainTextEdit;
class QTableView;

namespace dsw {

class HeatmapView;
class ImageGrid;
class KernelTableModel;

/// The kinds of samples that are shown, in the order in which they are offered: "text", "misclassified", "confusion",
/// "profile".
const QStringList& sampleKinds();
QString sampleKindTitle(const QString& kind);

class SampleView : public QStackedWidget {
  Q_OBJECT
 public:
  explicit SampleView(QWidget* parent = nullptr);
  ~SampleView() override;
  /// Draws it anew only where it is another one than before. `kind` and content as the store gives them.
  void showSample(const SampleRow& sample);
  /// Nothing to show: says why.
  void showNothing(const QString& sentence);
  /// What is said beside the title: "step 1 600, temperature 0.8".
  const QString& note() const { return note_; }

 private:
  void showText(const SampleRow& sample);
  void showConfusion(const SampleRow& sample);
  void showMisclassified(const SampleRow& sample);
  void showProfile(const SampleRow& sample);

  struct Mailbox;
  QLabel* empty_;
  QPlainTextEdit* text_;
  HeatmapView* confusion_;
  ImageGrid* pictures_;
  KernelTableModel* kernels_;
  QTableView* profile_;
  QString note_;
  std::string shown_kind_;
  SampleRow text_sample_;
  std::int64_t shown_seq_ = -1;
  std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace dsw
