// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

namespace dsw {

struct ChartSeries {
  std::string name;
  std::vector<double> x, y;  ///< equal lengths, x rising; a NaN in y is a gap
};
struct ChartOptions {
  std::string title, x_name = "step";
  bool log_y = false;             ///< values <= 0 become gaps
  int width = 520, height = 260;  ///< px
};

/// A line chart as one SVG element, legend included; colours and dashes of the first eight series as in the window. Series are
/// thinned to 1,000 points with their extremes kept. Texts are escaped.
std::string svg_chart(const std::vector<ChartSeries>& series, const ChartOptions& options);

/// Ticks 1, 2 or 5 times a power of ten that cover [low, high] with at most `most` steps.
std::vector<double> nice_ticks(double low, double high, int most);

/// Keeps the smallest and largest value of each of `most` / 2 stretches, and the ends.
ChartSeries thin_out(const ChartSeries& series, std::size_t most);

}  // namespace dsw
