// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/run_progress_line.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QStandardItemModel>

#include "ui/widgets/elided_label.h"
#include "ui/widgets/segmented_control.h"
#include "ui/widgets/sparkline.h"

namespace dsw {

namespace {
constexpr int kLine = 32, kMargin = 12, kGap = 8, kLeastWidth = 280, kMostBest = 120;
}

RunProgressLine::RunProgressLine(int axis, double smoothing, QWidget* parent)
    : QWidget(parent),
      parts_(new QBoxLayout(QBoxLayout::LeftToRight, this)),
      step_(new ThemedLabel({}, FontRole::Number)),
      share_(new ShareBar),
      left_(new ThemedLabel({}, FontRole::Number)),
      best_(new ElidedLabel) {
  setMinimumWidth(kLeastWidth);  // not what the layout asks for: that changes with the width
  parts_->setContentsMargins(kMargin, 0, kMargin, 0);
  share_->setFixedWidth(96);
  best_->setFont(themeFont(FontRole::Number));
  auto* facts = new QHBoxLayout;
  facts->setSpacing(kGap);
  for (QWidget* widget : {static_cast<QWidget*>(step_), static_cast<QWidget*>(share_), static_cast<QWidget*>(left_)})
    facts->addWidget(widget);
  facts->addWidget(best_, 1);
  parts_->addLayout(facts, 1);
  parts_->addLayout(addControls(axis, smoothing));
  fit();
}

QBoxLayout* RunProgressLine::addControls(int axis, double smoothing) {
  const QStringList axes{tr("Step"), tr("Epoch"), tr("Relative"), tr("Clock")};
  axis_ = new SegmentedControl(axes, this);
  axis_->setAccessibleName(tr("What the x axes show"));
  axis_->setCurrent(axis);
  axis_list_ = new QComboBox(this);
  axis_list_->addItems(axes);
  axis_list_->setAccessibleName(tr("What the x axes show"));
  axis_list_->setCurrentIndex(axis_->current());
  axis_list_->hide();
  smoothing_ = new QDoubleSpinBox;
  smoothing_->setRange(0, 0.999);
  smoothing_->setSingleStep(0.02);
  smoothing_->setDecimals(3);
  smoothing_->setValue(smoothing);
  smoothing_->setButtonSymbols(QAbstractSpinBox::NoButtons);
  smoothing_->setFont(themeFont(FontRole::Number));
  smoothing_->setFixedWidth(56);
  smoothing_->setAccessibleName(tr("Smoothing"));
  smoothing_->setToolTip(tr("Debiased moving average over all points, 0 to 0.999; the raw curve stays behind it"));
  smoothing_label_ = new ThemedLabel(tr("Smooth"), FontRole::Text, Token::Text2);
  outliers_ = new QCheckBox(tr("Outliers"));
  outliers_->setToolTip(tr("The y range covers every point instead of the smoothed curve"));
  auto* controls = new QHBoxLayout;
  controls->setSpacing(kGap);
  controls->addWidget(axis_);
  controls->addWidget(axis_list_);
  controls->addSpacing(4);
  for (QWidget* widget : {static_cast<QWidget*>(smoothing_label_), static_cast<QWidget*>(smoothing_), static_cast<QWidget*>(outliers_)})
    controls->addWidget(widget);
  controls->addStretch(0);
  connect(axis_, &SegmentedControl::currentChanged, this, [this](int index) {
    axis_list_->setCurrentIndex(index);
    emit axisChanged(index);
  });
  connect(axis_list_, qOverload<int>(&QComboBox::activated), axis_, &SegmentedControl::setCurrent);
  connect(smoothing_, qOverload<double>(&QDoubleSpinBox::valueChanged), this, &RunProgressLine::smoothingChanged);
  connect(outliers_, &QCheckBox::toggled, this, &RunProgressLine::outliersToggled);
  return controls;
}

void RunProgressLine::showStep(const QString& text, double share, Token color) {
  step_->setText(text);
  share_->setShare(share);
  share_->setToken(color);
  fit();
}

void RunProgressLine::showLeft(const QString& text) {
  left_->setText(text);
  fit();
}

void RunProgressLine::showBest(const QString& text) {
  best_->setText(text);
  best_->setAccessibleName(text.isEmpty() ? QString() : tr("Best %1").arg(text));
  fit();
}

void RunProgressLine::setHasEpochs(bool has) {
  axis_->setOptionEnabled(1, has, tr("This run has no epochs."));
  qobject_cast<QStandardItemModel*>(axis_list_->model())->item(1)->setEnabled(has);
}

int RunProgressLine::axis() const { return axis_->current(); }

double RunProgressLine::smoothing() const { return smoothing_->value(); }

void RunProgressLine::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fit();
}

void RunProgressLine::fit() {
  const int facts = step_->sizeHint().width() + (best_->text().isEmpty() ? 0 : std::min(best_->sizeHint().width(), kMostBest) + kGap);
  const int others = 2 * kMargin + 4 + smoothing_->width() + kGap + outliers_->sizeHint().width();
  const int segments = others + axis_->sizeHint().width() + kGap;
  const bool lines = segments + kGap + facts > width(), list = segments > width();
  parts_->setDirection(lines ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
  parts_->setSpacing(lines ? 0 : kGap);
  setFixedHeight(lines ? 2 * kLine - 4 : kLine);
  QWidget* chosen = list ? static_cast<QWidget*>(axis_list_) : axis_;
  const bool focus = axis_->isAncestorOf(QApplication::focusWidget()) || axis_list_->hasFocus();
  axis_->setVisible(!list);
  axis_list_->setVisible(list);
  if (focus && !chosen->hasFocus() && !chosen->isAncestorOf(QApplication::focusWidget())) chosen->setFocus();

  const auto show = [this](int needed, std::initializer_list<QWidget*> least_first) {
    for (const QWidget* widget : least_first) needed += widget->sizeHint().width() + kGap;
    for (QWidget* widget : least_first) {
      widget->setVisible(needed <= width());
      if (needed > width()) needed -= widget->sizeHint().width() + kGap;
    }
  };
  if (!lines) return show(segments + kGap + facts, {share_, smoothing_label_, left_});
  show(2 * kMargin + facts, {share_, left_});
  show(list ? others + axis_list_->sizeHint().width() + kGap : segments, {smoothing_label_});
}

}  // namespace dsw
