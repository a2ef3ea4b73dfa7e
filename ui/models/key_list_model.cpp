// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/key_list_model.h"

#include "ui/models/cell_roles.h"
#include "ui/models/command_registry.h"

namespace dsw {

namespace {

QString plain(QString text) {
  text.remove('&');
  if (text.endsWith(QChar(0x2026))) text.chop(1);
  return text;
}

}  // namespace

KeyListModel::KeyListModel(CommandRegistry& commands, QObject* parent) : QAbstractTableModel(parent), commands_(commands) {
  for (const Command& command : commands.commands()) ids_.push_back(command.id);
  connect(&commands, &CommandRegistry::keysChanged, this, [this](const QString& id) {
    const int row = static_cast<int>(ids_.indexOf(id));
    if (row >= 0) emit dataChanged(index(row, 0), index(row, ColumnCount - 1));
  });
}

bool KeyListModel::isChanged(int row) const {
  const Command* command = commands_.find(ids_[row]);
  return command->keys != commands_.keys(ids_[row]);
}

int KeyListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(ids_.size()); }
int KeyListModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant KeyListModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Command* command = commands_.find(ids_[index.row()]);
  const auto keys = commands_.keys(command->id);
  switch (role) {
    case Qt::DisplayRole:
      switch (index.column()) {
        case Name:
          return plain(command->text);
        case Keys: {
          QStringList texts;
          for (const QKeySequence& key : keys) texts.push_back(key.toString(QKeySequence::NativeText));
          return texts.join(", ");
        }
        case Where:
          return commandContextName(command->context);
        default:
          return command->help;
      }
    case Qt::EditRole:
      return index.column() == Keys ? QVariant(keys.isEmpty() ? QString() : keys.front().toString(QKeySequence::PortableText))
                                    : data(index, Qt::DisplayRole);
    case Qt::ToolTipRole:
      return index.column() == Keys ? QStringLiteral("Press Enter, then the new key; Delete takes the key away") : command->help;
    case IconRole:
      return index.column() == Name && !command->icon.isEmpty() ? QVariant(command->icon) : QVariant();
    case ToneRole:
      if (index.column() == Keys && isChanged(index.row())) return static_cast<int>(CellTone::Accent);
      return static_cast<int>(index.column() == Where || index.column() == Help ? CellTone::Muted : CellTone::Normal);
    default:
      return {};
  }
}

bool KeyListModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role != Qt::EditRole || index.column() != Keys) return false;
  const QKeySequence key(value.toString(), QKeySequence::PortableText);
  const QString id = ids_[index.row()];
  const QVector<QKeySequence> wanted = key.isEmpty() ? QVector<QKeySequence>{} : QVector<QKeySequence>{key};
  if (!wanted.isEmpty() && commands_.keys(id).contains(key)) return false;
  const QString owner = commands_.setKeys(id, wanted);
  if (owner.isEmpty()) return true;
  emit taken(key.toString(QKeySequence::NativeText), plain(commands_.find(owner)->text));
  return false;
}

Qt::ItemFlags KeyListModel::flags(const QModelIndex& index) const {
  Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
  if (index.column() == Keys) flags |= Qt::ItemIsEditable;
  return index.isValid() ? flags : Qt::NoItemFlags;
}

QVariant KeyListModel::headerData(int section, Qt::Orientation orientation, int role) const {
  static const char* const kHeads[ColumnCount] = {"Command", "Keys", "Where", "What it does"};
  return orientation == Qt::Horizontal && role == Qt::DisplayRole && section < ColumnCount ? QVariant(QString::fromLatin1(kHeads[section]))
                                                                                           : QVariant();
}

}  // namespace dsw
