// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <QString>
#include <QVector>
#include <map>

#include "ui/models/object_ref.h"

namespace dsw {

struct ProblemItem {
  QString text;    ///< a sentence: "`/model/heads` is 5, but …"
  ObjectRef ref;   ///< where a jump goes: {experiment, id, "/model/heads"}
  QString source;  ///< what it is in: "shakespeare-char"
  bool warning = false;
};

/// Every open problem of the window, by who reports it. Columns: Problem, In, Place. UI thread only.
class ProblemListModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  using QAbstractTableModel::QAbstractTableModel;
  /// Replaces what `owner` (any stable word: an experiment's id, "project") reported. Empty: it has none.
  void setProblems(const QString& owner, QVector<ProblemItem> items);
  int errors() const { return errors_; }  ///< warnings not counted
  const ProblemItem& item(int row) const { return rows_[row]; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 signals:
  void countChanged();

 private:
  std::map<QString, QVector<ProblemItem>> byOwner_;
  QVector<ProblemItem> rows_;
  int errors_ = 0;
};

}  // namespace dsw
