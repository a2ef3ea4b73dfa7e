// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>

#include "ui/models/search_data.h"

namespace dsw {

class QueryRunner;
class RunData;

/// What a search run told, kept up to date while it goes on, and the epoch that is looked at. Samples are read on the query thread. UI
/// thread only.
class SearchModel : public QObject {
  Q_OBJECT
 public:
  /// Both outlive it.
  SearchModel(QueryRunner& queries, RunData& run, QObject* parent = nullptr);

  const SearchData& data() const { return data_; }
  const std::vector<SearchCollapse>& collapses() const { return collapses_; }
  bool isRead() const { return read_; }  ///< all samples that the run had when it was opened

  int epoch() const { return epoch_; }  ///< that is shown; -1: none yet
  bool isLive() const { return live_; }
  const SearchEpoch* now() const { return data_.at(epoch_); }
  void showEpoch(int epoch);  ///< the newest one makes it live
  void showLive();

 signals:
  void dataChanged();   ///< space, epochs, points or collapses
  void epochChanged();  ///< what now() says; also after dataChanged where it is live

 private:
  void readNew();
  QueryRunner& queries_;
  RunData& run_;
  SearchData data_;
  std::vector<SearchCollapse> collapses_;
  std::int64_t read_to_ = 0;
  int epoch_ = -1;
  bool live_ = true, reading_ = false, again_ = false, read_ = false;
};

}  // namespace dsw
