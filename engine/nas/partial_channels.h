// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "engine/nas/search_space.h"
#include "engine/nn/module.h"

namespace dsw {

/// Partial channels: of the input [B, C, H, W] of a choice's candidates the first C / now channels pass through them, the others go around
/// (with a stride of 2 through a max pool), and the result's channels are shuffled, so that those that pass next are of both. The shuffle
/// keeps the number of groups of the start, so that a channel's place stays when more pass later.
/// Source: Xu et al. 2020, "PC-DARTS", sec. 3.1, eq. 2 (K = now); Chen et al. 2021, "DrNAS", sec. 4 (K falls during the search).
struct PartialChannels {
  std::int64_t first = 1;  ///< K at the start; 1: all channels pass throughout, and nothing is shuffled
  std::int64_t now = 1;    ///< K
  bool operator==(const PartialChannels&) const = default;
};

/// The choices of a supernet that it applies to: those of operations over pictures of at least kNarrowest channels, of which every
/// candidate is a layer that keeps their number (zero, identity, relu-conv-bn, separable-conv, dilated-conv, conv2d without groups,
/// batchnorm2d, activation, dropout, pools) and, all alike, the sides of the picture or their halves. One for all passes; it keeps no
/// state.
class PartialChoices {
 public:
  /// As narrow as the papers' narrowest: PC-DARTS and NAS-Bench-201 start with 16.
  static constexpr std::int64_t kNarrowest = 16;

  /// @param space  with its modules, which may move later; both outlive it
  explicit PartialChoices(const SearchSpace& space);

  /// The choice's node whose candidate this node is, or the node itself where it is the choice's; kNone: all its channels pass.
  std::size_t choice_of(std::size_t node, const PartialChannels& partial) const;
  /// Channels that pass: C / the largest divisor of C up to K.   @param node  one with a choice_of
  std::int64_t passing(std::size_t node, const PartialChannels& partial) const;
  /// The same as a share; 1 for all other nodes.
  double share(std::size_t node, const PartialChannels& partial) const;
  /// The node whose channels go around this choice's candidates; kGraphInput: the network's input, or none do.
  std::size_t around(std::size_t node, const PartialChannels& partial) const;
  /// FLOPs of one example, of the candidate for the channels that pass, or of what goes around the choice.   @param node  as above
  double flops(std::size_t node, const PartialChannels& partial) const;

  /// What the candidates of a choice read.
  Tensor enter(std::size_t choice, const PartialChannels& partial, const Tensor& input) const;
  /// What the choice gives. @param mixed  of its candidates; undefined: 0
  Tensor join(std::size_t choice, const PartialChannels& partial, const Tensor& mixed, const Tensor& input) const;

  /// Candidates get ready for the channels that pass from now on (FirstChannels::copy_channels).
  /// @return  choices (places) in which more channels pass now
  std::size_t widen(const PartialChannels& from, const PartialChannels& to);

 private:
  bool applies(std::size_t choice) const;
  Shape input_shape(std::size_t choice) const;

  const SearchSpace& space_;
  std::vector<Module*> modules_;
  std::vector<std::size_t> choice_of_;  ///< [node], whatever K is
};

}  // namespace dsw
