// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/search_inspector.h"

#include <QHeaderView>
#include <QPainter>
#include <QTableView>

#include "ui/models/candidate_table_model.h"
#include "ui/models/number_format.h"
#include "ui/models/run_data.h"
#include "ui/models/search_model.h"
#include "ui/panels/search_graph.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/stacked_history.h"

namespace dsw {
namespace {

constexpr int kHead = 26, kRow = 24, kMostRows = 12, kHistoryHeight = 168;

/// The title after a square in the candidate's colour.
class CandidateDelegate : public TextDelegate {
 public:
  using TextDelegate::TextDelegate;
  void paint(QPainter* p, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    paintGround(*p, option, index);
    const QRect square(option.rect.left() + 4, option.rect.center().y() - 4, 9, 9);
    p->fillRect(square, Theme::current().series(index.data(CandidateTableModel::ColorRole).toInt()).color);
    paintText(*p, option.rect.adjusted(11, 0, 8, 0), option, index, false);
  }
};

QString costText(double value) { return std::isfinite(value) ? formatCount(value) : QString(kMissing); }
QString probabilityText(double value) { return std::isfinite(value) ? formatProbability(value) : QString(kMissing); }

}  // namespace

SearchInspector::SearchInspector(RunData& run, SearchModel& search, QWidget* parent)
    : QObject(parent),
      run_(run),
      search_(search),
      candidates_(new CandidateTableModel(this)),
      table_(new QTableView(parent)),
      history_(new StackedHistory(parent)) {
  table_->hide();
  history_->hide();
  table_->setModel(candidates_);
  installTableLook(table_);
  table_->setItemDelegateForColumn(CandidateTableModel::Title, new CandidateDelegate(table_));
  for (int c = CandidateTableModel::Probability; c < CandidateTableModel::ColumnCount; ++c)
    table_->setItemDelegateForColumn(c, new NumberDelegate(table_));
  table_->horizontalHeader()->setSectionResizeMode(CandidateTableModel::Title, QHeaderView::Stretch);
  table_->horizontalHeader()->setSectionResizeMode(CandidateTableModel::Probability, QHeaderView::Fixed);
  table_->horizontalHeader()->setStretchLastSection(false);
  table_->setColumnWidth(CandidateTableModel::Probability, 45);
  table_->setColumnWidth(CandidateTableModel::Alpha, 54);
  table_->setColumnWidth(CandidateTableModel::Flops, 67);
  table_->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  table_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setAccessibleName(tr("Candidates of the selected choice"));
  history_->setFixedHeight(kHistoryHeight);
}

std::vector<FactSection> SearchInspector::sections() {
  const SearchData& data = search_.data();
  const SearchEpoch* now = search_.now();
  const bool chosen = now && choice_ >= 0 && choice_ < static_cast<int>(data.space().choices.size());
  std::vector<FactSection> out;
  out.push_back(head());
  FactSection table{tr("Now"), now ? tr("epoch %1").arg(now->epoch) : QString(), {}, table_};
  FactSection history{tr("History"), {}, {}, history_};
  if (chosen) {
    const auto c = static_cast<std::size_t>(choice_);
    candidates_->setChoice(data.space().choices[c], now->choices[c]);
    if (table_) table_->setFixedHeight(kHead + kRow * std::min(kMostRows, candidates_->rowCount()) + 2);
    history.note = tr("epoch 0 to %1").arg(data.lastEpoch());
    fillHistory();
  } else {
    const QString hint = now ? tr("Click an edge or a choice, or walk with the arrow keys.") : tr("Appears with the first epoch.");
    table.facts.push_back(textFact(hint, Token::Text3));
    history.facts.push_back(textFact(hint, Token::Text3));
  }
  if (table_) table_->setVisible(chosen);
  if (history_) history_->setVisible(chosen);
  out.push_back(std::move(table));
  out.push_back(std::move(history));
  out.push_back(derivedNow());
  return out;
}

FactSection SearchInspector::head() const {
  const SearchData& data = search_.data();
  const SearchSpaceInfo& space = data.space();
  const SearchEpoch* now = search_.now();
  if (now && choice_ >= 0 && choice_ < static_cast<int>(space.choices.size())) {
    const auto c = static_cast<std::size_t>(choice_);
    const ChoiceState& state = now->choices[c];
    FactSection section{choiceTitle(space, choice_), {}, {}, nullptr};
    const auto title = [&](int candidate) { return space.choices[c].candidates[static_cast<std::size_t>(candidate)].title; };
    if (space.choices[c].candidates.empty()) return section;
    Fact leading = valueFact(tr("Leading"), title(state.leading));
    leading.mono = false;
    section.facts.push_back(leading);
    if (state.chosen != state.leading) {
      Fact taken = valueFact(tr("Would be derived"), title(state.chosen), tr("The target or the strongest edges decide otherwise"));
      taken.mono = false;
      section.facts.push_back(taken);
    }
    section.facts.push_back(valueFact(tr("Margin to second"), formatProbability(state.margin)));
    section.facts.push_back(valueFact(tr("Entropy"), tr("%1 of 1").arg(formatProbability(state.entropy))));
    if (const double weight = data.edgeWeight(*now, choice_); std::isfinite(weight))
      section.facts.push_back(valueFact(tr("Edge weight"), formatProbability(weight), tr("Among the edges into the same node")));
    if (space.choices[c].places.size() > 1)
      section.facts.push_back(
          valueFact(tr("Decides in"), tr("%1 places").arg(space.choices[c].places.size()), space.choices[c].places.join('\n')));
    return section;
  }
  FactSection section{tr("Search"), {}, {}, nullptr};
  if (!data.hasSpace()) {
    section.facts.push_back(textFact(tr("What is searched appears when the run starts."), Token::Text3));
  } else {
    section.facts.push_back(valueFact(tr("Algorithm"), space.algorithm));
    section.facts.push_back(valueFact(tr("Choices"), QString::number(space.choices.size())));
    section.facts.push_back(
        valueFact(tr("Architectures"), std::isfinite(space.architectures) ? formatNumber(space.architectures, 3) : tr("∞")));
    section.facts.push_back(valueFact(tr("Smallest, largest"), costText(space.targetCost(space.smallest)) + QStringLiteral(", ") +
                                                                   costText(space.targetCost(space.largest))));
    if (now) {
      section.facts.push_back(valueFact(tr("Mean entropy"), tr("%1 of 1").arg(probabilityText(now->entropy))));
      section.facts.push_back(valueFact(tr("Mean margin"), probabilityText(now->margin)));
    }
  }
  if (data.damaged() > 0)
    section.facts.push_back(textFact(tr("%1 samples of this search cannot be read and are left out.").arg(data.damaged()), Token::Warning));
  return section;
}

FactSection SearchInspector::derivedNow() const {
  const SearchEpoch* now = search_.now();
  FactSection section{search_.isLive() ? tr("If derived now") : tr("If derived then"), {}, {}, nullptr};
  if (!now) {
    section.facts.push_back(textFact(tr("Appears with the first epoch."), Token::Text3));
    return section;
  }
  if (!now->string.isEmpty()) {
    QString lines = now->string;  // breaks where a node ends
    section.facts.push_back(textFact(lines.replace(QLatin1String("|+|"), QLatin1String("|+\n|")), Token::Text1));
  }
  section.facts.push_back(valueFact(tr("FLOPs, here"), costText(now->derived.flops)));
  if (std::isfinite(now->full_flops)) section.facts.push_back(valueFact(tr("FLOPs, full size"), costText(now->full_flops)));
  section.facts.push_back(valueFact(tr("Parameters, here"), costText(now->derived.parameters)));
  if (baseline_ && baseline_->flops > 0 && std::isfinite(now->derived.flops)) {
    Fact against = valueFact(tr("Against %1").arg(baseline_->name),
                             formatDifference(100 * (now->derived.flops / baseline_->flops - 1), 1) + QStringLiteral(" %"),
                             tr("FLOPs against the pinned baseline"));
    against.tone = now->derived.flops <= baseline_->flops ? Token::Finished : Token::Failed;
    section.facts.push_back(against);
  }
  if (std::isfinite(now->val_accuracy) && !run_.metric("val/perplexity"))
    section.facts.push_back(valueFact(tr("Accuracy, inherited"), formatPercent(now->val_accuracy, 2)));
  if (std::isfinite(now->val_loss)) section.facts.push_back(valueFact(tr("Loss, inherited"), formatLoss(now->val_loss)));
  section.facts.push_back(
      textFact(tr("Inherited weights rank architectures only roughly. The verdict comes from retraining."), Token::Text3));
  return section;
}

void SearchInspector::fillHistory() {
  if (!history_) return;
  const SearchData& data = search_.data();
  const auto c = static_cast<std::size_t>(choice_);
  StackedData stacked;
  for (const SearchCandidate& candidate : data.space().choices[c].candidates) {
    stacked.names << candidate.title;
    stacked.colors.push_back(candidate.color);
  }
  for (const SearchEpoch& epoch : data.epochs()) {
    stacked.at.push_back(epoch.epoch);
    stacked.shares.push_back(epoch.choices[c].p);
  }
  stacked.last = data.space().epochs;
  Provenance from;
  from["run"] = QString::fromStdString(run_.row().short_name + " " + run_.row().id);
  from["choice"] = data.space().choices[c].id;
  history_->setTitle(tr("History of %1").arg(choiceTitle(data.space(), choice_)), from);
  history_->setData(std::move(stacked));
  history_->setCursor(search_.epoch());
}

}  // namespace dsw
