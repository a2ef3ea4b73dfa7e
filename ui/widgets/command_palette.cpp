// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/command_palette.h"

#include "ui/models/cell_roles.h"
#include "ui/widgets/icons.h"

namespace dsw {
namespace {

constexpr int kWidth = 560, kField = 38, kRow = 30, kMaxShown = 12, kMaxResults = 200;
enum Role : int { IdRole = Qt::UserRole + 1, DetailRole, KeyRole, EnabledRole, MatchRole };

/// Icon, text with the matched letters in accent, detail muted, key in mono at the right.
class PaletteDelegate final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {kWidth, kRow}; }

  void paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    p->save();
    const bool enabled = index.data(EnabledRole).toBool();
    const bool selected = option.state & QStyle::State_Selected;
    if (selected) {
      p->setRenderHint(QPainter::Antialiasing);
      p->setPen(Qt::NoPen);
      p->setBrush(themeColor(Token::Select));
      p->drawRoundedRect(option.rect.adjusted(6, 1, -6, -1), 4, 4);
    }
    QRect at = option.rect.adjusted(16, 0, -16, 0);
    const QString icon = index.data(IconRole).toString();
    if (!icon.isEmpty()) drawIcon(*p, icon, QRect(at.left(), at.top() + 7, 16, 16), themeColor(enabled ? Token::Text2 : Token::TextOff));
    at.setLeft(at.left() + 26);
    const QString key = index.data(KeyRole).toString();
    if (!key.isEmpty()) {
      p->setFont(themeFont(FontRole::NumberSmall));
      p->setPen(themeColor(enabled ? Token::Text3 : Token::TextOff));
      p->drawText(at, Qt::AlignRight | Qt::AlignVCenter, key);
      at.setRight(at.right() - QFontMetrics(p->font()).horizontalAdvance(key) - 12);
    }
    const QString detail = index.data(DetailRole).toString();
    const QFont hint = themeFont(FontRole::Hint);
    const QString text = index.data(Qt::DisplayRole).toString();
    const QFont plain = themeFont(FontRole::Text);
    const int text_width = std::min(QFontMetrics(plain).horizontalAdvance(text) + 4, at.width());
    drawMatched(*p, QRect(at.left(), at.top(), text_width, at.height()), text, index.data(MatchRole).value<QVector<int>>(), plain, enabled);
    at.setLeft(at.left() + text_width + 10);
    if (!detail.isEmpty() && at.width() > 30) {
      p->setFont(hint);
      p->setPen(themeColor(Token::Text3));
      p->drawText(at, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                  QFontMetrics(hint).elidedText(detail, Qt::ElideRight, at.width()));
    }
    p->restore();
  }

 private:
  static void drawMatched(QPainter& p, const QRect& rect, const QString& text, const QVector<int>& matched, const QFont& plain,
                          bool enabled) {
    QTextLayout layout(QFontMetrics(plain).elidedText(text, Qt::ElideRight, rect.width()), plain);
    QList<QTextLayout::FormatRange> ranges;
    for (const int at : matched) {
      QTextLayout::FormatRange range;
      range.start = at;
      range.length = 1;
      range.format.setForeground(themeColor(enabled ? Token::Accent : Token::TextOff));
      range.format.setFontWeight(QFont::DemiBold);
      ranges << range;
    }
    layout.setFormats(ranges);
    layout.beginLayout();
    QTextLine line = layout.createLine();
    line.setLineWidth(rect.width() + 40);
    layout.endLayout();
    p.setPen(themeColor(enabled ? Token::Text1 : Token::TextOff));
    layout.draw(&p, QPointF(rect.left(), rect.top() + (rect.height() - line.height()) / 2));
  }
};

bool startsWord(const QString& text, qsizetype i) {
  return i == 0 || !text[i - 1].isLetterOrNumber() || (text[i].isUpper() && text[i - 1].isLower());
}

}  // namespace

PaletteEntry paletteEntry(const QAction& action, const QString& where) {
  PaletteEntry entry;
  entry.id = action.objectName();
  entry.text = action.text()
                   .replace(QLatin1String("&&"), QLatin1String("\x01"))
                   .remove(QLatin1Char('&'))
                   .replace(QLatin1Char('\x01'), QLatin1Char('&'));
  entry.text.remove(QStringLiteral("…"));
  entry.detail = where;
  entry.key = action.shortcut().toString(QKeySequence::NativeText);
  entry.enabled = action.isEnabled();
  entry.reason = action.property("disabledReason").toString();
  return entry;
}

std::optional<int> fuzzyScore(const QString& query, const QString& text, QVector<int>* positions) {
  if (positions != nullptr) positions->clear();
  QString wanted;
  for (const QChar c : query)
    if (!c.isSpace()) wanted += c.toCaseFolded();
  if (wanted.isEmpty()) return 0;
  const QString folded = text.toCaseFolded();
  if (folded.size() != text.size()) return std::nullopt;
  const qsizetype m = wanted.size(), n = folded.size();
  if (m > n) return std::nullopt;
  // best[j]: best score of matching the first i letters with the i-th at text[j]; `from` remembers where the one before stood.
  constexpr int kNone = std::numeric_limits<int>::min() / 2;
  QVector<int> best(n, kNone), before(n, kNone);
  std::vector<std::vector<int>> from(static_cast<std::size_t>(m), std::vector<int>(static_cast<std::size_t>(n), -1));
  for (qsizetype i = 0; i < m; ++i) {
    int reach = kNone, reach_at = -1;  // best score so far of the letters before, not adjacent
    for (qsizetype j = 0; j < n; ++j) {
      best[j] = kNone;
      if (folded[j] == wanted[i]) {
        const int letter = 10 + (startsWord(text, j) ? 18 : 0);
        if (i == 0) {
          best[j] = letter - static_cast<int>(std::min<qsizetype>(j, 10));
        } else {
          // A letter that continues a run is worth as much as one that starts a word.
          const int run = j > 0 && before[j - 1] > kNone ? before[j - 1] + 10 + 20 : kNone;
          const int jump = reach > kNone ? reach + letter - 4 : kNone;
          best[j] = std::max(run, jump);
          from[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] = run >= jump ? static_cast<int>(j - 1) : reach_at;
        }
      }
      if (j > 0 && before[j - 1] > reach) reach = before[j - 1], reach_at = static_cast<int>(j - 1);
    }
    std::swap(best, before);
  }
  const auto top = std::max_element(before.begin(), before.end());
  if (*top <= kNone) return std::nullopt;
  if (positions != nullptr) {
    int j = static_cast<int>(top - before.begin());
    for (qsizetype i = m - 1; i >= 0; --i) {
      positions->prepend(j);
      j = from[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
    }
  }
  return *top - static_cast<int>(n / 8) + (folded == wanted ? 40 : 0);
}

CommandPalette::CommandPalette(QWidget* parent)
    : QDialog(parent, Qt::Popup | Qt::FramelessWindowHint),
      field_(new QLineEdit(this)),
      list_(new QListView(this)),
      model_(new QStandardItemModel(this)) {
  setModal(true);
  setAccessibleName(tr("Command palette"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(1, 1, 1, 7);
  column->setSpacing(4);
  field_->setProperty("paletteField", true);
  field_->setProperty("ownFocus", true);
  field_->setPlaceholderText(tr("Find a command, run or field   > command   @ field   # run   : step"));
  field_->setAccessibleName(tr("Find a command, run or field"));
  field_->setFixedHeight(kField);
  field_->setTextMargins(10, 0, 10, 0);
  field_->setFont(themeFont(FontRole::Text));
  field_->installEventFilter(this);
  list_->setModel(model_);
  list_->setItemDelegate(new PaletteDelegate(list_));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setUniformItemSizes(true);
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setMouseTracking(true);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->viewport()->setAutoFillBackground(false);
  list_->setAccessibleName(tr("Results"));
  column->addWidget(field_);
  column->addWidget(list_, 1);
  connect(field_, &QLineEdit::textChanged, this, &CommandPalette::refresh);
  connect(list_, &QListView::clicked, this, [this](const QModelIndex& index) {
    list_->setCurrentIndex(index);
    accept();
  });
}

void CommandPalette::setEntries(QVector<PaletteEntry> entries) {
  entries_ = std::move(entries);
  if (isVisible()) refresh();
}

void CommandPalette::openWith(const QString& prefix) {
  field_->setText(prefix);
  refresh();
  place();
  QDialog::open();
  field_->setFocus(Qt::PopupFocusReason);
}

int CommandPalette::resultCount() const { return model_->rowCount(); }
QString CommandPalette::resultId(int row) const { return model_->index(row, 0).data(IdRole).toString(); }

void CommandPalette::refresh() {
  QString query = field_->text();
  std::optional<PaletteKind> kind;
  bool step = false;
  if (!query.isEmpty()) {
    switch (query[0].unicode()) {
      case '>':
        kind = PaletteKind::Command;
        break;
      case '@':
        kind = PaletteKind::Field;
        break;
      case '#':
        kind = PaletteKind::Object;
        break;
      case ':':
        step = true;
        break;
      default:
        break;
    }
    if (kind || step) query.remove(0, 1);
  }
  query = query.trimmed();
  struct Hit {
    int score;
    qsizetype entry;
    QVector<int> matched;
  };
  std::vector<Hit> hits;
  if (!step) {
    for (qsizetype i = 0; i < entries_.size(); ++i) {
      const PaletteEntry& entry = entries_[i];
      if (kind && entry.kind != *kind) continue;
      Hit hit{0, i, {}};
      const qsizetype used = recent_.indexOf(entry.id);
      if (query.isEmpty()) {
        if (!kind && entry.kind != PaletteKind::Command && used < 0) continue;
        hit.score = used >= 0 ? 1000 - static_cast<int>(used) : entry.enabled ? 1 : 0;  // what cannot be used now comes last
      } else {
        const auto score = fuzzyScore(query, entry.text, &hit.matched);
        if (!score) continue;
        hit.score = *score + (used >= 0 ? 6 : 0) - (entry.enabled ? 0 : 20);
      }
      hits.push_back(std::move(hit));
    }
    std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.score > b.score; });
    if (hits.size() > kMaxResults) hits.resize(kMaxResults);
  }
  model_->clear();
  for (const Hit& hit : hits) {
    const PaletteEntry& entry = entries_[hit.entry];
    auto* item = new QStandardItem(entry.text);
    item->setData(entry.id, IdRole);
    item->setData(entry.enabled ? entry.detail : entry.reason.isEmpty() ? tr("not available here") : entry.reason, DetailRole);
    item->setData(entry.key, KeyRole);
    item->setData(entry.icon, IconRole);
    item->setData(entry.enabled, EnabledRole);
    item->setData(QVariant::fromValue(hit.matched), MatchRole);
    item->setAccessibleDescription(entry.enabled ? entry.key : tr("not available: %1").arg(entry.reason));
    model_->appendRow(item);
  }
  if (model_->rowCount() == 0) {
    bool number = false;
    query.toLongLong(&number);
    auto* item = new QStandardItem(!step    ? tr("Nothing matches “%1”.").arg(query)
                                   : number ? tr("Go to step %1").arg(query)
                                            : tr("Type a step, for example :1200"));
    item->setData(number && step, EnabledRole);
    item->setFlags(number && step ? Qt::ItemIsEnabled | Qt::ItemIsSelectable : Qt::NoItemFlags);
    model_->appendRow(item);
  }
  list_->setCurrentIndex(model_->index(0, 0));
  place();
}

void CommandPalette::place() {
  const int rows = std::clamp(model_->rowCount(), 1, kMaxShown);
  const QSize size(kWidth, 1 + kField + 4 + rows * kRow + 7);
  QRect area = parentWidget() != nullptr ? parentWidget()->window()->geometry() : QGuiApplication::primaryScreen()->availableGeometry();
  const int width = std::min(size.width(), area.width() - 16);
  setGeometry(area.center().x() - width / 2, area.top() + 34, width, std::min(size.height(), std::max(120, area.height() - 50)));
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (watched == field_ && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    const int page = kMaxShown - 1;
    const int move = key == Qt::Key_Down ? 1 : key == Qt::Key_Up ? -1 : key == Qt::Key_PageDown ? page : key == Qt::Key_PageUp ? -page : 0;
    if (move != 0) {
      const int rows = model_->rowCount();
      int row = list_->currentIndex().row() + move;
      if (std::abs(move) == 1) row = (row + rows) % rows;
      list_->setCurrentIndex(model_->index(std::clamp(row, 0, rows - 1), 0));
      return true;
    }
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
      accept();
      return true;
    }
  }
  return QDialog::eventFilter(watched, event);
}

void CommandPalette::accept() {
  const QModelIndex index = list_->currentIndex();
  const QString text = field_->text().trimmed();
  if (text.startsWith(QLatin1Char(':'))) {
    bool ok = false;
    const qint64 step = text.mid(1).trimmed().toLongLong(&ok);
    if (!ok) return;
    QDialog::accept();
    emit stepChosen(step);
    return;
  }
  if (!index.isValid() || !index.data(EnabledRole).toBool()) return;
  const QString id = index.data(IdRole).toString();
  recent_.removeAll(id);
  recent_.prepend(id);
  while (recent_.size() > 20) recent_.removeLast();
  QDialog::accept();
  emit chosen(id);
}

void CommandPalette::paintEvent(QPaintEvent*) {
  QPainter p(this);
  p.fillRect(rect(), themeColor(Token::Surface3));
  p.setPen(themeColor(Token::LineStrong));
  p.drawRect(rect().adjusted(0, 0, -1, -1));
  const int y = field_->geometry().bottom() + 2;
  p.setPen(themeColor(Token::Line));
  p.drawLine(1, y, width() - 2, y);
}

}  // namespace dsw
