// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/item_delegates.h"

#include "ui/models/cell_roles.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/legend_row.h"
#include "ui/widgets/proxy_style.h"
#include "ui/widgets/sparkline.h"

namespace dsw {
namespace {

constexpr int kPad = 8;

QColor toneColor(const QModelIndex& index, bool enabled) {
  if (!enabled) return themeColor(Token::TextOff);
  if (index.data(LinkRole).toBool()) return themeColor(Token::Accent);
  switch (static_cast<CellTone>(index.data(ToneRole).toInt())) {
    case CellTone::Muted:
      return themeColor(Token::Text3);
    case CellTone::Better:
      return themeColor(Token::Finished);
    case CellTone::Worse:
      return themeColor(Token::Failed);
    case CellTone::Warning:
      return themeColor(Token::Warning);
    case CellTone::Accent:
      return themeColor(Token::Accent);
    case CellTone::Normal:
      break;
  }
  return themeColor(Token::Text1);
}

bool hoveredRow(const QStyleOptionViewItem& option, const QModelIndex& index) {
  if (option.state & QStyle::State_MouseOver) return true;
  const auto* view = qobject_cast<const QTableView*>(option.widget);
  if (view == nullptr || !view->viewport()->underMouse()) return false;
  return view->indexAt(view->viewport()->mapFromGlobal(QCursor::pos())).row() == index.row();
}

/// Tells a table which row the pointer is over, so that the whole row is repainted when it changes.
class RowHover : public QObject {
 public:
  explicit RowHover(QTableView* view) : QObject(view), view_(view) { view->viewport()->installEventFilter(this); }
  bool eventFilter(QObject*, QEvent* event) override {
    if (event->type() == QEvent::MouseMove) mark(view_->rowAt(static_cast<QMouseEvent*>(event)->pos().y()));
    if (event->type() == QEvent::Leave) mark(-1);
    return false;
  }

 private:
  void mark(int row) {
    if (row == row_) return;
    for (const int r : {row_, row})
      if (r >= 0) view_->viewport()->update(0, view_->rowViewportPosition(r), view_->viewport()->width(), view_->rowHeight(r));
    row_ = row;
  }
  QTableView* view_;
  int row_ = -1;
};

/// A view that the keyboard enters shows the row where it is: the one that its commands act on.
class EntryRow : public QObject {
 public:
  explicit EntryRow(QAbstractItemView* view) : QObject(view), view_(view) { view->installEventFilter(this); }
  bool eventFilter(QObject*, QEvent* event) override {
    if (event->type() != QEvent::FocusIn) return false;
    const Qt::FocusReason reason = static_cast<QFocusEvent*>(event)->reason();
    if (reason != Qt::TabFocusReason && reason != Qt::BacktabFocusReason && reason != Qt::ShortcutFocusReason &&
        reason != Qt::OtherFocusReason)
      return false;
    show();
    if (view_->model() == model_) return false;
    model_ = view_->model();
    const auto come = [this] {
      if (view_->hasFocus() && !view_->currentIndex().isValid()) show();
    };
    connect(model_, &QAbstractItemModel::rowsInserted, this, come);
    connect(model_, &QAbstractItemModel::modelReset, this, come);
    return false;
  }

 private:
  void show() {
    const QAbstractItemModel* model = view_->model();
    if (model == nullptr || model->rowCount(view_->rootIndex()) == 0 || view_->selectionModel()->hasSelection()) return;
    const QModelIndex at = view_->currentIndex().isValid() ? view_->currentIndex() : model->index(0, 0, view_->rootIndex());
    view_->setCurrentIndex(at);
    view_->selectionModel()->select(at, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
  }
  QAbstractItemView* view_;
  QPointer<QAbstractItemModel> model_;  ///< whose rows are waited for
};

}  // namespace

TextDelegate::TextDelegate(QObject* parent) : QStyledItemDelegate(parent) {}

void TextDelegate::paintGround(QPainter& p, const QStyleOptionViewItem& option, const QModelIndex& index) {
  const auto* view = qobject_cast<const QAbstractItemView*>(option.widget);
  const bool focused =
      view != nullptr && (view->hasFocus() || (view->parentWidget() != nullptr && view->isAncestorOf(QApplication::focusWidget())));
  if (option.state & QStyle::State_Selected)
    p.fillRect(option.rect, themeColor(focused ? Token::Select : Token::SelectIdle));
  else if (hoveredRow(option, index))
    p.fillRect(option.rect, themeColor(Token::Hover));
  else if (static_cast<CellTone>(index.data(ToneRole).toInt()) == CellTone::Accent)  // differs from the others: found at a glance
    p.fillRect(option.rect, themeColor(Token::AccentSoft));
  if (qobject_cast<const QTableView*>(option.widget) != nullptr)
    p.fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1), themeColor(Token::Line));
  if (focused && view->currentIndex() == index && (option.state & QStyle::State_HasFocus)) {
    p.setPen(QPen(themeColor(Token::Focus), 1));
    p.setBrush(Qt::NoBrush);
    p.drawRect(option.rect.adjusted(0, 0, -1, -2));
  }
}

void TextDelegate::paintText(QPainter& p, const QRect& rect, const QStyleOptionViewItem& option, const QModelIndex& index,
                             bool number) const {
  const bool enabled = option.state & QStyle::State_Enabled;
  QRect at = rect.adjusted(kPad, 0, -kPad, 0);
  const QVariant check = index.data(Qt::CheckStateRole);
  if (check.isValid()) {
    drawCheckBox(p, QRect(at.left(), at.top(), 14, at.height()), static_cast<Qt::CheckState>(check.toInt()), enabled);
    at.setLeft(at.left() + 22);
  }
  const QVariant series = index.data(SeriesRole);
  if (series.isValid()) {
    if (series.toInt() >= 0) {
      SeriesStyle style = Theme::current().series(series.toInt());
      const QVariant dash = index.data(DashRole);
      if (dash.isValid()) style.dash_px = dash.value<QVector<double>>();
      drawSeriesSample(p, QPointF(at.left(), QRectF(at).center().y()), style, true, false);
    }
    at.setLeft(at.left() + 26);
  }
  const QString icon = index.data(IconRole).toString();
  const QIcon decoration = qvariant_cast<QIcon>(index.data(Qt::DecorationRole));
  if (!icon.isEmpty() || !decoration.isNull()) {
    const QRect box(at.left(), rect.top() + (rect.height() - 16) / 2, 16, 16);
    if (icon.isEmpty())
      decoration.paint(&p, box, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
    else
      drawIcon(p, icon, box, enabled ? themeColor(Token::Text2) : themeColor(Token::TextOff));
    at.setLeft(at.left() + 22);
  }
  const QString count = index.data(CountRole).toString();
  if (!count.isEmpty()) {
    p.setFont(themeFont(FontRole::NumberSmall));
    p.setPen(themeColor(Token::Text2));
    p.drawText(at, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, count);
    at.setRight(at.right() - QFontMetrics(p.font()).horizontalAdvance(count) - 8);
  }
  QFont font = number ? themeFont(FontRole::Number) : option.font;
  const QVariant own = index.data(Qt::FontRole);
  if (own.isValid()) font = qvariant_cast<QFont>(own).resolve(font);
  if (index.data(EmphasisRole).toBool()) font.setWeight(number ? QFont::Medium : QFont::DemiBold);
  p.setFont(font);
  p.setPen(toneColor(index, enabled));
  if (number && index.data(EmphasisRole).toBool()) {
    font.setBold(true);
    p.setFont(font);
  }
  const QString text = index.data(Qt::DisplayRole).toString();
  const QVariant alignment = index.data(Qt::TextAlignmentRole);
  const Qt::Alignment horizontal = number                ? Qt::AlignRight
                                   : alignment.isValid() ? Qt::Alignment(alignment.toInt()) & Qt::AlignHorizontal_Mask
                                                         : Qt::AlignLeft;
  p.drawText(at, static_cast<int>(horizontal) | Qt::AlignVCenter | Qt::TextSingleLine,
             QFontMetrics(font).elidedText(text, option.textElideMode, at.width()));
}

void TextDelegate::paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QStyleOptionViewItem o = option;
  initStyleOption(&o, index);
  p->save();
  paintGround(*p, o, index);
  paintText(*p, o.rect, o, index, false);
  p->restore();
}

QSize TextDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QSize size = QStyledItemDelegate::sizeHint(option, index);
  size.rwidth() += 2 * kPad;
  if (index.data(SeriesRole).isValid()) size.rwidth() += 26;
  if (!index.data(IconRole).toString().isEmpty()) size.rwidth() += 22;
  size.setHeight(24);
  return size;
}

void NumberDelegate::paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QStyleOptionViewItem o = option;
  initStyleOption(&o, index);
  p->save();
  paintGround(*p, o, index);
  paintText(*p, o.rect, o, index, true);
  p->restore();
}

QSize NumberDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QFont font = themeFont(FontRole::Number);
  font.setBold(index.data(EmphasisRole).toBool());
  const qreal text = QFontMetricsF(font).horizontalAdvance(index.data(Qt::DisplayRole).toString());  // a rounded one would elide
  return {static_cast<int>(std::ceil(text)) + 2 * kPad, TextDelegate::sizeHint(option, index).height()};
}

void StateDelegate::paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  if (index.data(StatusRole).toString().isEmpty()) return TextDelegate::paint(p, option, index);  // a cell without a state
  QStyleOptionViewItem o = option;
  initStyleOption(&o, index);
  p->save();
  paintGround(*p, o, index);
  const StateLook look = stateLook(index.data(StatusRole).toString());
  const QColor ink = themeColor(look.color);
  const QRect rect = o.rect.adjusted(kPad, 0, -kPad, 0);
  drawIcon(*p, look.icon, QRect(rect.left(), rect.top() + (rect.height() - 14) / 2, 14, 14), ink);
  p->setPen(ink);
  p->setFont(o.font);
  const QString shown = index.data(Qt::DisplayRole).toString();
  p->drawText(rect.adjusted(20, 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine,
              o.fontMetrics.elidedText(shown.isEmpty() ? look.word : shown, Qt::ElideRight, rect.width() - 20));
  p->restore();
}

QSize StateDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
  return {option.fontMetrics.horizontalAdvance(QStringLiteral("interrupted")) + 20 + 2 * kPad, 24};
}

void SparklineDelegate::paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QStyleOptionViewItem o = option;
  initStyleOption(&o, index);
  p->save();
  paintGround(*p, o, index);
  const auto values = index.data(SparkRole).value<QVector<double>>();
  const QVariant series = index.data(SeriesRole);
  const QColor ink = series.isValid() && series.toInt() >= 0 ? Theme::current().series(series.toInt()).color : themeColor(Token::Text2);
  if (!values.isEmpty()) drawSparkline(*p, QRectF(o.rect).adjusted(kPad, 5, -kPad - 6, -5), values, ink);
  p->restore();
}

void BarDelegate::paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QStyleOptionViewItem o = option;
  initStyleOption(&o, index);
  p->save();
  paintGround(*p, o, index);
  QRect rect = o.rect.adjusted(kPad, 0, -kPad, 0);
  const QString text = index.data(Qt::DisplayRole).toString();
  if (!text.isEmpty()) {
    p->setFont(themeFont(FontRole::Number));
    p->setPen(toneColor(index, o.state & QStyle::State_Enabled));
    p->drawText(rect, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, text);
    const int wide = QFontMetrics(p->font()).horizontalAdvance(text);
    rect.setRight(rect.right() - std::max(52, wide + 12));
  }
  const QVariant fraction = index.data(FractionRole);
  if (fraction.isValid() && rect.width() > 12) {
    const QVariant series = index.data(SeriesRole);
    drawShareBar(*p, rect, fraction.toDouble(),
                 series.isValid() && series.toInt() >= 0 ? Theme::current().series(series.toInt()).color : themeColor(Token::Accent));
  }
  p->restore();
}

void ChipDelegate::paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QStyleOptionViewItem o = option;
  initStyleOption(&o, index);
  p->save();
  paintGround(*p, o, index);
  const QStringList chips = index.data(ChipsRole).toStringList();
  qreal x = o.rect.left() + kPad;
  const qreal end = o.rect.right() - kPad;
  for (qsizetype i = 0; i < chips.size(); ++i) {
    const bool last = i + 1 == chips.size();
    if (x + chipWidth(chips[i]) + (last ? 0 : 26) > end) {
      p->setPen(themeColor(Token::Text3));
      p->setFont(themeFont(FontRole::Hint));
      p->drawText(QRectF(x, o.rect.top(), end - x + kPad, o.rect.height()), Qt::AlignVCenter, QStringLiteral("+ %1").arg(chips.size() - i));
      break;
    }
    x = drawChip(*p, x, QRectF(o.rect).center().y(), chips[i]) + 4;
  }
  p->restore();
}

QSize ChipDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const {
  qreal width = 2 * kPad;
  for (const QString& chip : index.data(ChipsRole).toStringList()) width += chipWidth(chip) + 4;
  return {static_cast<int>(width), 24};
}

void installTableLook(QTableView* view) {
  view->setShowGrid(false);
  view->setMouseTracking(true);
  view->setAlternatingRowColors(false);
  view->setSelectionBehavior(QAbstractItemView::SelectRows);
  view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  view->setFrameShape(QFrame::NoFrame);
  view->setWordWrap(false);
  view->setCornerButtonEnabled(false);
  view->verticalHeader()->hide();
  view->verticalHeader()->setDefaultSectionSize(24);
  view->verticalHeader()->setMinimumSectionSize(24);
  view->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  QHeaderView* head = view->horizontalHeader();
  head->setFixedHeight(26);
  head->setHighlightSections(false);
  head->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  head->setResizeContentsPrecision(100);
  head->setStretchLastSection(true);
  view->setItemDelegate(new TextDelegate(view));
  new RowHover(view);
  new EntryRow(view);
}

void installTreeLook(QTreeView* view) {
  view->setFrameShape(QFrame::NoFrame);
  view->setUniformRowHeights(true);
  view->setHeaderHidden(true);
  view->setMouseTracking(true);
  view->setIndentation(18);
  view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  view->header()->setResizeContentsPrecision(100);
  view->setItemDelegate(new TextDelegate(view));
  new EntryRow(view);
}

}  // namespace dsw
