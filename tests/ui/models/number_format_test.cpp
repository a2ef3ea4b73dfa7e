// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit ui
#include "ui/models/number_format.h"

#include <gtest/gtest.h>
#include <cmath>
#include <limits>

namespace dsw {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInf = std::numeric_limits<double>::infinity();

/// Thin spaces and the true minus as plain letters, so that the expected texts can be read.
std::string plain(const QString& text) {
  return QString(text).replace(kThinSpace, QLatin1Char('_')).replace(kMinus, QLatin1Char('~')).toStdString();
}

TEST(NumberFormat, FourSignificantDigits) {
  EXPECT_EQ(plain(formatNumber(1.77182)), "1.772");
  EXPECT_EQ(plain(formatNumber(0.0438)), "0.04380");
  EXPECT_EQ(plain(formatNumber(41230.4)), "41_230");
  EXPECT_EQ(plain(formatNumber(9999.96)), "10_000");
  EXPECT_EQ(plain(formatNumber(0)), "0");
  EXPECT_EQ(plain(formatNumber(-0.5)), "-0.5000");
  EXPECT_EQ(plain(formatNumber(1.2e-7)), "1.200e-7");
  EXPECT_EQ(plain(formatNumber(3.5e18)), "3.500e18");
  EXPECT_EQ(plain(formatNumber(0.87000000000000001)), "0.8700");
}

TEST(NumberFormat, MissingNanAndInfinity) {
  EXPECT_EQ(formatNumber(std::optional<double>()), QStringLiteral("–"));
  EXPECT_EQ(formatNumber(kNan), QStringLiteral("NaN"));
  EXPECT_EQ(formatFixed(kInf, 2), QStringLiteral("∞"));
  EXPECT_EQ(formatFixed(-kInf, 2), QStringLiteral("−∞"));
  EXPECT_EQ(formatBytes(kNan), QStringLiteral("NaN"));
  EXPECT_EQ(formatDuration(kNan), QStringLiteral("–"));
  EXPECT_EQ(formatDuration(-1), QStringLiteral("–"));
}

TEST(NumberFormat, OneColumnHasOneNumberOfDecimals) {
  const int decimals = columnDecimals(12.34567);
  EXPECT_EQ(decimals, 2);
  EXPECT_EQ(plain(formatFixed(12.34567, decimals)), "12.35");
  EXPECT_EQ(plain(formatFixed(0.0049, decimals)), "0.00");
  EXPECT_EQ(plain(formatFixed(-0.0049, decimals)), "0.00") << "a value that rounds to zero has no sign";
  EXPECT_EQ(columnDecimals(0), 0);
  EXPECT_EQ(columnDecimals(kNan), 0);
  EXPECT_EQ(columnDecimals(123456), 0);
}

TEST(NumberFormat, LossPercentProbability) {
  EXPECT_EQ(plain(formatLoss(1.9127)), "1.9127");
  EXPECT_EQ(plain(formatPercent(0.4381)), "43.8 %");
  EXPECT_EQ(plain(formatPercent(1)), "100.0 %");
  EXPECT_EQ(plain(formatProbability(0.383)), "0.38");
  EXPECT_EQ(plain(formatProbability(0.383, 3)), "0.383");
}

TEST(NumberFormat, DifferencesAreAlwaysSigned) {
  EXPECT_EQ(plain(formatDifference(0.0022)), "+0.0022");
  EXPECT_EQ(plain(formatDifference(-0.0905)), "~0.0905");
  EXPECT_EQ(plain(formatDifference(0.00001)), "0.0000");
  EXPECT_EQ(plain(formatDifference(-12345.6, 1)), "~12_345.6");
  EXPECT_EQ(plain(formatDifference(-kInf)), "~∞");
}

TEST(NumberFormat, PlusMinusHasTwoDigitsOfTheHalfWidth) {
  EXPECT_EQ(formatPlusMinus(1.84312, 0.02149), QStringLiteral("1.843 ± 0.021"));
  EXPECT_EQ(formatPlusMinus(1.84312, 0.0997), QStringLiteral("1.84 ± 0.10"));
  EXPECT_EQ(formatPlusMinus(1234.4, 37), QStringLiteral("1\u2009234 ± 37"));
  EXPECT_EQ(formatPlusMinus(0.5, 0), QStringLiteral("0.5000 ± 0.0000"));
}

TEST(NumberFormat, Counts) {
  EXPECT_EQ(plain(formatCount(0)), "0");
  EXPECT_EQ(plain(formatCount(809856)), "809_856");
  EXPECT_EQ(plain(formatCount(999999)), "999_999");
  EXPECT_EQ(plain(formatCount(1000000)), "1.00 M");
  EXPECT_EQ(plain(formatCount(39.4e9)), "39.4 G");
  EXPECT_EQ(plain(formatCount(999.6e6)), "1.00 G") << "no four-digit 1000 M";
  EXPECT_EQ(plain(formatCountExact(1115394)), "1_115_394");
  EXPECT_EQ(plain(formatCountExact(-1000)), "-1_000");
}

TEST(NumberFormat, Bytes) {
  EXPECT_EQ(plain(formatBytes(512)), "512 B");
  EXPECT_EQ(plain(formatBytes(1024)), "1.00 KiB");
  EXPECT_EQ(plain(formatBytes(41.7 * 1024 * 1024)), "41.7 MiB");
  EXPECT_EQ(plain(formatBytes(5.9 * 1024 * 1024 * 1024)), "5.90 GiB");
  EXPECT_EQ(plain(formatBytes(1023.9 * 1024)), "1.00 MiB");
}

TEST(NumberFormat, Durations) {
  EXPECT_EQ(plain(formatDuration(0.84)), "840 ms");
  EXPECT_EQ(plain(formatDuration(41.23)), "41.2 s");
  EXPECT_EQ(plain(formatDuration(59.97)), "1 min 00 s");
  EXPECT_EQ(plain(formatDuration(110)), "1 min 50 s");
  EXPECT_EQ(plain(formatDuration(7500)), "2 h 05 min");
  EXPECT_EQ(plain(formatDuration(3 * 86400 + 4 * 3600)), "3 d 04 h");
  EXPECT_EQ(plain(formatRemaining(7)), "0:07");
  EXPECT_EQ(plain(formatRemaining(760)), "12:40");
  EXPECT_EQ(plain(formatRemaining(3725)), "1:02:05");
}

TEST(NumberFormat, LearningRates) {
  EXPECT_EQ(plain(formatRate(1e-3)), "1e-3");
  EXPECT_EQ(plain(formatRate(3e-4)), "3e-4");
  EXPECT_EQ(plain(formatRate(2.5e-5)), "2.5e-5");
  EXPECT_EQ(plain(formatRate(0.1)), "0.1");
  EXPECT_EQ(plain(formatRate(0)), "0");
}

TEST(NumberFormat, CopiesReadBackEqual) {
  for (const double v : {0.1, 1.0 / 3, 1e-300, -2.5, 1115394.0, 5e-324, 1.7976931348623157e308}) {
    const QString text = formatExact(v);
    EXPECT_EQ(text.toDouble(), v) << text.toStdString();
    EXPECT_FALSE(text.contains(kThinSpace));
  }
  EXPECT_EQ(formatExact(0.87), QStringLiteral("0.87"));
  EXPECT_EQ(formatExact(kNan), QStringLiteral("NaN"));
  EXPECT_EQ(formatExact(-kInf), QStringLiteral("-inf"));
}

}  // namespace
}  // namespace dsw
