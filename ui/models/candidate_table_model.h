// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>

#include "ui/models/search_data.h"

namespace dsw {

/// Candidates of one choice at one epoch, the likeliest first. UI thread only.
class CandidateTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Title, Probability, Alpha, Flops, ColumnCount };
  enum Role { ColorRole = Qt::UserRole + 200 };  ///< int, series of a candidate

  explicit CandidateTableModel(QObject* parent = nullptr);
  void clear() { setChoice({}, {}); }
  /// The state has as many probabilities as the choice has candidates.
  void setChoice(const SearchChoice& choice, const ChoiceState& state);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  SearchChoice choice_;
  ChoiceState state_;
  std::vector<std::size_t> order_;
  double scale_ = 1;  ///< of FLOPs
  QString unit_;
};

}  // namespace dsw
