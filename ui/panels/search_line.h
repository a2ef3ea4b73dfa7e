// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "ui/widgets/fact_line.h"

namespace dsw {

class RunData;
class SearchModel;

/// The first line of a search: how far, derived and expected cost against the target, guards against their limits.
void showSearchFacts(FactLine& line, const RunData& run, const SearchModel& search);

}  // namespace dsw
