// SPDX-License-Identifier: GPL-3.0-or-later
// The one number formatter of all views. Qt Core only; all functions are pure and may be called from any thread.
// Rules: decimal point "." always; minus of a difference is U+2212; groups of three are parted by U+2009 (thin space);
// a missing value (std::nullopt where offered) is "–"; NaN is "NaN"; infinities are "∞" and "−∞" (with U+2212).
#pragma once
#include <QString>
#include <cstdint>
#include <optional>

namespace dsw {

inline constexpr QChar kMinus(0x2212);      // sign of a shown difference
inline constexpr QChar kThinSpace(0x2009);  // between groups of three digits
inline constexpr QChar kMissing(0x2013);    // a value that is not there

/// `digits` significant digits without grouping for |v| < 10 000, then counts with groups: 1.772, 0.04380, 41 230, 1.2e-7.
/// Below 1e-4 and from 1e15 scientific ("3.100e-7"). 0 is "0".
QString formatNumber(double v, int digits = 4);
QString formatNumber(std::optional<double> v, int digits = 4);
/// Fixed decimals, grouped before the point: formatFixed(1.9127, 4) = "1.9127". A value that rounds to zero loses its sign.
QString formatFixed(double v, int decimals);
/// Decimals that show `digits` significant digits of the largest |value| of a column, for one number of decimals in a column; 0..8.
int columnDecimals(double largest_magnitude, int digits = 4);
/// A loss: 4 decimals.
QString formatLoss(double v);
/// A share 0..1 as percent: formatPercent(0.4381) = "43.8 %".
QString formatPercent(double share, int decimals = 1);
/// A probability with 2 or 3 decimals.
QString formatProbability(double p, int decimals = 2);
/// Always signed, minus is U+2212: "+0.0022", "−0.0905"; exactly zero after rounding is "0.0000" without sign.
QString formatDifference(double v, int decimals = 4);
/// "1.843 ± 0.021": two significant digits of the half width and the same decimals for the value.
QString formatPlusMinus(double v, double half_width);
/// Exact below 1 000 000 with groups ("809 856"), above 3 digits with k M G T P ("1.12 M", "39.4 G").
QString formatCount(double n);
/// Exact with groups at any size: what the tooltip beside formatCount shows.
QString formatCountExact(std::int64_t n);
/// "512 B", "41.7 MiB", "9.30 GiB": 3 digits, binary units.
QString formatBytes(double bytes);
/// "840 ms", "41.2 s", "1 min 50 s", "2 h 05 min", "3 d 04 h". Negative values are shown as missing.
QString formatDuration(double seconds);
/// Remaining time as m:ss ("0:07", "12:40", "1:02:05" above an hour).
QString formatRemaining(double seconds);
/// A learning rate and the like: shortest form with exponent below 0.01 ("1e-3", "3e-4", "2.5e-5"), plain otherwise ("0.1").
QString formatRate(double v);
/// The shortest text that reads back equal, no grouping: for copy, CSV and JSON. "NaN", "inf", "-inf".
QString formatExact(double v);

}  // namespace dsw
