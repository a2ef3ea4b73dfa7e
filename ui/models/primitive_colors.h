// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>

namespace dsw {

struct SearchSpaceInfo;

/// Gives every candidate of a space its series colour. A primitive has the same one in all searches: zero stone, identity olive, a
/// convolution of 1 × 1 sky, of 3 × 3 blue, average pooling rust, … Where two of one space would have the same, the later one takes a free
/// one; the ninth and later share. Sizes and depths are coloured by rank.
void colorCandidates(SearchSpaceInfo& space);

}  // namespace dsw
