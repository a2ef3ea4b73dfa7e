// SPDX-License-Identifier: GPL-3.0-or-later
// The filter of the run table: `data:shakespeare loss<2.0 or failed`.
#pragma once
#include <QString>
#include <memory>

#include "engine/store/project_rows.h"
#include "ui/models/run_params.h"

namespace dsw {

/// What a filter looks at.
struct FilterRow {
  const RunRow* run = nullptr;
  const RunParams* params = nullptr;  ///< null: not read yet; conditions on settings are then false
  const QString* text = nullptr;      ///< filterText(run)
};

/// Lower-case text of a run that plain words are looked for in: short name, name, experiment, tags, note, device.
QString filterText(const RunRow& run);

/// Value that a metric's short name means: the key itself ("val/loss"), else the first of val/, test/, train/, sys/ with it. Best unless
/// `name` ends in ".last". NaN when the run has none.
double metricOf(const RunRow& run, const QString& name);

/// Words side by side must all hold; `or` parts, `not` or a leading - turns round, ( ) group, "…" keeps spaces.
///   word           in the run's texts; a state's name ("failed") means that state
///   key:text       key contains text: state, run, experiment, task, tag, note, device, data, model, or any setting by name or pointer
///   key<number     also <= > >= = !=: seed, step, time (seconds), a metric (loss, val/loss.last) or a setting (lr, /model/width)
/// Parsed once, then a pure function; any thread.
class RunFilter {
 public:
  RunFilter();
  ~RunFilter();
  RunFilter(RunFilter&&) noexcept;
  RunFilter& operator=(RunFilter&&) noexcept;

  /// On a mistake the filter keeps what was understood, and error() says what was not.
  static RunFilter parse(const QString& text);
  bool matches(const FilterRow& row) const;  ///< an empty filter matches all
  bool isEmpty() const { return !root_; }
  bool readsSettings() const { return readsSettings_; }
  const QString& error() const { return error_; }

  struct Node;

 private:
  std::unique_ptr<Node> root_;
  bool readsSettings_ = false;
  QString error_;
};

}  // namespace dsw
