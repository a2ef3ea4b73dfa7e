// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/store/project_rows.h"

namespace dsw {

/// Points of one metric of one run as one block of bytes. Sequence numbers, steps and times (microseconds) are kept as differences
/// in variable-length integers; values bit for bit, as 4 bytes where every value of the block is a float32, else as 8 (NaN included).
/// About 9 bytes a point of a training curve against 33 as a table row.
/// Layout: version 1 | value bytes 4 or 8 | count | count × (Δseq, zigzag Δstep, zigzag Δtime) | count × value, little endian.
std::vector<unsigned char> pack_points(std::span<const MetricPoint> points);

/// Appends the points whose seq is above `after_seq` to `out`. Error{Damaged} for bytes that are no such block.
Result<void> unpack_points(std::span<const unsigned char> bytes, std::int64_t after_seq, std::vector<MetricPoint>& out);

}  // namespace dsw
