// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/compare_scatter.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSet>
#include <QVBoxLayout>

#include "ui/models/comparison.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/scatter_view.h"

namespace dsw {

CompareScatter::CompareScatter(Comparison& comparison, Shown shown, QWidget* parent)
    : QWidget(parent),
      comparison_(comparison),
      shown_(std::move(shown)),
      x_(new QComboBox),
      y_(new QComboBox),
      others_(new QCheckBox(tr("Other runs of the table"))),
      message_(new MessageBar),
      view_(new ScatterView) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QWidget;
  head->setFixedHeight(34);
  auto* line = new QHBoxLayout(head);
  line->setContentsMargins(12, 0, 12, 0);
  line->setSpacing(8);
  for (QComboBox* box : {y_, x_}) {
    box->setMinimumWidth(96);
    box->setMaximumWidth(220);
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    box->setMaxVisibleItems(24);
  }
  y_->setAccessibleName(tr("What the y axis shows"));
  x_->setAccessibleName(tr("What the x axis shows"));
  line->addWidget(y_, 3);
  line->addWidget(new ThemedLabel(tr("against"), FontRole::Text, Token::Text2));
  line->addWidget(x_, 3);
  line->addStretch(1);
  others_->setChecked(true);
  others_->setToolTip(tr("The runs that the filter leaves in the table, as points behind the marked ones"));
  line->addWidget(others_);
  column->addWidget(head);
  column->addWidget(message_);
  column->addWidget(view_, 1);
  connect(x_, &QComboBox::activated, this, &CompareScatter::refresh);
  connect(y_, &QComboBox::activated, this, [this] {
    chosen_y_ = true;
    refresh();
  });
  connect(others_, &QCheckBox::toggled, this, &CompareScatter::refresh);
  connect(view_, &ScatterView::activated, this, &CompareScatter::runActivated);
  connect(view_, &ScatterView::exportFailed, this, [this](const QString& path) {
    message_->showMessage(MessageLevel::Error, tr("%1 was not written.").arg(path),
                          tr("Choose another folder, or free some space on its disk."));
  });
}

std::vector<RunPtr> CompareScatter::runs() const {
  std::vector<RunPtr> out;
  QSet<QString> marked;
  for (const ComparedArm& arm : comparison_.arms())
    for (const RunPtr& run : arm.runs) {
      marked.insert(QString::fromStdString(run->id));
      out.push_back(run);
    }
  if (others_->isChecked())
    for (const RunPtr& run : shown_())
      if (!marked.contains(QString::fromStdString(run->id))) out.push_back(run);
  return out;
}

void CompareScatter::fillChoices(const std::vector<RunPtr>& runs) {
  const std::vector<RunQuantity> quantities = runQuantities(runs, comparison_.params());
  QStringList ids, shown;
  for (const RunQuantity& quantity : quantities) ids << quantity.id;
  for (int i = 0; i < x_->count(); ++i) shown << x_->itemData(i).toString();
  const QString metric = "metric:" + comparison_.metric();
  QString x = x_->currentData().toString(), y = chosen_y_ ? y_->currentData().toString() : metric;
  if (ids != shown)
    for (QComboBox* box : {x_, y_}) {
      box->clear();
      for (const RunQuantity& quantity : quantities) box->addItem(quantity.title, quantity.id);
    }
  if (!ids.contains(x)) {
    // The setting that people vary first, else any that differs, else what the runs cost.
    x = ids.contains("param:/optimizer/lr") ? "param:/optimizer/lr"
        : ids.value(0).startsWith("param:") ? ids.value(0)
                                            : QStringLiteral("parameters");
  }
  if (!ids.contains(y)) y = ids.contains(metric) ? metric : ids.value(ids.size() - 1);
  x_->setCurrentIndex(static_cast<int>(ids.indexOf(x)));
  y_->setCurrentIndex(static_cast<int>(ids.indexOf(y)));
}

void CompareScatter::setQuantities(const QString& x, const QString& y) {
  x_->setCurrentIndex(x_->findData(x));
  y_->setCurrentIndex(y_->findData(y));
  chosen_y_ = true;
  refresh();
}

void CompareScatter::refresh() {
  if (!isVisible()) return;
  const std::vector<RunPtr> all = runs();
  fillChoices(all);
  const bool last = comparison_.take() != Comparison::Take::Best;
  const QString x_id = x_->currentData().toString(), y_id = y_->currentData().toString();
  RunColumnValues x = runColumn(all, comparison_.params(), x_id, last), y = runColumn(all, comparison_.params(), y_id, last);
  std::vector<ScatterPoint> points;
  std::size_t i = 0;
  const auto add = [&](const RunRow& run, int style) {
    ScatterPoint point;
    point.id = QString::fromStdString(run.id);
    point.name = QString::fromStdString(run.short_name) + ' ' + runTitle(run);
    point.x = x.value[i];
    point.y = y.value[i];
    point.style = style;
    points.push_back(std::move(point));
    ++i;
  };
  QStringList marked;
  for (const ComparedArm& arm : comparison_.arms())
    for (const RunPtr& run : arm.runs) {
      marked << QString::fromStdString(run->short_name);
      add(*run, arm.series);
    }
  while (i < all.size()) add(*all[i], -1);
  const auto axis = [](QComboBox* box, const QString& id, RunColumnValues& column) {
    ScatterAxis out;
    out.name = box->currentText();
    out.log = column.categories.isEmpty() && wantsLog(column.value);
    out.categories = std::move(column.categories);
    out.text = [id](double v) { return quantityText(id, v); };
    return out;
  };
  view_->setEmptyText(
      tr("No shown run has both %1 and %2. Choose another quantity, or mark other runs.").arg(y_->currentText(), x_->currentText()));
  view_->setProvenance({{"run", marked.join(", ")}, {"metric", y_->currentText()}, {"against", x_->currentText()}});
  view_->setData(std::move(points), axis(x_, x_id, x), axis(y_, y_id, y));
}

void CompareScatter::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refresh();
}

}  // namespace dsw
