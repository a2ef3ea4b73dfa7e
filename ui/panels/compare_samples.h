// SPDX-License-Identifier: GPL-3.0-or-later
// Sample outputs of the compared runs side by side. UI thread only.
#pragma once
#include <QHash>
#include <QSet>
#include <QWidget>
#include <vector>

#include "engine/store/project_rows.h"

class QHBoxLayout;
class QLabel;
class QScrollArea;
class QToolButton;

namespace dsw {

class Comparison;
class QueryRunner;
class SampleView;
class SegmentedControl;
class StoreWatcher;

/// One column a run, at most 12. All show what they had at one step ("‹ step 1 600 ›"), the newest unless the person goes back. Reads the
/// samples when it is seen.
class CompareSamples : public QWidget {
  Q_OBJECT
 public:
  CompareSamples(Comparison& comparison, QueryRunner& queries, StoreWatcher& watcher, QWidget* parent = nullptr);
  void refresh();  ///< the compared runs changed
  void showKind(const QString& kind);
  int columnCount() const { return static_cast<int>(columns_.size()); }

 signals:
  void runActivated(const QString& runId, double step);

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  struct Column {
    QString run;
    QWidget* box;
    QLabel* head;
    SampleView* view;
  };
  void ask();
  void rebuildColumns();
  void fill();
  void step(int direction);
  std::vector<std::int64_t> steps() const;  ///< at which any run has a sample of the kind, ascending

  Comparison& comparison_;
  QueryRunner& queries_;
  SegmentedControl* kinds_;
  QLabel* note_;
  QLabel* step_label_;
  QToolButton* back_;
  QToolButton* forward_;
  QScrollArea* scroll_;
  QHBoxLayout* row_;
  std::vector<Column> columns_;
  QStringList shown_runs_, offered_;
  QHash<QString, std::vector<SampleRow>> samples_;  ///< by run id
  QSet<QString> fresh_;                             ///< read, or asked for
  QString kind_;
  std::int64_t at_ = -1;  ///< step; -1: the newest of each
};

}  // namespace dsw
