// SPDX-License-Identifier: GPL-3.0-or-later
// What a search told, as values for views (docs/searches.md, "Events"). Qt Core only; parsing may be done on any thread.
#pragma once
#include <QString>
#include <QStringList>
#include <limits>
#include <optional>
#include <vector>

#include "engine/store/project_rows.h"

namespace dsw {

/// Of one example and one forward pass; NaN: not told.
struct SearchCost {
  double flops = std::numeric_limits<double>::quiet_NaN(), parameters = flops, activation_bytes = flops, ms = flops;
};

struct SearchCandidate {
  QString title;  ///< "conv 3×3"; of a size "64"
  QString op, kind;
  SearchCost cost;
  int color = 0;  ///< series index: the same for one primitive in all searches of a project
};

struct SearchChoice {
  QString id, title, kind, cell;
  int from = -1, to = -1;  ///< nodes of the web whose edge it is; -1: no edge
  QStringList places;      ///< nodes that it decides
  std::vector<SearchCandidate> candidates;
  bool isEdge() const { return to >= 0; }
};

struct SearchNode {
  QString id, title, kind, cell, shape, pointer;
  int choice = -1;     ///< this node takes one of its inputs
  int candidate = -1;  ///< this node is a candidate: of that choice
  SearchCost cost;
};

struct SearchCell {
  QString id, cell, parent;
  int nodes = 0, inputs = 0;  ///< of a web; 0: none
};

struct SearchEdgeWeights {
  QString cell;
  int node = -1;
  std::vector<int> choices;
};

/// What is searched. Lists may be empty and numbers missing; indexes in it are within their lists.
struct SearchSpaceInfo {
  QString algorithm;
  int epochs = 0;
  double steps_per_epoch = 0, architectures = std::numeric_limits<double>::quiet_NaN();
  SearchCost smallest, largest;
  QString target_metric;  ///< "flops", "parameters", "activation-bytes", "latency"; without a target "flops"
  double target = std::numeric_limits<double>::quiet_NaN(), skip_limit = target, eigenvalue_limit = target;
  std::vector<SearchNode> nodes;
  std::vector<std::pair<QString, QString>> edges;
  std::vector<SearchCell> cells;
  std::vector<SearchChoice> choices;
  std::vector<SearchEdgeWeights> edge_weights;

  /// The cost that the target is about. Without a target: FLOPs.
  double targetCost(const SearchCost& cost) const;
};

/// One choice at one epoch.
struct ChoiceState {
  std::vector<double> p, alpha;  ///< as long as its candidates; alpha may be empty
  double entropy = 0, margin = 0;
  int chosen = 0, leading = 0;  ///< what would be derived; the likeliest
  std::vector<bool> open;       ///< candidates that are still there; empty: all
};

/// The distribution at one epoch; `choices` in the order and number of the space's.
struct SearchEpoch {
  int epoch = 0;
  std::int64_t seq = 0, step = 0;
  std::vector<ChoiceState> choices;
  std::vector<std::vector<double>> edge_weights;
  SearchCost expected, derived;
  std::string architecture;  ///< JSON text, as told
  QString string;            ///< the cell in NAS-Bench-201's notation, or empty
  double full_flops = std::numeric_limits<double>::quiet_NaN(), full_parameters = full_flops;
  double skip_share = full_flops, eigenvalue = full_flops, entropy = full_flops, margin = full_flops;
  double val_loss = full_flops, val_accuracy = full_flops;
};

/// An architecture that was evaluated with inherited weights.
struct SearchPoint {
  std::int64_t step = 0;
  double loss = std::numeric_limits<double>::quiet_NaN(), accuracy = loss;
  SearchCost cost;
  QString by;  ///< "derived", "sample", "random", "evolution", "perturbation"
};

struct DerivedModel {
  std::string model;  ///< JSON text of {"type": "graph", …}; empty: none yet
  SearchCost cost;
};

/// A guard's limit was passed.
struct SearchCollapse {
  int epoch = 0;
  std::int64_t step = 0;
  QString text;
};

struct SearchDelta;

class SearchData {
 public:
  /// What samples say; those of other kinds are passed over, damaged ones counted. Any thread.
  static SearchDelta parse(const std::vector<SampleRow>& samples);
  /// Takes them in, in order of seq. An epoch that was told again (a resume) replaces the earlier one.
  void apply(SearchDelta delta);
  void clear() { *this = SearchData(); }

  bool hasSpace() const { return has_space_; }
  const SearchSpaceInfo& space() const { return space_; }
  const std::vector<SearchEpoch>& epochs() const { return epochs_; }  ///< by epoch
  const std::vector<SearchPoint>& points() const { return points_; }
  const DerivedModel& derived() const { return derived_; }
  int damaged() const { return damaged_; }  ///< samples that say nothing that can be read

  /// The last one at or before an epoch; null: none.
  const SearchEpoch* at(int epoch) const;
  int lastEpoch() const { return epochs_.empty() ? -1 : epochs_.back().epoch; }
  int epochOfStep(double step) const;
  /// The weight of the edge that a choice stands on, among those into its node; NaN: no weights are learned there.
  double edgeWeight(const SearchEpoch& epoch, int choice) const;
  std::vector<SearchCollapse> collapses(const std::vector<EventRow>& events) const;

 private:
  bool fits(const SearchEpoch& epoch) const;
  bool has_space_ = false;
  SearchSpaceInfo space_;
  std::vector<SearchEpoch> epochs_;
  std::vector<SearchPoint> points_;
  DerivedModel derived_;
  int damaged_ = 0;
};

struct SearchDelta {
  std::optional<SearchSpaceInfo> space;
  std::vector<SearchEpoch> epochs;
  std::vector<SearchPoint> points;
  std::optional<DerivedModel> derived;
  int damaged = 0;
};

}  // namespace dsw
