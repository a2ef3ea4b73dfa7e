// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <QDateTime>
#include <QString>
#include <deque>

#include "ui/models/object_ref.h"

namespace dsw {

enum class LogLevel { Info, Warning, Error };
struct LogEntry {
  QDateTime time;
  LogLevel level = LogLevel::Info;
  QString source, text;
  ObjectRef ref;
};

/// What happened since the window opened, oldest first; at most 10,000 lines. Columns: Time, Source, Text. UI thread only.
class LogModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  static constexpr int kMost = 10'000;
  using QAbstractTableModel::QAbstractTableModel;
  void append(LogLevel level, const QString& source, const QString& text, const ObjectRef& ref = {});
  void clear();
  const LogEntry& entry(int row) const { return rows_[static_cast<std::size_t>(row)]; }
  /// All lines as text, for copying.
  QString text() const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::deque<LogEntry> rows_;
};

}  // namespace dsw
