// SPDX-License-Identifier: GPL-3.0-or-later
// How everything looks: colour tokens, series, type sizes, state looks. Read from resources/themes/*.json.
// UI thread only.
#pragma once
#include <QColor>
#include <QFont>
#include <QObject>
#include <QVector>
#include <array>

class QDBusVariant;
class QPainter;
class QPen;

namespace dsw {

/// What a colour is for; names in the theme files are the same words in kebab-case ("surface-0").
enum class Token {
  Surface0,
  Surface1,
  Surface2,
  Surface3,
  Field,
  Hover,
  Select,
  SelectIdle,
  Line,
  Grid,
  LineStrong,
  Text1,
  Text2,
  Text3,
  TextOff,
  Accent,
  OnAccent,
  AccentSoft,
  Focus,
  Running,
  RunningSoft,
  Finished,
  FinishedSoft,
  Failed,
  FailedSoft,
  Warning,
  WarningSoft,
  Stopped,
  Queued,
  Count
};
const char* tokenName(Token t);

enum class ThemeChoice { AsDesktop, Light, Dark, Contrast };
/// "as-desktop", "light", "dark", "contrast": what settings store. An unknown word is AsDesktop.
ThemeChoice themeChoiceFromName(const QString& name);
QString themeChoiceName(ThemeChoice choice);

enum class Marker { Disc, Triangle, Diamond, Square, Circle, TriangleOpen, DiamondOpen, SquareOpen };

/// Pen and marker of one series. `dash_px` are lengths in logical pixels, empty is solid.
struct SeriesStyle {
  QColor color;
  QVector<qreal> dash_px;
  Marker marker = Marker::Disc;
  qreal width = 1.8;
};
/// Draws a marker of `size` px (outer diameter) centred at `at`.
void drawMarker(QPainter& p, Marker marker, QPointF at, qreal size, const QColor& color, const QColor& ground);
/// The pen of a series line: dash lengths are turned into the pen-width units of QPen.
QPen seriesPen(const SeriesStyle& style);

/// One palette, a value. `ThemeColors::load(ThemeChoice::Light)` is also what exports use.
class ThemeColors {
 public:
  static constexpr int kSeriesCount = 8;
  static constexpr int kBaselineSeries = 7;  // "stone": the baseline run's colour

  /// AsDesktop loads light.
  static ThemeColors load(ThemeChoice choice);

  QColor color(Token t) const { return colors_[static_cast<std::size_t>(t)]; }
  /// Index 0..7 gives the eight series; anything else the muted style of the ninth and later (text-3 at 45 %).
  SeriesStyle series(int index) const;
  /// Dash of a split where a chart mixes splits: "train" solid, "val" 7 3, "test" 2 3.
  static QVector<qreal> splitDash(const QString& split);
  /// Five colours from negative to positive, zero in the middle.
  const std::array<QColor, 5>& diverging() const { return diverging_; }
  bool isDark() const { return dark_; }
  bool isContrast() const { return contrast_; }
  QString name() const { return name_; }

 private:
  QString name_;
  bool dark_ = false, contrast_ = false;
  qreal series_width_ = 1.8;
  std::array<QColor, static_cast<std::size_t>(Token::Count)> colors_;
  std::array<QColor, kSeriesCount> series_;
  std::array<QColor, 5> diverging_;
};

/// Sizes of WINDOW.md "Type".
enum class FontRole {
  Text,         ///< Inter 13
  Control,      ///< Inter 12.5: tables, controls
  Hint,         ///< Inter 12: heads, hints
  Tick,         ///< Inter 11
  Strong,       ///< Inter 13 semibold
  Title,        ///< Inter 15 semibold
  Number,       ///< JetBrains Mono 12: numbers, shapes, pointers, keys
  NumberSmall,  ///< JetBrains Mono 11
  Headline,     ///< JetBrains Mono 24 medium
};
QFont themeFont(FontRole role);
/// Registers the bundled fonts. Called by Theme::apply; harmless twice.
void loadFonts();

/// Look of a run status (the words of the project file, and "stopping").
struct StateLook {
  QString icon;  ///< name in resources/icons
  Token color;   ///< text and icon
  QString word;  ///< "running", "finished", …
};
StateLook stateLook(const QString& status);

/// The look of the application. There is one, as there is one QPalette: a child of the QApplication, made at first use.
/// AsDesktop asks the desktop's portal over D-Bus (200 ms at most, light without one) and follows its changes.
class Theme : public QObject {
  Q_OBJECT
 public:
  static Theme& current();

  /// Sets fonts, style, palette and style sheet of the whole application. Emits changed().
  void apply(ThemeChoice choice);
  ThemeChoice choice() const { return choice_; }
  const ThemeColors& colors() const { return colors_; }
  QColor color(Token t) const { return colors_.color(t); }
  SeriesStyle series(int index) const { return colors_.series(index); }

  /// All durations are 0 where the person asked for reduced motion.
  void setReducedMotion(bool on) { reduced_motion_ = on; }
  int duration(int ms) const { return reduced_motion_ ? 0 : ms; }

  /// The style sheet with its colours filled in; under 120 lines.
  static QString styleSheet(const ThemeColors& colors);

 signals:
  void changed();

 private slots:
  void onDesktopSetting(const QString& group, const QString& key, const QDBusVariant& value);

 private:
  explicit Theme(QObject* parent);
  ThemeChoice choice_ = ThemeChoice::AsDesktop;
  ThemeColors colors_;
  bool reduced_motion_ = false, has_style_ = false, watches_desktop_ = false;
};

/// Colour of a token in the current theme.
inline QColor themeColor(Token t) { return Theme::current().color(t); }

}  // namespace dsw
