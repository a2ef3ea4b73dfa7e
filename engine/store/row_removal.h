// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

#include "engine/store/database.h"

namespace dsw {

/// Removes everything of a run that is numbered above `after_seq`; summaries are then to be rebuilt. Throws Error.
void drop_run_rows(Database& database, std::int64_t run, std::int64_t after_seq);
/// Removes a run and all that is its own. Side files stay until no row names them.
void delete_run(Database& database, std::int64_t run);

}  // namespace dsw
