// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "engine/core/json.h"
#include "engine/store/project.h"
#include "tests/support/temp_folder.h"

namespace dsw {

/// Samples of made-up searches that say what docs/searches.md asks for; the same to the last digit each time.
namespace sample_search {
inline constexpr int kEpochs = 50, kStepsPerEpoch = 422, kCollapse = 21, kRestored = 18;
/// NAS-Bench-201's cell, shared by three places: six edges, five candidates each.
Json cell_space();
Json cell_epoch(int epoch);
/// A text network: a choice of context mixing and an open width in each of two encoders, and an open depth.
Json chain_space();
Json chain_epoch(int epoch);
Json architectures(int epoch);  ///< five evaluated ones
Json derived();                 ///< of the cell: a graph model of images that trains
}  // namespace sample_search

/// A project with searches as they look after and during their run; nothing in it was searched. Runs by name:
///   cell      finished, 50 epochs, a collapse at epoch 21, an architecture derived
///   open      stopped at epoch 31 of 50, the same search      chain  finished, choices that are no edges of a web
///   damaged   some samples are no JSON, or of another space   fresh  stopped before it told anything
///   failed    failed at epoch 3                                       plain  a training run to pin as baseline
///   compared  a search comparison, two of three runs done
/// Failing calls throw.
class SearchProject {
 public:
  SearchProject();
  std::filesystem::path path() const { return folder_ / "cells.dsx"; }
  const std::string& id(const std::string& name) const { return ids_.at(name); }

 private:
  RunRow create(Project& project, const std::string& name, const std::string& task, const std::string& experiment);
  void add(Project& project, const std::string& name, int epochs, RunStatus status, bool chain);
  void add_damaged(Project& project);
  void add_plain(Project& project);
  void add_comparison(Project& project);

  TempFolder folder_{"search-project"};
  std::map<std::string, std::string> ids_, experiments_;
};

}  // namespace dsw
