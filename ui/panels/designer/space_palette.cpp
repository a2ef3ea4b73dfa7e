// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/designer/space_palette.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMimeData>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "ui/models/command_registry.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/theme.h"

namespace dsw {
namespace {

constexpr int kNodeRole = Qt::UserRole + 1;

/// Rows carry the JSON of a node where they are dragged to.
class PaletteList : public QTreeWidget {
 public:
  using QTreeWidget::QTreeWidget;

 protected:
  QStringList mimeTypes() const override { return {SpacePalette::mimeType()}; }
  QMimeData* mimeData(const QList<QTreeWidgetItem*>& items) const override {
    if (items.isEmpty() || items.first()->data(0, kNodeRole).isNull()) return nullptr;
    auto* carried = new QMimeData;
    carried->setData(SpacePalette::mimeType(), items.first()->data(0, kNodeRole).toByteArray());
    return carried;
  }
};

}  // namespace

SpacePalette::SpacePalette(CommandRegistry& commands, bool floating, QWidget* parent)
    : QWidget(parent), commands_(commands), floating_(floating), field_(new QLineEdit(this)), list_(new PaletteList(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(8, 8, 8, floating ? 8 : 0);
  column->setSpacing(6);
  field_->setPlaceholderText(tr("Add node"));
  field_->setAccessibleName(tr("Add node"));
  field_->addAction(themeIcon("search"), QLineEdit::LeadingPosition);
  field_->installEventFilter(this);
  column->addWidget(field_);
  list_->setHeaderHidden(true);
  list_->setColumnCount(2);
  list_->header()->setStretchLastSection(false);
  list_->header()->setMinimumSectionSize(18);
  list_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  list_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  list_->setRootIsDecorated(false);
  list_->setItemsExpandable(false);
  list_->setIndentation(0);
  list_->setUniformRowHeights(true);
  list_->setFrameShape(QFrame::NoFrame);
  list_->setIconSize({14, 14});
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setAccessibleName(tr("What can be added"));
  list_->setDragEnabled(!floating);
  list_->setDragDropMode(QAbstractItemView::DragOnly);
  list_->viewport()->setAutoFillBackground(false);
  list_->installEventFilter(this);
  column->addWidget(list_, 1);
  connect(field_, &QLineEdit::textChanged, this, &SpacePalette::filter);
  connect(list_, &QTreeWidget::itemDoubleClicked, this, &SpacePalette::choose);
  if (floating) connect(list_, &QTreeWidget::itemClicked, this, &SpacePalette::choose);
  setFixedWidth(floating ? 220 : 176);
  if (floating) setFixedHeight(280);
}

void SpacePalette::setGroups(const std::vector<SpacePaletteGroup>& groups) {
  QString shape;
  for (const SpacePaletteGroup& group : groups) {
    shape += group.title + ';';
    for (const auto& entry : group.entries) shape += entry.title + ',';
  }
  if (shape == shape_) return;
  shape_ = shape;
  list_->clear();
  for (const SpacePaletteGroup& group : groups) {
    auto* head = new QTreeWidgetItem(list_, {group.title});
    head->setFlags(Qt::ItemIsEnabled);
    head->setFont(0, themeFont(FontRole::Strong));
    head->setSizeHint(0, {0, 26});
    for (const auto& entry : group.entries) {
      auto* row = new QTreeWidgetItem(head, {entry.title});
      row->setIcon(0, themeIcon(entry.icon));
      row->setToolTip(0, entry.help);
      row->setSizeHint(0, {0, 24});
      row->setData(0, kNodeRole, QByteArray::fromStdString(entry.node.dump()));
      const auto keys = entry.key.isEmpty() ? QList<QKeySequence>() : commands_.keys(entry.key);
      row->setFirstColumnSpanned(keys.isEmpty());  // a long name takes the room of the key
      if (keys.isEmpty()) continue;
      row->setText(1, keys.front().toString(QKeySequence::NativeText));
      row->setFont(1, themeFont(FontRole::NumberSmall));
    }
  }
  list_->expandAll();
  filter();
}

void SpacePalette::beginTyping() {
  field_->clear();
  field_->setFocus(Qt::ShortcutFocusReason);
  filter();
}

QStringList SpacePalette::shown() const {
  QStringList titles;
  for (QTreeWidgetItemIterator it(list_, QTreeWidgetItemIterator::NotHidden); *it; ++it)
    if ((*it)->parent()) titles << (*it)->text(0);
  return titles;
}

void SpacePalette::filter() {
  const QString wanted = field_->text().trimmed();
  QTreeWidgetItem* best = nullptr;
  int most = std::numeric_limits<int>::min();
  for (int g = 0; g < list_->topLevelItemCount(); ++g) {
    QTreeWidgetItem* head = list_->topLevelItem(g);
    bool any = false;
    for (int i = 0; i < head->childCount(); ++i) {
      QTreeWidgetItem* row = head->child(i);
      const Json node = Json::parse(row->data(0, kNodeRole).toByteArray().toStdString(), nullptr, false);
      const std::string op = node.is_object() ? node.value("op", std::string()) : std::string();
      auto score = wanted.isEmpty() ? std::optional(0) : fuzzyScore(wanted, row->text(0));
      if (const auto by_op = wanted.isEmpty() ? std::nullopt : fuzzyScore(wanted, QString::fromStdString(op)); by_op)
        score = std::max(score.value_or(std::numeric_limits<int>::min()), *by_op);
      row->setHidden(!score);
      any = any || score;
      if (score && *score > most) most = *score, best = row;
    }
    head->setHidden(!any);
  }
  list_->setCurrentItem(wanted.isEmpty() && !floating_ ? nullptr : best);
}

void SpacePalette::choose() {
  QTreeWidgetItem* row = list_->currentItem();
  if (!row || row->isHidden() || row->data(0, kNodeRole).isNull()) return;
  const QByteArray node = row->data(0, kNodeRole).toByteArray();
  field_->clear();
  emit chosen(node);
}

void SpacePalette::step(int by) {
  QList<QTreeWidgetItem*> rows;
  for (QTreeWidgetItemIterator it(list_, QTreeWidgetItemIterator::NotHidden); *it; ++it)
    if ((*it)->parent()) rows << *it;
  if (rows.isEmpty()) return;
  const auto at = rows.indexOf(list_->currentItem());
  list_->setCurrentItem(rows[std::clamp<qsizetype>(at < 0 ? 0 : at + by, 0, rows.size() - 1)]);
}

bool SpacePalette::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Escape) {
      field_->clear();
      emit left();
      return true;
    }
    if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
      choose();
      return true;
    }
    if (watched == field_ && (key->key() == Qt::Key_Down || key->key() == Qt::Key_Up)) {
      step(key->key() == Qt::Key_Down ? 1 : -1);
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

void SpacePalette::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.setRenderHint(QPainter::Antialiasing, floating_);
  if (!floating_) {
    p.fillRect(rect(), themeColor(Token::Surface1));
    p.setPen(themeColor(Token::Line));
    p.drawLine(width() - 1, 0, width() - 1, height());
    return;
  }
  p.setPen(QPen(themeColor(Token::LineStrong), 1));
  p.setBrush(themeColor(Token::Surface3));
  p.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
}

}  // namespace dsw
