// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/designer/space_outline.h"

#include <QKeyEvent>

#include "ui/widgets/icons.h"

namespace dsw {
namespace {

constexpr int kIdRole = Qt::UserRole + 1;

QString lineOf(const GraphNode& node) {
  QString line = node.kind == GraphNodeKind::Point ? node.tooltip.section('\n', 0, 0) : node.name;
  if (!node.foot.isEmpty()) line += QStringLiteral(", ") + node.foot;
  for (const GraphRow& row : node.rows) line += QStringLiteral(", %1 %2").arg(row.text, row.value).trimmed();
  if (!node.error.isEmpty()) line += QObject::tr(", problem: ") + node.error;
  return line;
}

}  // namespace

SpaceOutline::SpaceOutline(QWidget* parent) : QTreeWidget(parent) {
  setHeaderHidden(true);
  setUniformRowHeights(true);
  setFrameShape(QFrame::NoFrame);
  setIconSize({14, 14});
  setIndentation(14);
  setFixedWidth(240);
  setAccessibleName(tr("Outline"));
  connect(this, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* now) {
    if (now && !setting_) emit chosen(now->data(0, kIdRole).toString());
  });
}

void SpaceOutline::setGraph(const GraphData& graph) {
  QString all;
  for (const GraphFrame& frame : graph.frames) all += frame.id + '\n';
  for (const GraphNode& node : graph.nodes) all += node.frame + '|' + lineOf(node) + '\n';
  if (all == shown_) return;
  shown_ = all;
  const QString current = currentItem() ? currentItem()->data(0, kIdRole).toString() : QString();
  setting_ = true;
  clear();
  rows_.clear();
  const auto parentOf = [&](const QString& frame) { return rows_.value(frame, nullptr); };
  for (const GraphFrame& frame : graph.frames) {
    QTreeWidgetItem* parent = parentOf(frame.parent);
    auto* row = parent ? new QTreeWidgetItem(parent) : new QTreeWidgetItem(this);
    row->setText(0, frame.title + QStringLiteral(", ") + frame.note);
    row->setIcon(0, themeIcon("box"));
    row->setData(0, kIdRole, frame.id);
    rows_.insert(frame.id, row);
  }
  for (const GraphNode& node : graph.nodes) {
    QTreeWidgetItem* parent = parentOf(node.frame);
    auto* row = parent ? new QTreeWidgetItem(parent) : new QTreeWidgetItem(this);
    row->setText(0, lineOf(node));
    row->setToolTip(0, lineOf(node));
    if (!node.error.isEmpty())
      row->setIcon(0, themeIcon("x-octagon-fill", Token::Failed));
    else if (!node.icon.isEmpty())
      row->setIcon(0, themeIcon(node.icon));
    row->setData(0, kIdRole, node.id);
    rows_.insert(node.id, row);
  }
  expandAll();
  setting_ = false;
  setCurrent(current);
}

void SpaceOutline::setCurrent(const QString& id) {
  setting_ = true;
  if (QTreeWidgetItem* row = rows_.value(id, nullptr); row && row != currentItem()) setCurrentItem(row);
  setting_ = false;
}

void SpaceOutline::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape) {
    emit left();
    return event->accept();
  }
  QTreeWidget::keyPressEvent(event);
}

}  // namespace dsw
