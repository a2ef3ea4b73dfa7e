// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "engine/nas/architecture.h"
#include "engine/nas/partial_channels.h"
#include "engine/nas/search_space.h"

namespace dsw {

/// All candidates of a space as one network. A pass computes only what its Mixing reaches from the output: of a choice the sum over
/// active candidates of weight times output, of edges the weighted sum. Candidates that are zero cost nothing and add nothing. Where a
/// width is open, what a layer with weights gives is masked (Wan et al. 2020, FBNetV2): the channels past the width are 0.
/// Parameters are named as in the network that is derived (nas/derive.h). `space` outlives it; its modules move here.
class Supernet : public Module {
 public:
  explicit Supernet(SearchSpace& space);
  /// Of the passes from now on. Evaluation (pass.training off) normalises by the batch's own statistics, since the running ones are
  /// those of a mixture (as NAS-Bench-201 does).
  void set(Mixing mixing) { mixing_ = std::move(mixing); }
  Tensor forward(const Tensor& data, Forward& pass) override;
  /// FLOPs of a forward pass of one example through `mixing`: of all that it computes, sizes as the largest, since smaller ones are masks.
  double flops(const Mixing& mixing) const;
  Shape output_shape(const Shape& input) const override;
  /// PartialChoices::widen.
  std::size_t widen(const PartialChannels& from, const PartialChannels& to) { return partial_.widen(from, to); }
  /// With every candidate computed.
  Cost cost(const Shape& input) const override;

 private:
  Tensor gather(std::size_t node, const std::vector<Tensor>& values, const Tensor& x);
  std::vector<bool> reached(const Mixing& mixing) const;
  /// Tells a layer the masks of its open sizes; gives those that were set.
  std::vector<std::string> open_sizes(std::size_t node, Device& device);
  Tensor masked(const Tensor& value, const SpaceNode::OpenAxis& axis) const;

  const SearchSpace& space_;
  std::vector<Module*> modules_;
  std::vector<bool> writes_;
  PartialChoices partial_;
  Mixing mixing_;
};

}  // namespace dsw
