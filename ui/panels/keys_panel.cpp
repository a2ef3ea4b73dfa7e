// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/keys_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHeaderView>
#include <QKeyEvent>
#include <QKeySequenceEdit>
#include <QLineEdit>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/models/app_settings.h"
#include "ui/models/command_registry.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/segmented_control.h"
#include "ui/widgets/shell/panel_header.h"

namespace dsw {

namespace {

const QStringList kThemes = {"as-desktop", "light", "dark", "contrast"};
constexpr int kScales[] = {75, 100, 125, 150, 175, 200};

/// Edits a key by pressing it.
class KeyDelegate : public TextDelegate {
 public:
  using TextDelegate::TextDelegate;
  QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem&, const QModelIndex&) const override {
    auto* edit = new QKeySequenceEdit(parent);
    edit->setAccessibleName(QStringLiteral("New key"));
    return edit;
  }
  void setEditorData(QWidget* editor, const QModelIndex& index) const override {
    static_cast<QKeySequenceEdit*>(editor)->setKeySequence(QKeySequence(index.data(Qt::EditRole).toString(), QKeySequence::PortableText));
  }
  void setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const override {
    const QKeySequence sequence = static_cast<QKeySequenceEdit*>(editor)->keySequence();
    const QKeySequence first = sequence.isEmpty() ? QKeySequence() : QKeySequence(sequence[0]);  // one key, no chords
    model->setData(index, first.toString(QKeySequence::PortableText), Qt::EditRole);
  }
};

}  // namespace

KeysPanel::KeysPanel(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent), model_(context.commands), proxy_(new QSortFilterProxyModel(this)) {
  setTitle(QStringLiteral("Settings and keys"));
  setTabIcon("gear");
  auto* body = new QWidget(this);
  auto* column = new QVBoxLayout(body);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(buildSettings());
  column->addWidget(buildKeys(), 1);
  setBody(body);
  connect(&model_, &KeyListModel::taken, this, [this](const QString& key, const QString& command) {
    messages().showMessage(MessageLevel::Warning, QString("%1 belongs to “%2”.").arg(key, command),
                           QStringLiteral("Take it away there first, or choose another key."));
  });
}

QWidget* KeysPanel::buildSettings() {
  AppSettings& settings = context().settings;
  auto* box = new QWidget;
  auto* form = new QGridLayout(box);
  form->setContentsMargins(12, 12, 12, 12);
  form->setHorizontalSpacing(12);
  form->setVerticalSpacing(6);
  form->setColumnStretch(2, 1);
  const auto addRow = [form](int row, const QString& label, QWidget* widget, const QString& hint) {
    auto* name = new ThemedLabel(label, FontRole::Text, Token::Text2);
    name->setMinimumWidth(100);
    form->addWidget(name, row, 0);
    form->addWidget(widget, row, 1, Qt::AlignLeft);
    form->addWidget(new ThemedLabel(hint, FontRole::Hint, Token::Text3), row, 2);
    widget->setAccessibleName(label);
  };
  theme_ = new SegmentedControl(QStringList{"As the desktop", "Light", "Dark", "High contrast"});
  theme_->setCurrent(static_cast<int>(std::max<qsizetype>(0, kThemes.indexOf(settings.theme()))));
  connect(theme_, &SegmentedControl::chosen, this, [this](int index) {
    static const char* const kCommands[] = {"view.theme-desktop", "view.theme-light", "view.theme-dark", "view.theme-contrast"};
    context().commands.run(kCommands[index]);
  });
  connect(&settings, &AppSettings::themeChanged, this,
          [this](const QString& name) { theme_->setCurrent(static_cast<int>(std::max<qsizetype>(0, kThemes.indexOf(name)))); });
  addRow(0, QStringLiteral("Theme"), theme_, {});
  auto* scale = new QComboBox;
  for (const int percent : kScales) scale->addItem(QString("%1 %").arg(percent), percent);
  scale->setCurrentIndex(std::max(0, scale->findData(settings.scale())));
  scale->setFixedWidth(96);
  connect(scale, &QComboBox::activated, this, [this, scale] { context().settings.setScale(scale->currentData().toInt()); });
  addRow(1, QStringLiteral("Scale"), scale, QStringLiteral("Takes effect at the next start"));
  auto* motion = new QCheckBox(QStringLiteral("Reduced motion"));
  motion->setChecked(settings.reducedMotion());
  connect(motion, &QCheckBox::toggled, this, [this](bool on) {
    context().settings.setReducedMotion(on);
    Theme::current().setReducedMotion(on);
  });
  addRow(2, QStringLiteral("Motion"), motion, QStringLiteral("Nothing slides or fades"));
  return box;
}

QWidget* KeysPanel::buildKeys() {
  auto* box = new QWidget;
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(6);
  auto* line = new QHBoxLayout;
  line->setContentsMargins(12, 6, 12, 0);
  line->setSpacing(8);
  line->addWidget(new ThemedLabel(QStringLiteral("Keys"), FontRole::Strong, Token::Text1));
  filter_ = new QLineEdit;
  filter_->setPlaceholderText(QStringLiteral("Filter commands or keys"));
  filter_->setAccessibleName(QStringLiteral("Filter commands"));
  filter_->addAction(themeIcon("funnel"), QLineEdit::LeadingPosition);
  filter_->setClearButtonEnabled(true);
  filter_->setMaximumWidth(320);
  filter_->installEventFilter(this);
  line->addWidget(filter_, 1);
  line->addWidget(new ThemedLabel(QStringLiteral("Enter changes a key, Delete takes it away, Backspace brings the default back"),
                                  FontRole::Hint, Token::Text3));
  line->addStretch();
  auto* reset = new QPushButton(QStringLiteral("All defaults"));
  connect(reset, &QPushButton::clicked, this, &KeysPanel::resetAll);
  line->addWidget(reset);
  column->addLayout(line);
  table_ = new QTableView;
  proxy_->setSourceModel(&model_);
  proxy_->setFilterKeyColumn(-1);
  proxy_->setFilterCaseSensitivity(Qt::CaseInsensitive);
  proxy_->setSortCaseSensitivity(Qt::CaseInsensitive);
  connect(filter_, &QLineEdit::textChanged, proxy_, &QSortFilterProxyModel::setFilterFixedString);
  table_->setModel(proxy_);
  installTableLook(table_);
  auto* delegate = new KeyDelegate(table_);
  table_->setItemDelegateForColumn(KeyListModel::Keys, delegate);
  table_->setAccessibleName(QStringLiteral("Commands and keys"));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setEditTriggers(QAbstractItemView::DoubleClicked);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setTabKeyNavigation(false);
  table_->setColumnWidth(KeyListModel::Name, 220);
  table_->setColumnWidth(KeyListModel::Keys, 180);
  table_->setColumnWidth(KeyListModel::Where, 120);
  table_->horizontalHeader()->setSectionResizeMode(KeyListModel::Help, QHeaderView::Stretch);
  table_->installEventFilter(this);
  column->addWidget(table_, 1);
  return box;
}

int KeysPanel::sourceRow() const {
  const QModelIndex current = proxy_->mapToSource(table_->currentIndex());
  return current.isValid() ? current.row() : -1;
}

void KeysPanel::resetAll() {
  for (int row = 0; row < model_.rowCount(); ++row)
    if (model_.isChanged(row)) context().commands.resetKeys(model_.commandId(row));
}

QWidget* KeysPanel::mainFocus() { return filter_; }

void KeysPanel::showPlace(const QString& place) {
  if (place == "settings") theme_->setFocus(Qt::OtherFocusReason);
}

CommandState KeysPanel::commandState(const QString& id) const {
  if (id == "edit.find") return {true, true, {}, {}, false};
  return DocumentPanel::commandState(id);
}

void KeysPanel::runCommand(const QString& id) {
  if (id == "edit.find") filter_->setFocus(Qt::ShortcutFocusReason);
}

bool KeysPanel::eventFilter(QObject* watched, QEvent* event) {
  const bool override = event->type() == QEvent::ShortcutOverride;
  if (event->type() != QEvent::KeyPress && !override) return DocumentPanel::eventFilter(watched, event);
  const int key = static_cast<QKeyEvent*>(event)->key();
  const bool enter = key == Qt::Key_Return || key == Qt::Key_Enter;
  if (watched == filter_ && !override && (key == Qt::Key_Down || enter)) {
    table_->setFocus();
    if (!table_->currentIndex().isValid()) table_->selectRow(0);
    return true;
  }
  if (watched != table_ || sourceRow() < 0 || table_->isPersistentEditorOpen(table_->currentIndex()))
    return DocumentPanel::eventFilter(watched, event);
  if (key != Qt::Key_Delete && key != Qt::Key_Backspace && !enter) return DocumentPanel::eventFilter(watched, event);
  if (override) {
    event->accept();  // Delete is a window command elsewhere
    return true;
  }
  const QString id = model_.commandId(sourceRow());
  if (key == Qt::Key_Delete)
    context().commands.setKeys(id, {});
  else if (key == Qt::Key_Backspace)
    context().commands.resetKeys(id);
  else
    table_->edit(table_->currentIndex().siblingAtColumn(KeyListModel::Keys));
  return true;
}

}  // namespace dsw
