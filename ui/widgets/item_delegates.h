// SPDX-License-Identifier: GPL-3.0-or-later
// Delegates that paint the roles of ui/models/cell_roles.h. Views get them by installTableLook. UI thread only.
#pragma once
#include <QStyledItemDelegate>

class QTableView;
class QTreeView;
class QAbstractItemView;

namespace dsw {

/// Row ground, hairline, hover and selection as WINDOW.md; text from DisplayRole elided, in the tone of ToneRole, semibold with
/// EmphasisRole, accent with LinkRole, an icon of IconRole and a series sample of SeriesRole before it, CountRole muted at the right.
class TextDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  explicit TextDelegate(QObject* parent = nullptr);
  void paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 protected:
  static void paintGround(QPainter& p, const QStyleOptionViewItem& option, const QModelIndex& index);
  void paintText(QPainter& p, const QRect& rect, const QStyleOptionViewItem& option, const QModelIndex& index, bool number) const;
};

/// The same, right-aligned in JetBrains Mono.
class NumberDelegate : public TextDelegate {
  Q_OBJECT
 public:
  using TextDelegate::TextDelegate;
  void paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// State icon and word in the state's colour (StatusRole).
class StateDelegate : public TextDelegate {
  Q_OBJECT
 public:
  using TextDelegate::TextDelegate;
  void paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// SparkRole as a sparkline.
class SparklineDelegate : public TextDelegate {
  Q_OBJECT
 public:
  using TextDelegate::TextDelegate;
  void paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// FractionRole as a bar with DisplayRole in mono at its right; without room for both, the text alone.
class BarDelegate : public NumberDelegate {
  Q_OBJECT
 public:
  using NumberDelegate::NumberDelegate;
  void paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// ChipsRole as chips; those that do not fit become "+ n".
class ChipDelegate : public TextDelegate {
  Q_OBJECT
 public:
  using TextDelegate::TextDelegate;
  void paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// Rows of 24 px, heads of 26 px, no grid, hover rows, TextDelegate for all columns.
void installTableLook(QTableView* view);
void installTreeLook(QTreeView* view);

}  // namespace dsw
