// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/compare_samples.h"

#include <QLabel>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>
#include <set>

#include "engine/store/project.h"
#include "ui/models/comparison.h"
#include "ui/models/number_format.h"
#include "ui/models/query_runner.h"
#include "ui/models/store_watcher.h"
#include "ui/panels/sample_view.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/legend_row.h"
#include "ui/widgets/segmented_control.h"

namespace dsw {
namespace {

constexpr int kMostColumns = 12, kColumnWidth = 236;

/// The sample of a series before a name: the colour that the run has in the curves.
class SeriesSwatch : public QWidget {
 public:
  explicit SeriesSwatch(int series) : series_(series) { setFixedSize(22, 18); }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    drawSeriesSample(p, QPointF(1, height() / 2.0), Theme::current().series(series_), true, false);
  }

 private:
  int series_;
};

/// A hairline between two columns.
class Hairline : public QWidget {
 public:
  Hairline() { setFixedWidth(1); }

 protected:
  void paintEvent(QPaintEvent*) override { QPainter(this).fillRect(rect(), themeColor(Token::Line)); }
};

QToolButton* stepButton(const QString& icon, const QString& name) {
  auto* button = new QToolButton;
  button->setIcon(themeIcon(icon));
  button->setToolTip(name);
  button->setAccessibleName(name);
  button->setAutoRaise(true);
  button->setFixedSize(24, 24);
  return button;
}

}  // namespace

CompareSamples::CompareSamples(Comparison& comparison, QueryRunner& queries, StoreWatcher& watcher, QWidget* parent)
    : QWidget(parent),
      comparison_(comparison),
      queries_(queries),
      kinds_(new SegmentedControl),
      note_(new ThemedLabel({}, FontRole::Hint, Token::Text2)),
      step_label_(new ThemedLabel({}, FontRole::Number, Token::Text2)),
      back_(stepButton("chevron-left", tr("Samples of the step before"))),
      forward_(stepButton("chevron-right", tr("Samples of the step after"))),
      scroll_(new QScrollArea) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QWidget;
  head->setFixedHeight(34);
  auto* line = new QHBoxLayout(head);
  line->setContentsMargins(12, 0, 8, 0);
  line->setSpacing(8);
  kinds_->setAccessibleName(tr("Which samples are compared"));
  line->addWidget(kinds_);
  line->addWidget(note_);
  line->addStretch(1);
  line->addWidget(back_);
  line->addWidget(step_label_);
  line->addWidget(forward_);
  column->addWidget(head);
  auto* inside = new QWidget;
  row_ = new QHBoxLayout(inside);
  row_->setContentsMargins(0, 0, 0, 0);
  row_->setSpacing(0);
  scroll_->setWidget(inside);
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setFocusPolicy(Qt::NoFocus);
  column->addWidget(scroll_, 1);
  connect(kinds_, &SegmentedControl::chosen, this, [this](int index) { showKind(offered_.value(index)); });
  connect(back_, &QToolButton::clicked, this, [this] { step(-1); });
  connect(forward_, &QToolButton::clicked, this, [this] { step(1); });
  connect(&watcher, &StoreWatcher::committed, this, [this](const QStringList& ids) {
    if (ids.isEmpty()) fresh_.clear();
    for (const QString& id : ids) fresh_.remove(id);
    ask();
  });
}

void CompareSamples::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refresh();
}

void CompareSamples::refresh() {
  if (!isVisible()) return;
  rebuildColumns();
  ask();
  fill();
}

void CompareSamples::ask() {
  if (!isVisible()) return;
  for (const Column& column : columns_) {
    const QString id = column.run;
    if (fresh_.contains(id)) continue;
    fresh_.insert(id);
    queries_.askLatest<std::vector<SampleRow>>(
        this, "samples:" + id, [run = id.toStdString()](ProjectReader& reader) { return reader.samples(run); },
        [this, id](Result<std::vector<SampleRow>> samples) {
          if (!samples) return;
          samples_[id] = std::move(*samples);
          fill();
        });
  }
}

void CompareSamples::rebuildColumns() {
  QStringList runs;
  std::size_t all = 0;
  for (const ComparedArm& arm : comparison_.arms())
    for (const RunPtr& run : arm.runs) {
      ++all;
      if (runs.size() < kMostColumns) runs << QString::fromStdString(run->id) + '|' + QString::number(arm.series);
    }
  note_->setText(all > kMostColumns ? tr("the first %1 of %2 marked runs").arg(kMostColumns).arg(all) : QString());
  if (runs == shown_runs_) return;
  shown_runs_ = runs;
  columns_.clear();
  while (QLayoutItem* item = row_->takeAt(0)) {
    if (item->widget()) item->widget()->deleteLater();
    delete item;
  }
  for (const ComparedArm& arm : comparison_.arms())
    for (const RunPtr& run : arm.runs) {
      if (columns_.size() == kMostColumns) break;
      if (!columns_.empty()) row_->addWidget(new Hairline);
      Column made{QString::fromStdString(run->id), new QWidget, new ThemedLabel({}, FontRole::Text), new SampleView};
      made.box->setMinimumWidth(kColumnWidth);
      auto* column = new QVBoxLayout(made.box);
      column->setContentsMargins(0, 0, 0, 0);
      column->setSpacing(0);
      auto* head = new QHBoxLayout;
      head->setContentsMargins(12, 4, 12, 4);
      head->setSpacing(8);
      head->addWidget(new SeriesSwatch(arm.series));
      made.head->setTextFormat(Qt::RichText);
      made.head->setToolTip(runTitle(*run));
      connect(made.head, &QLabel::linkActivated, this, [this, id = made.run] {
        emit runActivated(id, at_ < 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(at_));
      });
      head->addWidget(made.head, 1);
      column->addLayout(head);
      column->addWidget(made.view, 1);
      row_->addWidget(made.box, 1);
      columns_.push_back(made);
    }
}

std::vector<std::int64_t> CompareSamples::steps() const {
  std::set<std::int64_t> all;
  for (const Column& column : columns_)
    for (const SampleRow& sample : samples_.value(column.run))
      if (QString::fromStdString(sample.kind) == kind_) all.insert(sample.step);
  return {all.begin(), all.end()};
}

void CompareSamples::showKind(const QString& kind) {
  kind_ = kind;
  at_ = -1;
  fill();
}

void CompareSamples::step(int direction) {
  const std::vector<std::int64_t> all = steps();
  if (all.empty()) return;
  const auto here = at_ < 0 ? all.end() - 1 : std::lower_bound(all.begin(), all.end(), at_);
  const std::ptrdiff_t next = std::clamp<std::ptrdiff_t>(here - all.begin() + direction, 0, std::ssize(all) - 1);
  at_ = next == std::ssize(all) - 1 ? -1 : all[static_cast<std::size_t>(next)];
  fill();
}

void CompareSamples::fill() {
  QStringList offered;
  for (const QString& kind : sampleKinds())
    if (std::any_of(columns_.begin(), columns_.end(), [&](const Column& column) {
          const auto at = samples_.constFind(column.run);
          return at != samples_.constEnd() &&
                 std::any_of(at->begin(), at->end(), [&](const SampleRow& s) { return QString::fromStdString(s.kind) == kind; });
        }))
      offered << kind;
  if (offered != offered_) {
    offered_ = offered;
    QStringList titles;
    for (const QString& kind : offered) titles << sampleKindTitle(kind);
    kinds_->setOptions(titles);
  }
  if (!offered_.contains(kind_)) kind_ = offered_.value(0);
  kinds_->setVisible(!offered_.isEmpty());
  kinds_->setCurrent(static_cast<int>(offered_.indexOf(kind_)));
  const std::vector<std::int64_t> all = steps();
  step_label_->setText(all.empty() ? QString() : at_ < 0 ? tr("newest") : tr("step %1").arg(formatCountExact(at_)));
  for (QToolButton* button : {back_, forward_}) button->setVisible(all.size() > 1);
  back_->setEnabled(at_ < 0 || (!all.empty() && at_ > all.front()));
  forward_->setEnabled(at_ >= 0);
  for (const Column& column : columns_) {
    const SampleRow* newest = nullptr;
    const auto found = samples_.constFind(column.run);
    if (found != samples_.constEnd())
      for (const SampleRow& sample : *found)
        if (QString::fromStdString(sample.kind) == kind_ && (at_ < 0 || sample.step <= at_)) newest = &sample;
    if (newest) {
      column.view->showSample(*newest);
    } else {
      column.view->showNothing(found == samples_.constEnd() ? tr("Reading its samples…")
                               : at_ >= 0                   ? tr("It had no sample yet at this step.")
                                                            : tr("This run made no such sample."));
    }
    const QString name =
        comparison_.data().run(column.run) ? QString::fromStdString(comparison_.data().run(column.run)->short_name) : QString();
    const QString note = newest ? column.view->note() : QString();
    column.head->setText(
        QStringLiteral("<a href=\"run\" style=\"text-decoration:none\">%1</a>&nbsp;&nbsp;<span style=\"color:%2\">%3</span>")
            .arg(name.toHtmlEscaped(), themeColor(Token::Text2).name(), note.toHtmlEscaped()));
  }
}

}  // namespace dsw
