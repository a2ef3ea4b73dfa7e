// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace dsw {
struct Catalog;

/// The task "search" (docs/searches.md): finds an architecture in a space and ends with a `graph` model.
/// Same document, seed, device and threads: same numbers to the bit; so do stop and resume at any step.
/// Register after models, optimizers, schedules, data types and the task `train`.
void register_search_task(Catalog& catalog);

}  // namespace dsw
