// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/candidate_table_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"

namespace dsw {

CandidateTableModel::CandidateTableModel(QObject* parent) : QAbstractTableModel(parent) {}

void CandidateTableModel::setChoice(const SearchChoice& choice, const ChoiceState& state) {
  beginResetModel();
  choice_ = choice;
  state_ = state;
  order_.resize(state.p.size());
  std::iota(order_.begin(), order_.end(), 0U);
  std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return state_.p[a] > state_.p[b]; });
  double most = 0;
  for (const SearchCandidate& candidate : choice.candidates)
    if (std::isfinite(candidate.cost.flops)) most = std::max(most, candidate.cost.flops);
  scale_ = most >= 1e9 ? 1e9 : most >= 1e5 ? 1e6 : most >= 1e3 ? 1e3 : 1;
  unit_ = scale_ == 1e9 ? tr("GFLOPs") : scale_ == 1e6 ? tr("MFLOPs") : scale_ == 1e3 ? tr("kFLOPs") : tr("FLOPs");
  endResetModel();
}

int CandidateTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(order_.size()); }
int CandidateTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant CandidateTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const std::size_t i = order_[static_cast<std::size_t>(index.row())];
  const SearchCandidate& candidate = choice_.candidates[i];
  const bool open = state_.open.empty() || state_.open[i];
  if (role == ColorRole) return index.column() == Title ? candidate.color : QVariant();
  if (role == EmphasisRole) return index.column() == Title && static_cast<int>(i) == state_.chosen;
  if (role == ToneRole) return static_cast<int>(open ? CellTone::Normal : CellTone::Muted);
  if (role == Qt::ToolTipRole && !open) return tr("Dropped: the search does not compute it any more");
  if (role != Qt::DisplayRole && role != ExactRole) return {};
  const bool exact = role == ExactRole;
  const auto text = [&](double value, int decimals) {
    if (!std::isfinite(value)) return QString(kMissing);
    return exact ? formatExact(value) : formatFixed(value, decimals);
  };
  switch (index.column()) {
    case Title:
      return candidate.title;
    case Probability:
      return text(state_.p[i], 2);
    case Alpha:
      return text(state_.alpha.empty() ? std::nan("") : state_.alpha[i], !state_.alpha.empty() && std::abs(state_.alpha[i]) >= 10 ? 1 : 2);
    case Flops:
      return text(exact ? candidate.cost.flops : candidate.cost.flops / scale_, 2);
    default:
      return {};
  }
}

QVariant CandidateTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return static_cast<int>((section == Title ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  switch (section) {
    case Title:
      return tr("Candidate");
    case Probability:
      return QStringLiteral("p");
    case Alpha:
      return QStringLiteral("α");
    case Flops:
      return unit_;
    default:
      return {};
  }
}

}  // namespace dsw
