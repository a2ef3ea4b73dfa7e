// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/curve/ticks.h"

#include <QDateTime>
#include <algorithm>
#include <array>
#include <cmath>
#include "ui/models/number_format.h"

namespace dsw {
namespace {

/// Labels of a linear axis: "10 k" from ten thousand where all steps are whole hundreds, "5e-4" for tiny steps, else fixed decimals.
QString linearLabel(double v, double step, double largest) {
  if (std::abs(v) < step * 1e-9) return QStringLiteral("0");
  struct Unit {
    double factor;
    const char* name;
  };
  static constexpr std::array<Unit, 5> kUnits = {{{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
  if (largest >= 10'000) {
    for (const Unit& unit : kUnits) {
      if (largest < unit.factor || (unit.factor > 1e3 && largest < 2 * unit.factor && step < unit.factor / 10)) continue;
      const double scaled_step = step / unit.factor;
      const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(scaled_step) + 1e-9)), 0, 3);
      return formatFixed(v / unit.factor, decimals) + QLatin1Char(' ') + QLatin1String(unit.name);
    }
  }
  if (largest < 1e-2) return formatRate(v);
  const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 10);
  return formatFixed(v, decimals);
}

double stepFrom(const double* steps, int count, double span, int most) {
  for (int i = 0; i < count; ++i)
    if (span / steps[i] <= most) return steps[i];
  return niceStep(span / 86400, most) * 86400;
}

constexpr double kTimeSteps[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};

QString relativeLabel(double seconds, double step) {
  const auto s = static_cast<qint64>(std::llround(seconds));
  if (s == 0) return QStringLiteral("0");
  if (step < 60) {
    if (s < 60) return QStringLiteral("%1 s").arg(s);
    return QStringLiteral("%1:%2").arg(s / 60).arg(s % 60, 2, 10, QLatin1Char('0'));
  }
  if (step < 3600) {
    if (s < 3600) return QStringLiteral("%1 min").arg(s / 60);
    return QStringLiteral("%1 h %2").arg(s / 3600).arg(s / 60 % 60, 2, 10, QLatin1Char('0'));
  }
  if (step < 86400) return QStringLiteral("%1 h").arg(s / 3600);
  return QStringLiteral("%1 d").arg(s / 86400);
}

}  // namespace

double niceStep(double span, int most) {
  const double raw = span / std::max(1, most);
  const double decade = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double m : {1.0, 2.0, 5.0, 10.0})
    if (m * decade >= raw * (1 - 1e-9)) return m * decade;
  return 10 * decade;
}

std::vector<Tick> linearTicks(double from, double to, int most) {
  std::vector<Tick> ticks;
  if (!(to > from)) return ticks;
  // As many ticks as there may be: the span is seldom a whole number of steps.
  double step = niceStep(to - from, most + 1);
  const auto count = [&](double s) { return std::floor(to / s + 1e-9) - std::ceil(from / s - 1e-9) + 1; };
  if (count(step) > most) step = niceStep(to - from, most);
  const double largest = std::max(std::abs(from), std::abs(to));
  if (!(step > largest * 1e-13)) return ticks;
  for (double k = std::ceil(from / step - 1e-9); k * step <= to + step * 1e-9; ++k)
    ticks.push_back({k * step, linearLabel(k * step, step, largest)});
  return ticks;
}

std::vector<Tick> logTicks(double from, double to, int most) {
  std::vector<Tick> ticks;
  if (!(from > 0) || !(to > from)) return ticks;
  const double decades = std::log10(to / from);
  if (decades < 0.7) return linearTicks(from, to, most);  // too little for decades: ordinary numbers at their logarithmic places
  const auto add = [&](double v) {
    if (v < from * (1 - 1e-9) || v > to * (1 + 1e-9)) return;
    ticks.push_back(
        {v, v >= 10'000 || v < 1e-3 ? formatRate(v) : formatFixed(v, std::max(0, static_cast<int>(-std::floor(std::log10(v) + 1e-9))))});
    if (v >= 10'000) ticks.back().label = QStringLiteral("1e%1").arg(std::lround(std::log10(v)));
  };
  const int low = static_cast<int>(std::floor(std::log10(from))), high = static_cast<int>(std::ceil(std::log10(to)));
  const bool between = decades * 3 <= most;
  const int every = std::max(1, static_cast<int>(std::ceil(decades / most)));
  for (int e = low; e <= high; ++e) {
    if (e % every != 0) continue;
    const double decade = std::pow(10.0, e);
    add(decade);
    if (between && decade < 10'000) {
      add(2 * decade);
      add(5 * decade);
    }
  }
  return ticks;
}

std::vector<Tick> relativeTicks(double from, double to, int most) {
  std::vector<Tick> ticks;
  if (!(to > from)) return ticks;
  if (to - from < most) return linearTicks(from, to, most);
  const double step = stepFrom(kTimeSteps, static_cast<int>(std::size(kTimeSteps)), to - from, most);
  for (double k = std::ceil(from / step - 1e-9); k * step <= to; ++k) ticks.push_back({k * step, relativeLabel(k * step, step)});
  return ticks;
}

std::vector<Tick> clockTicks(double from, double to, int most) {
  std::vector<Tick> ticks;
  if (!(to > from)) return ticks;
  const double step = std::max(1.0, stepFrom(kTimeSteps, static_cast<int>(std::size(kTimeSteps)), to - from, most));
  // Ticks stand at round local times.
  const double offset = QDateTime::fromSecsSinceEpoch(static_cast<qint64>(from)).offsetFromUtc();
  for (double k = std::ceil((from + offset) / step - 1e-9); k * step - offset <= to; ++k) {
    const double t = k * step - offset;
    const QDateTime when = QDateTime::fromSecsSinceEpoch(std::llround(t));
    ticks.push_back({t, step >= 86400 ? when.toString(QStringLiteral("d MMM"))
                                      : when.toString(step < 60 ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm"))});
  }
  return ticks;
}

QString axisPositionText(CurveAxis axis, double x) {
  switch (axis) {
    case CurveAxis::Step:
      return QStringLiteral("step ") + formatFixed(x, x == std::floor(x) ? 0 : 1);
    case CurveAxis::Epoch:
      return QStringLiteral("epoch ") + formatFixed(x, 2);
    case CurveAxis::Relative:
      return formatDuration(x);
    case CurveAxis::Clock:
      return QDateTime::fromMSecsSinceEpoch(std::llround(x * 1000)).toString(QStringLiteral("HH:mm:ss"));
    case CurveAxis::Flops:
      return formatCount(x) + QStringLiteral(" FLOPs");
  }
  return {};
}

QString axisName(CurveAxis axis) {
  switch (axis) {
    case CurveAxis::Step:
      return QStringLiteral("step");
    case CurveAxis::Epoch:
      return QStringLiteral("epoch");
    case CurveAxis::Relative:
      return QStringLiteral("since start");
    case CurveAxis::Clock:
      return QStringLiteral("clock");
    case CurveAxis::Flops:
      return QStringLiteral("FLOPs");
  }
  return {};
}

}  // namespace dsw
