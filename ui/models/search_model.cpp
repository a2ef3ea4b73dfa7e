// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/search_model.h"

#include "ui/models/query_runner.h"
#include "ui/models/run_data.h"

namespace dsw {

SearchModel::SearchModel(QueryRunner& queries, RunData& run, QObject* parent) : QObject(parent), queries_(queries), run_(run) {
  connect(&run_, &RunData::samplesChanged, this, &SearchModel::readNew);
  connect(&run_, &RunData::eventsChanged, this, [this] {
    collapses_ = data_.collapses(run_.events());
    emit dataChanged();
  });
  if (run_.isLoaded()) readNew();
}

void SearchModel::readNew() {
  if (reading_) {
    again_ = true;
    return;
  }
  const std::vector<SampleRow>& samples = run_.samples();
  const bool rewound = samples.empty() ? read_to_ > 0 : samples.back().seq < read_to_;  // everything anew
  if (rewound) read_to_ = 0;
  std::vector<SampleRow> fresh;
  for (const SampleRow& sample : samples)
    if (sample.seq > read_to_) fresh.push_back(sample);
  if (!fresh.empty()) read_to_ = fresh.back().seq;
  reading_ = true;
  queries_.ask<std::shared_ptr<SearchDelta>>(
      this,
      [fresh = std::move(fresh)](ProjectReader&) -> Result<std::shared_ptr<SearchDelta>> {
        return std::make_shared<SearchDelta>(SearchData::parse(fresh));
      },
      [this, rewound](Result<std::shared_ptr<SearchDelta>> answer) {
        reading_ = false;
        read_ = true;
        if (rewound) data_.clear();
        if (answer) data_.apply(std::move(**answer));
        collapses_ = data_.collapses(run_.events());
        emit dataChanged();
        if (live_) epoch_ = data_.lastEpoch();
        emit epochChanged();
        if (std::exchange(again_, false)) readNew();
      });
}

void SearchModel::showEpoch(int epoch) {
  epoch = std::clamp(epoch, std::min(0, data_.lastEpoch()), data_.lastEpoch());
  const bool live = epoch == data_.lastEpoch();
  if (epoch == epoch_ && live == live_) return;
  epoch_ = epoch;
  live_ = live;
  emit epochChanged();
}

void SearchModel::showLive() { showEpoch(data_.lastEpoch()); }

}  // namespace dsw
