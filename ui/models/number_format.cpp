// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/number_format.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace dsw {
namespace {

/// NaN and infinities, else an empty string.
QString special(double v) {
  if (std::isnan(v)) return QStringLiteral("NaN");
  if (std::isinf(v)) return v > 0 ? QString(QChar(0x221E)) : QString(kMinus) + QChar(0x221E);
  return {};
}

/// Puts thin spaces between the groups of the digits before the point. `plain` has an optional '-' and no exponent.
QString grouped(const QString& plain) {
  qsizetype begin = plain.startsWith(QLatin1Char('-')) ? 1 : 0;
  qsizetype end = plain.indexOf(QLatin1Char('.'));
  if (end < 0) end = plain.size();
  QString text = plain;
  for (qsizetype at = end - 3; at > begin; at -= 3) text.insert(at, kThinSpace);
  return text;
}

bool isAllZero(const QString& text) {
  return std::none_of(text.begin(), text.end(), [](QChar c) { return c >= QLatin1Char('1') && c <= QLatin1Char('9'); });
}

QString fixedText(double v, int decimals) {
  QString text = QString::number(v, 'f', decimals);
  if (text.startsWith(QLatin1Char('-')) && isAllZero(text)) text.remove(0, 1);
  return text;
}

/// Position of the first digit: 0 for 1..9.99, -1 for 0.1.., after rounding to `digits` digits.
int exponentOf(double magnitude, int digits) {
  const QString text = QString::number(magnitude, 'e', digits - 1);
  return text.mid(text.indexOf(QLatin1Char('e')) + 1).toInt();
}

/// d.ddde-N with the exponent's zeros and plus sign dropped.
QString scientific(double v, int decimals, bool trim) {
  QString text = QString::number(v, 'e', decimals);
  const qsizetype e = text.indexOf(QLatin1Char('e'));
  QString mantissa = text.left(e);
  if (trim && mantissa.contains(QLatin1Char('.'))) {
    while (mantissa.endsWith(QLatin1Char('0'))) mantissa.chop(1);
    if (mantissa.endsWith(QLatin1Char('.'))) mantissa.chop(1);
  }
  return mantissa + QLatin1Char('e') + QString::number(text.mid(e + 1).toInt());
}

/// Three digits and a unit; `base` 1000 or 1024.
QString scaled(double v, double base, const char* const* units, int unit_count) {
  int unit = 0;
  double x = std::abs(v);
  while (unit + 1 < unit_count && (x >= base || (x >= 999.5 && unit > 0))) {
    x /= base;
    ++unit;
  }
  const int decimals = unit == 0 ? 0 : x >= 99.95 ? 0 : x >= 9.995 ? 1 : 2;
  QString text = QString::number(x, 'f', decimals);
  if (v < 0) text.prepend(QLatin1Char('-'));
  return text + QLatin1Char(' ') + QLatin1String(units[unit]);
}

QString padded(qint64 n) { return QStringLiteral("%1").arg(n, 2, 10, QLatin1Char('0')); }

}  // namespace

QString formatNumber(double v, int digits) {
  if (const QString s = special(v); !s.isEmpty()) return s;
  if (v == 0) return QStringLiteral("0");
  const int exponent = exponentOf(std::abs(v), digits);
  if (exponent < -4 || exponent >= 15) return scientific(v, digits - 1, false);
  return grouped(fixedText(v, std::clamp(digits - 1 - exponent, 0, 12)));
}

QString formatNumber(std::optional<double> v, int digits) { return v ? formatNumber(*v, digits) : QString(kMissing); }

QString formatFixed(double v, int decimals) {
  if (const QString s = special(v); !s.isEmpty()) return s;
  return grouped(fixedText(v, decimals));
}

int columnDecimals(double largest_magnitude, int digits) {
  if (!std::isfinite(largest_magnitude) || largest_magnitude == 0) return 0;
  return std::clamp(digits - 1 - exponentOf(std::abs(largest_magnitude), digits), 0, 8);
}

QString formatLoss(double v) { return formatFixed(v, 4); }

QString formatPercent(double share, int decimals) {
  if (const QString s = special(share); !s.isEmpty()) return s;
  return formatFixed(share * 100, decimals) + QStringLiteral(" %");
}

QString formatProbability(double p, int decimals) { return formatFixed(p, decimals); }

QString formatDifference(double v, int decimals) {
  if (std::isnan(v)) return special(v);
  if (std::isinf(v)) return QString(v > 0 ? QLatin1Char('+') : kMinus) + QChar(0x221E);
  const QString magnitude = grouped(fixedText(std::abs(v), decimals));
  if (isAllZero(magnitude)) return magnitude;
  return QString(v > 0 ? QLatin1Char('+') : kMinus) + magnitude;
}

QString formatPlusMinus(double v, double half_width) {
  if (!std::isfinite(v) || !std::isfinite(half_width)) {
    return formatNumber(v) + QStringLiteral(" ± ") + formatNumber(half_width);
  }
  int decimals = 0;
  if (half_width != 0)
    decimals = std::clamp(1 - exponentOf(std::abs(half_width), 2), 0, 12);
  else
    decimals = columnDecimals(v);
  return formatFixed(v, decimals) + QStringLiteral(" ± ") + formatFixed(std::abs(half_width), decimals);
}

QString formatCount(double n) {
  if (const QString s = special(n); !s.isEmpty()) return s;
  if (std::abs(n) < 999'999.5) return grouped(fixedText(n, 0));
  static constexpr const char* kUnits[] = {"", "k", "M", "G", "T", "P", "E"};
  return scaled(n, 1000, kUnits, 7);
}

QString formatCountExact(std::int64_t n) { return grouped(QString::number(n)); }

QString formatBytes(double bytes) {
  if (const QString s = special(bytes); !s.isEmpty()) return s;
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  return scaled(bytes, 1024, kUnits, 6);
}

QString formatDuration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return QString(kMissing);
  if (seconds < 0.9995) return QString::number(std::round(seconds * 1000), 'f', 0) + QStringLiteral(" ms");
  if (seconds < 59.95) return QString::number(seconds, 'f', 1) + QStringLiteral(" s");
  const auto s = static_cast<qint64>(std::llround(seconds));
  if (s < 3600) return QStringLiteral("%1 min %2 s").arg(s / 60).arg(padded(s % 60));
  const qint64 minutes = (s + 30) / 60;
  if (minutes < 24 * 60) return QStringLiteral("%1 h %2 min").arg(minutes / 60).arg(padded(minutes % 60));
  const qint64 hours = (minutes + 30) / 60;
  return QStringLiteral("%1 d %2 h").arg(hours / 24).arg(padded(hours % 24));
}

QString formatRemaining(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return QString(kMissing);
  const auto s = static_cast<qint64>(std::llround(seconds));
  if (s < 3600) return QStringLiteral("%1:%2").arg(s / 60).arg(padded(s % 60));
  return QStringLiteral("%1:%2:%3").arg(s / 3600).arg(padded(s / 60 % 60)).arg(padded(s % 60));
}

QString formatRate(double v) {
  if (const QString s = special(v); !s.isEmpty()) return s;
  if (v == 0) return QStringLiteral("0");
  const double magnitude = std::abs(v);
  if (magnitude >= 0.01 && magnitude < 10'000) return QString::number(v, 'g', 4);
  return scientific(v, 3, true);
}

QString formatExact(double v) {
  if (std::isnan(v)) return QStringLiteral("NaN");
  if (std::isinf(v)) return v > 0 ? QStringLiteral("inf") : QStringLiteral("-inf");
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v);
  return QString::fromLatin1(buffer, end.ptr - buffer);
}

}  // namespace dsw
