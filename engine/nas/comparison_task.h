// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace dsw {
struct Catalog;

/// The task "search-comparison": searches an architecture and trains it from scratch beside the baseline (a), the baseline shrunk evenly
/// (b), random architectures under the cap (c) and controls, in every fold or with every seed; ends with the report of nas/comparison.h.
/// Each training is an ordinary run; after each one a checkpoint is written, and a resume goes on with the next.
/// Register after the tasks train and search.
void register_comparison_task(Catalog& catalog);

}  // namespace dsw
