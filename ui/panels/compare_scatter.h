// SPDX-License-Identifier: GPL-3.0-or-later
// Runs as points: any setting, metric or cost against any other. UI thread only.
#pragma once
#include <QWidget>
#include <functional>
#include <vector>

#include "ui/models/run_quantities.h"

class QCheckBox;
class QComboBox;

namespace dsw {

class Comparison;
class MessageBar;
class ScatterView;

/// Marked runs have their colours; the other runs that the table shows lie behind them as a crowd. Reads the runs when it is seen.
class CompareScatter : public QWidget {
  Q_OBJECT
 public:
  using Shown = std::function<std::vector<RunPtr>()>;
  /// `shown`: the runs that the table shows.
  CompareScatter(Comparison& comparison, Shown shown, QWidget* parent = nullptr);
  /// The runs, their colours or values changed.
  void refresh();
  ScatterView* view() const { return view_; }
  void setQuantities(const QString& x, const QString& y);  ///< ids of run_quantities.h

 signals:
  void runActivated(const QString& runId);

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void fillChoices(const std::vector<RunPtr>& runs);
  std::vector<RunPtr> runs() const;

  Comparison& comparison_;
  Shown shown_;
  QComboBox* x_;
  QComboBox* y_;
  QCheckBox* others_;
  MessageBar* message_;
  ScatterView* view_;
  bool chosen_y_ = false;  ///< by the person: no longer follows the compared metric
};

}  // namespace dsw
