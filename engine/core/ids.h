// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

namespace dsw {

/// A new id, unique over projects and machines: 12 hexadecimal digits of the time in milliseconds, then 20 random ones, so ids sort
/// by when they were made. Safe as a file name.
std::string new_id();

/// Seconds since 1970, UTC, to the microsecond.
double now_seconds();

}  // namespace dsw
