// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit ui
// The contrast table of the design, computed from the theme files (WCAG 2.1 relative luminance).
#include "ui/widgets/theme.h"

#include <gtest/gtest.h>

#include <QLineEdit>
#include <cmath>

#include "ui/widgets/icons.h"

namespace dsw {
namespace {

double luminance(const QColor& c) {
  const auto linear = [](double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF());
}

double contrast(const QColor& a, const QColor& b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

constexpr Token kGrounds[] = {Token::Surface0, Token::Surface1, Token::Surface2, Token::Surface3,
                              Token::Field,    Token::Hover,    Token::Select,   Token::SelectIdle};
constexpr Token kInks[] = {Token::Text1,    Token::Text2,  Token::Text3,   Token::Accent,  Token::Running,
                           Token::Finished, Token::Failed, Token::Warning, Token::Stopped, Token::Queued};

class ThemeContrast : public testing::TestWithParam<ThemeChoice> {
 protected:
  ThemeColors colors = ThemeColors::load(GetParam());
};

TEST_P(ThemeContrast, TextAndStatesReadOnEverySurface) {
  double worst = 100;
  std::string pair;
  for (const Token ground : kGrounds)
    for (const Token ink : kInks) {
      const double c = contrast(colors.color(ink), colors.color(ground));
      if (c < worst) worst = c, pair = std::string(tokenName(ink)) + " on " + tokenName(ground);
    }
  EXPECT_GE(worst, 4.5) << pair << " has " << worst;
  RecordProperty("worst", std::to_string(worst) + " " + pair);
  const double claimed = GetParam() == ThemeChoice::Light ? 4.57 : GetParam() == ThemeChoice::Dark ? 4.70 : 5.48;
  EXPECT_NEAR(worst, claimed, 0.01) << "the design's table says otherwise; worst is " << pair;
}

TEST_P(ThemeContrast, StateTextReadsOnItsSoftGround) {
  constexpr std::pair<Token, Token> kPairs[] = {{Token::Running, Token::RunningSoft},
                                                {Token::Finished, Token::FinishedSoft},
                                                {Token::Failed, Token::FailedSoft},
                                                {Token::Warning, Token::WarningSoft}};
  for (const auto& [ink, soft] : kPairs) {
    EXPECT_GE(contrast(colors.color(ink), colors.color(soft)), 5.2) << tokenName(ink);
    EXPECT_GE(contrast(colors.color(Token::Text1), colors.color(soft)), 7) << tokenName(soft);
  }
  EXPECT_GE(contrast(colors.color(Token::OnAccent), colors.color(Token::Accent)), 6.6);
}

TEST_P(ThemeContrast, BordersAndSeriesAreSeen) {
  for (const Token ground : {Token::Surface1, Token::Surface2, Token::Surface3, Token::Field})
    EXPECT_GE(contrast(colors.color(Token::LineStrong), colors.color(ground)), 2.6) << tokenName(ground);
  EXPECT_GE(contrast(colors.color(Token::LineStrong), colors.color(Token::Surface2)), 3);
  EXPECT_GE(contrast(colors.color(Token::Focus), colors.color(Token::Surface0)), 3);
  for (int i = 0; i < ThemeColors::kSeriesCount; ++i)
    EXPECT_GE(contrast(colors.series(i).color, colors.color(Token::Surface2)), 3.1) << "series " << i + 1;
}

TEST_P(ThemeContrast, StyleSheetHasNoOpenPlaceHolderAndIsShort) {
  const QString sheet = Theme::styleSheet(colors);
  EXPECT_FALSE(sheet.contains(QRegularExpression(QStringLiteral("\\{[a-z0-9-]+\\}")))) << qPrintable(sheet);
  EXPECT_LT(sheet.count(QLatin1Char('\n')), 120);
}

INSTANTIATE_TEST_SUITE_P(All, ThemeContrast, testing::Values(ThemeChoice::Light, ThemeChoice::Dark, ThemeChoice::Contrast),
                         [](const auto& made) { return themeChoiceName(made.param).toStdString(); });

TEST(Theme, SeriesDifferWithoutColour) {
  const ThemeColors colors = ThemeColors::load(ThemeChoice::Light);
  for (int i = 0; i < 8; ++i)
    for (int k = 0; k < i; ++k) {
      EXPECT_NE(colors.series(i).dash_px, colors.series(k).dash_px) << i << " " << k;
      EXPECT_NE(colors.series(i).marker, colors.series(k).marker);
    }
  EXPECT_EQ(colors.series(8).color.rgb(), colors.color(Token::Text3).rgb());
  EXPECT_NEAR(colors.series(-1).color.alphaF(), 0.45, 0.01);
}

TEST(Theme, ApplyChangesPaletteSheetAndTellsIt) {
  int told = 0;
  const auto connection = QObject::connect(&Theme::current(), &Theme::changed, [&told] { ++told; });
  QLabel label(QStringLiteral("text"));
  Theme::current().apply(ThemeChoice::Dark);
  EXPECT_EQ(told, 1);
  label.ensurePolished();
  EXPECT_EQ(label.palette().color(QPalette::WindowText), themeColor(Token::Text1)) << "a new palette reaches existing widgets";
  EXPECT_TRUE(qApp->styleSheet().contains(ThemeColors::load(ThemeChoice::Dark).color(Token::Surface0).name()));
  Theme::current().apply(ThemeChoice::Light);
  EXPECT_EQ(label.palette().color(QPalette::WindowText), themeColor(Token::Text1));
  QObject::disconnect(connection);
}

TEST(Theme, NamesGoThereAndBack) {
  for (const ThemeChoice c : {ThemeChoice::AsDesktop, ThemeChoice::Light, ThemeChoice::Dark, ThemeChoice::Contrast})
    EXPECT_EQ(themeChoiceFromName(themeChoiceName(c)), c);
  EXPECT_EQ(themeChoiceFromName(QStringLiteral("pink")), ThemeChoice::AsDesktop);
}

TEST(Theme, BundledFontsAreUsed) {
  for (const FontRole role : {FontRole::Text, FontRole::Title, FontRole::Number, FontRole::Headline}) {
    const QFont font = themeFont(role);
    EXPECT_EQ(QFontInfo(font).family(), font.family());
  }
  const QFontMetricsF mono(themeFont(FontRole::Number));
  EXPECT_DOUBLE_EQ(mono.horizontalAdvance(QStringLiteral("1")), mono.horizontalAdvance(QStringLiteral("0")));
  EXPECT_TRUE(mono.inFont(QChar(0x2009))) << "the bundled font has the space that parts groups, so no other font comes in";
  EXPECT_DOUBLE_EQ(mono.horizontalAdvance(QChar(0x2009)), mono.horizontalAdvance(QStringLiteral("0"))) << "grouped columns stay aligned";
}

TEST(Theme, PlaceholdersAreAsReadableAsHints) {
  for (const ThemeChoice choice : {ThemeChoice::Dark, ThemeChoice::Contrast, ThemeChoice::Light}) {
    Theme::current().apply(choice);
    QLineEdit line;
    line.ensurePolished();
    EXPECT_EQ(line.palette().color(QPalette::PlaceholderText), themeColor(Token::Text3));
    EXPECT_EQ(line.palette().color(QPalette::Text), themeColor(Token::Text1));
    line.setEnabled(false);
    EXPECT_EQ(line.palette().color(QPalette::Disabled, QPalette::Text), themeColor(Token::TextOff));
  }
}

TEST(Icons, FollowThemeModeAndScale) {
  const QIcon icon = themeIcon(QStringLiteral("stop-circle-fill"));
  const auto inks = [&](QIcon::Mode mode, QIcon::State state, qreal dpr) { return icon.pixmap(QSize(16, 16), dpr, mode, state).toImage(); };
  EXPECT_EQ(inks(QIcon::Normal, QIcon::Off, 1).pixelColor(3, 8).rgb(), themeColor(Token::Text2).rgb());
  EXPECT_EQ(inks(QIcon::Active, QIcon::Off, 1).pixelColor(3, 8).rgb(), themeColor(Token::Text1).rgb());
  EXPECT_EQ(inks(QIcon::Normal, QIcon::On, 1).pixelColor(3, 8).rgb(), themeColor(Token::Accent).rgb());
  EXPECT_EQ(inks(QIcon::Disabled, QIcon::Off, 1).pixelColor(3, 8).rgb(), themeColor(Token::TextOff).rgb());
  EXPECT_EQ(inks(QIcon::Normal, QIcon::Off, 2).size(), QSize(32, 32)) << "drawn at device resolution";
  Theme::current().apply(ThemeChoice::Dark);
  EXPECT_EQ(inks(QIcon::Normal, QIcon::Off, 1).pixelColor(3, 8).rgb(), themeColor(Token::Text2).rgb());
  Theme::current().apply(ThemeChoice::Light);
}

TEST(Icons, EveryStateHasItsOwnShape) {
  QSet<QString> icons;
  for (const char* status : {"running", "finished", "failed", "stopped", "interrupted", "queued", "paused", "pruned"}) {
    const StateLook look = stateLook(QString::fromLatin1(status));
    EXPECT_FALSE(icons.contains(look.icon)) << status;
    icons.insert(look.icon);
    EXPECT_TRUE(QFile::exists(QStringLiteral(":/icons/%1.svg").arg(look.icon))) << status;
  }
}

}  // namespace
}  // namespace dsw
