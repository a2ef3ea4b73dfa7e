// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <QStringList>

namespace dsw {

class CommandRegistry;

/// Every command with its keys. Columns: Command, Keys, Where, What it does. Setting EditRole of the key column rebinds (a QKeySequence
/// text; empty takes the key away); where another command has it, nothing changes and `taken` says who. UI thread only.
class KeyListModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Name, Keys, Where, Help, ColumnCount };
  explicit KeyListModel(CommandRegistry& commands, QObject* parent = nullptr);
  QString commandId(int row) const { return ids_[row]; }
  bool isChanged(int row) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role) override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 signals:
  void taken(const QString& key, const QString& byCommand);

 private:
  CommandRegistry& commands_;
  QStringList ids_;
};

}  // namespace dsw
