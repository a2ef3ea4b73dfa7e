// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/run_samples.h"

#include <QToolButton>
#include <QVBoxLayout>

#include "ui/models/run_data.h"
#include "ui/panels/sample_view.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/pane.h"
#include "ui/widgets/segmented_control.h"
#include "ui/widgets/theme.h"

namespace dsw {

RunSamples::RunSamples(RunData& run, QWidget* parent)
    : QWidget(parent),
      run_(run),
      kinds_(new SegmentedControl),
      note_(new ElidedLabel({}, nullptr, Token::Text2)),
      count_(new ThemedLabel({}, FontRole::Hint, Token::Text2)),
      back_(iconButton("chevron-left", tr("Earlier sample"))),
      forward_(iconButton("chevron-right", tr("Later sample"))),
      view_(new SampleView) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QWidget;
  head->setFixedHeight(30);
  head->setBackgroundRole(QPalette::Base);
  head->setAutoFillBackground(true);
  auto* line = new QHBoxLayout(head);
  line->setContentsMargins(12, 0, 8, 0);
  line->setSpacing(8);
  line->addWidget(kinds_);
  note_->setFont(themeFont(FontRole::Hint));
  line->addWidget(note_, 1);
  line->addWidget(back_);
  line->addWidget(count_);
  line->addWidget(forward_);
  column->addWidget(head);
  column->addWidget(view_, 1);
  connect(kinds_, &SegmentedControl::chosen, this, [this](int index) { showKind(offered_.value(index)); });
  connect(back_, &QToolButton::clicked, this, [this] { step(-1); });
  connect(forward_, &QToolButton::clicked, this, [this] { step(1); });
  connect(&run_, &RunData::samplesChanged, this, &RunSamples::refresh);
  refresh();
}

std::vector<const SampleRow*> RunSamples::ofKind(const QString& kind) const {
  std::vector<const SampleRow*> out;
  for (const SampleRow& sample : run_.samples())
    if (QString::fromStdString(sample.kind) == kind) out.push_back(&sample);
  return out;
}

void RunSamples::refresh() {
  QStringList offered;
  for (const QString& kind : sampleKinds())
    if (!ofKind(kind).empty()) offered << kind;
  if (offered != offered_) {
    offered_ = offered;
    QStringList titles;
    for (const QString& kind : offered) titles << sampleKindTitle(kind);
    kinds_->setOptions(titles);
  }
  kinds_->setVisible(!offered_.isEmpty());
  if (!offered_.contains(kind_)) kind_ = offered_.value(0);
  kinds_->setCurrent(static_cast<int>(offered_.indexOf(kind_)));
  if (follow_) at_ = static_cast<int>(ofKind(kind_).size()) - 1;
  showSample();
}

void RunSamples::showKind(const QString& kind) {
  if (kind.isEmpty()) return;
  kind_ = kind;
  follow_ = true;
  refresh();
}

void RunSamples::step(int direction) {
  const int count = static_cast<int>(ofKind(kind_).size());
  at_ = std::clamp(at_ + direction, 0, count - 1);
  follow_ = at_ == count - 1;
  showSample();
}

void RunSamples::showSample() {
  const auto samples = ofKind(kind_);
  const int count = static_cast<int>(samples.size());
  const bool any = at_ >= 0 && at_ < count;
  count_->setText(count > 1 ? tr("%1 of %2").arg(at_ + 1).arg(count) : QString());
  back_->setVisible(count > 1);
  forward_->setVisible(count > 1);
  back_->setEnabled(at_ > 0);
  forward_->setEnabled(at_ < count - 1);
  if (!any) {
    note_->setText({});
    view_->showNothing(tr("Sample outputs appear here when the run makes its first one."));
    return;
  }
  view_->showSample(*samples[static_cast<std::size_t>(at_)]);
  note_->setText(view_->note());
}

}  // namespace dsw
