// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/report/html_text.h"

namespace dsw {
namespace {

struct Style {
  const char* colour;
  const char* dash;
};
constexpr std::array<Style, 8> kStyles{{{"#06488C", ""},
                                        {"#AF4117", "7 3"},
                                        {"#2E7259", "2 3"},
                                        {"#7167CD", "10 3 2 3"},
                                        {"#C57883", "4 2"},
                                        {"#4B9AC5", "12 4"},
                                        {"#988B0F", "2 2 6 2"},
                                        {"#524141", "1 3"}}};
constexpr std::size_t kMostPoints = 1000;
constexpr double kLeft = 58, kRight = 12, kTop = 44, kBottom = 26;

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void take(double v) {
    if (!std::isfinite(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  bool empty() const { return low > high; }
  void widen_if_flat() {
    if (high > low) return;
    const double by = low == 0 ? 1 : std::abs(low) * 0.1;
    low -= by;
    high += by;
  }
};

std::string tick_text(double value) {
  if (value == 0) return "0";
  const double size = std::abs(value);
  if (size >= 1e6 || size < 1e-4) return fmt::format("{:.0e}", value);
  return fmt::format("{:.4g}", value);
}

}  // namespace

std::vector<double> nice_ticks(double low, double high, int most) {
  const double raw = (high - low) / most, power = std::pow(10, std::floor(std::log10(raw)));
  double step = power * 10;
  for (const double factor : {1.0, 2.0, 5.0})
    if (power * factor >= raw) {
      step = power * factor;
      break;
    }
  std::vector<double> ticks;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i) ticks.push_back(i * step);
  return ticks;
}

ChartSeries thin_out(const ChartSeries& series, std::size_t most) {
  if (series.x.size() <= most) return series;
  ChartSeries thin{series.name, {}, {}};
  const std::size_t stretches = std::max<std::size_t>(1, most / 2), count = series.x.size();
  const auto keep = [&](std::size_t i) {
    thin.x.push_back(series.x[i]);
    thin.y.push_back(series.y[i]);
  };
  for (std::size_t s = 0; s < stretches; ++s) {
    const std::size_t begin = s * count / stretches, end = (s + 1) * count / stretches;
    std::size_t low = begin, high = begin;
    for (std::size_t i = begin; i < end; ++i) {
      if (std::isnan(series.y[low]) || series.y[i] < series.y[low]) low = i;
      if (std::isnan(series.y[high]) || series.y[i] > series.y[high]) high = i;
    }
    keep(std::min(low, high));
    if (low != high) keep(std::max(low, high));
  }
  return thin;
}

std::string svg_chart(const std::vector<ChartSeries>& all, const ChartOptions& options) {
  Range xs, ys;
  std::vector<ChartSeries> series;
  for (const ChartSeries& one : all) {
    series.push_back(thin_out(one, kMostPoints));
    for (std::size_t i = 0; i < series.back().x.size(); ++i) {
      double& y = series.back().y[i];
      if (options.log_y) y = y > 0 ? std::log10(y) : std::numeric_limits<double>::quiet_NaN();
      xs.take(series.back().x[i]);
      ys.take(y);
    }
  }
  const std::string head =
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><text x=\"8\" y=\"16\" class=\"t\">{}</text>", options.width,
                  options.height, html_escape(options.title), html_escape(options.title));
  if (xs.empty() || ys.empty()) return head + "<text x=\"8\" y=\"60\" class=\"k\">No values yet</text></svg>\n";
  xs.widen_if_flat();
  ys.widen_if_flat();
  const double right = options.width - kRight, bottom = options.height - kBottom;
  const auto px = [&](double x) { return kLeft + (x - xs.low) / (xs.high - xs.low) * (right - kLeft); };
  const auto py = [&](double y) { return bottom - (y - ys.low) / (ys.high - ys.low) * (bottom - kTop); };
  std::string svg = head;
  for (const double y : nice_ticks(ys.low, ys.high, 5)) {
    svg += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"g\"/>", kLeft, right, py(y), py(y));
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"k e\">{}</text>", kLeft - 5, py(y) + 3.5,
                       tick_text(options.log_y ? std::pow(10, y) : y));
  }
  for (const double x : nice_ticks(xs.low, xs.high, 6)) {
    svg += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"g\"/>", px(x), px(x), kTop, bottom);
    if (px(x) < right - 40) svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"k m\">{}</text>", px(x), bottom + 15, tick_text(x));
  }
  svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"k e\">{}</text>", right, bottom + 15, html_escape(options.x_name));
  svg += fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}H{:.1f}\" class=\"a\"/>", kLeft, kTop, bottom, right);
  double legend = kLeft;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const Style style = kStyles[i % kStyles.size()];
    const std::string stroke =
        fmt::format("stroke=\"{}\"{}", style.colour, *style.dash ? fmt::format(" stroke-dasharray=\"{}\"", style.dash) : "");
    std::string path;
    bool pen = false;
    for (std::size_t k = 0; k < series[i].x.size(); ++k) {
      if (!std::isfinite(series[i].y[k])) {
        pen = false;
        continue;
      }
      path += fmt::format("{}{:.1f} {:.1f}", pen ? "L" : "M", px(series[i].x[k]), py(series[i].y[k]));
      pen = true;
    }
    svg += fmt::format("<path d=\"{}\" class=\"c\" {}/>", path, stroke);
    svg += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"31\" y2=\"31\" class=\"c\" {}/>", legend, legend + 22, stroke);
    svg += fmt::format("<text x=\"{:.1f}\" y=\"35\" class=\"k\">{}</text>", legend + 27, html_escape(series[i].name));
    legend += 40 + 6.5 * static_cast<double>(std::min<std::size_t>(series[i].name.size(), 30));
  }
  return svg + "</svg>\n";
}

}  // namespace dsw
