// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/theme.h"

#include <QtDBus>

#include "ui/widgets/focus_ring.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/proxy_style.h"

// A static library's resources are linked only where they are named; the macro must stand outside of a namespace.
static void initResources() { Q_INIT_RESOURCE(resources); }

namespace dsw {
namespace {

constexpr const char* kTokenNames[] = {
    "surface-0",    "surface-1", "surface-2",     "surface-3", "field",       "hover",   "select",       "select-idle", "line",  "grid",
    "line-strong",  "text-1",    "text-2",        "text-3",    "text-off",    "accent",  "on-accent",    "accent-soft", "focus", "running",
    "running-soft", "finished",  "finished-soft", "failed",    "failed-soft", "warning", "warning-soft", "stopped",     "queued"};
static_assert(std::size(kTokenNames) == static_cast<std::size_t>(Token::Count));

constexpr const char* kChoiceNames[] = {"as-desktop", "light", "dark", "contrast"};
constexpr const char* kPortal = "org.freedesktop.portal.Desktop";
constexpr const char* kPortalPath = "/org/freedesktop/portal/desktop";
constexpr const char* kPortalSettings = "org.freedesktop.portal.Settings";

QByteArray resource(const QString& path) {
  initResources();
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) qFatal("%s is not built into this program", qPrintable(path));
  return file.readAll();
}

QFont sized(const QString& family, qreal px, QFont::Weight weight) {
  QFont font(family);
  // QFont takes whole pixels only; half ones go through points at the screen's logical density.
  if (px == std::floor(px))
    font.setPixelSize(static_cast<int>(px));
  else
    font.setPointSizeF(px * 72.0 /
                       (qApp != nullptr && qApp->primaryScreen() != nullptr ? qApp->primaryScreen()->logicalDotsPerInchY() : 96.0));
  font.setWeight(weight);
  return font;
}

QPalette palette(const ThemeColors& c) {
  QPalette p;
  const auto set = [&](QPalette::ColorRole role, Token t) { p.setColor(role, c.color(t)); };
  set(QPalette::Window, Token::Surface1);
  set(QPalette::WindowText, Token::Text1);
  set(QPalette::Base, Token::Surface2);
  set(QPalette::AlternateBase, Token::Surface1);
  set(QPalette::Text, Token::Text1);
  set(QPalette::Button, Token::Surface1);
  set(QPalette::ButtonText, Token::Text1);
  set(QPalette::BrightText, Token::Failed);
  set(QPalette::ToolTipBase, Token::Surface3);
  set(QPalette::ToolTipText, Token::Text1);
  set(QPalette::PlaceholderText, Token::Text3);
  set(QPalette::Highlight, Token::Select);
  set(QPalette::HighlightedText, Token::Text1);
  set(QPalette::Link, Token::Accent);
  set(QPalette::LinkVisited, Token::Accent);
  set(QPalette::Light, Token::Surface2);
  set(QPalette::Midlight, Token::Line);
  set(QPalette::Mid, Token::LineStrong);
  set(QPalette::Dark, Token::LineStrong);
  set(QPalette::Shadow, Token::LineStrong);
  for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
    p.setColor(QPalette::Disabled, role, c.color(Token::TextOff));
  p.setColor(QPalette::Disabled, QPalette::Highlight, c.color(Token::SelectIdle));
  p.setColor(QPalette::Inactive, QPalette::Highlight, c.color(Token::SelectIdle));
  return p;
}

/// 1 dark, 2 light, 0 no preference; nothing where no portal answers.
std::optional<uint> desktopColorScheme() {
  // Without an address Qt would start a bus of its own.
  if (qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS")) return std::nullopt;
  const QDBusConnection bus = QDBusConnection::sessionBus();
  if (!bus.isConnected()) return std::nullopt;
  QDBusMessage ask = QDBusMessage::createMethodCall(kPortal, kPortalPath, kPortalSettings, "Read");
  ask << QStringLiteral("org.freedesktop.appearance") << QStringLiteral("color-scheme");
  const QDBusMessage answer = bus.call(ask, QDBus::Block, 200);
  if (answer.type() != QDBusMessage::ReplyMessage || answer.arguments().isEmpty()) return std::nullopt;
  QVariant value = answer.arguments().first();
  while (value.canConvert<QDBusVariant>()) value = value.value<QDBusVariant>().variant();  // the portal wraps it twice
  bool ok = false;
  const uint scheme = value.toUInt(&ok);
  return ok ? std::optional<uint>(scheme) : std::nullopt;
}

}  // namespace

const char* tokenName(Token t) { return kTokenNames[static_cast<std::size_t>(t)]; }

ThemeChoice themeChoiceFromName(const QString& name) {
  for (int i = 0; i < 4; ++i)
    if (name == QLatin1String(kChoiceNames[i])) return static_cast<ThemeChoice>(i);
  return ThemeChoice::AsDesktop;
}

QString themeChoiceName(ThemeChoice choice) { return QString::fromLatin1(kChoiceNames[static_cast<int>(choice)]); }

ThemeColors ThemeColors::load(ThemeChoice choice) {
  if (choice == ThemeChoice::AsDesktop) choice = ThemeChoice::Light;
  const QJsonObject file = QJsonDocument::fromJson(resource(QStringLiteral(":/themes/%1.json").arg(themeChoiceName(choice)))).object();
  const auto colorOf = [&](const QJsonValue& v, const QString& what) {
    const QColor color(v.toString());
    if (!color.isValid()) qFatal("theme %s: %s is not a colour", qPrintable(themeChoiceName(choice)), qPrintable(what));
    return color;
  };
  ThemeColors c;
  c.name_ = file[QLatin1String("name")].toString();
  c.dark_ = file[QLatin1String("dark")].toBool();
  c.contrast_ = choice == ThemeChoice::Contrast;
  c.series_width_ = file[QLatin1String("series-width")].toDouble(1.8);
  const QJsonObject tokens = file[QLatin1String("tokens")].toObject();
  for (std::size_t i = 0; i < c.colors_.size(); ++i) {
    const QString name = QString::fromLatin1(kTokenNames[i]);
    c.colors_[i] = colorOf(tokens[name], name);
  }
  for (int i = 0; i < kSeriesCount; ++i)
    c.series_[static_cast<std::size_t>(i)] = colorOf(file[QLatin1String("series")][i], QStringLiteral("series"));
  for (int i = 0; i < 5; ++i)
    c.diverging_[static_cast<std::size_t>(i)] = colorOf(file[QLatin1String("diverging")][i], QStringLiteral("diverging"));
  return c;
}

SeriesStyle ThemeColors::series(int index) const {
  static const QVector<qreal> kDashes[kSeriesCount] = {{}, {7, 3}, {2, 3}, {10, 3, 2, 3}, {4, 2}, {12, 4}, {2, 2, 6, 2}, {1, 3}};
  SeriesStyle style;
  style.width = series_width_;
  if (index < 0 || index >= kSeriesCount) {
    style.color = color(Token::Text3);
    style.color.setAlphaF(0.45F);
    style.marker = Marker::Circle;
    return style;
  }
  style.color = series_[static_cast<std::size_t>(index)];
  style.dash_px = kDashes[index];
  style.marker = static_cast<Marker>(index);
  return style;
}

QVector<qreal> ThemeColors::splitDash(const QString& split) {
  if (split == QLatin1String("val")) return {7, 3};
  if (split == QLatin1String("test")) return {2, 3};
  return {};
}

void drawMarker(QPainter& p, Marker marker, QPointF at, qreal size, const QColor& color, const QColor& ground) {
  const qreal r = size / 2;
  const bool open = marker >= Marker::Circle;
  QPolygonF shape;
  switch (marker) {
    case Marker::Disc:
    case Marker::Circle:
      break;
    case Marker::Triangle:
    case Marker::TriangleOpen:
      shape << QPointF(0, -r) << QPointF(r, r * 0.8) << QPointF(-r, r * 0.8);
      break;
    case Marker::Diamond:
    case Marker::DiamondOpen:
      shape << QPointF(0, -r * 1.1) << QPointF(r * 1.1, 0) << QPointF(0, r * 1.1) << QPointF(-r * 1.1, 0);
      break;
    case Marker::Square:
    case Marker::SquareOpen: {
      const qreal s = r * 0.85;
      shape << QPointF(-s, -s) << QPointF(s, -s) << QPointF(s, s) << QPointF(-s, s);
    }
  }
  p.save();
  p.setRenderHint(QPainter::Antialiasing);
  p.setPen(open ? QPen(color, 1.4) : QPen(Qt::NoPen));
  p.setBrush(open ? ground : color);
  if (shape.isEmpty())
    p.drawEllipse(at, open ? r - 0.7 : r, open ? r - 0.7 : r);
  else
    p.drawPolygon(shape.translated(at));
  p.restore();
}

QPen seriesPen(const SeriesStyle& style) {
  QPen pen(style.color, style.width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
  if (!style.dash_px.isEmpty()) {
    QVector<qreal> units;
    for (const qreal px : style.dash_px) units << px / style.width;
    pen.setDashPattern(units);
  }
  return pen;
}

QFont themeFont(FontRole role) {
  const QString text = QStringLiteral("Inter"), mono = QStringLiteral("JetBrains Mono");
  switch (role) {
    case FontRole::Text:
      return sized(text, 13, QFont::Normal);
    case FontRole::Control:
      return sized(text, 12.5, QFont::Normal);
    case FontRole::Hint:
      return sized(text, 12, QFont::Normal);
    case FontRole::Tick:
      return sized(text, 11, QFont::Normal);
    case FontRole::Strong:
      return sized(text, 13, QFont::DemiBold);
    case FontRole::Title:
      return sized(text, 15, QFont::DemiBold);
    case FontRole::Number:
      return sized(mono, 12, QFont::Normal);
    case FontRole::NumberSmall:
      return sized(mono, 11, QFont::Normal);
    case FontRole::Headline:
      return sized(mono, 24, QFont::Medium);
  }
  return {};
}

void loadFonts() {
  initResources();
  static const bool loaded = [] {
    const QDir fonts(QStringLiteral(":/fonts"));
    for (const QString& name : fonts.entryList({QStringLiteral("*.otf"), QStringLiteral("*.ttf")}))
      if (QFontDatabase::addApplicationFont(fonts.filePath(name)) < 0) qWarning("font %s cannot be read", qPrintable(name));
    return true;
  }();
  Q_UNUSED(loaded)
}

StateLook stateLook(const QString& status) {
  struct Row {
    const char* status;
    const char* icon;
    Token color;
    const char* word;
  };
  static constexpr Row kRows[] = {{"running", "play-circle-fill", Token::Running, "running"},
                                  {"finished", "check-circle-fill", Token::Finished, "finished"},
                                  {"failed", "x-octagon-fill", Token::Failed, "failed"},
                                  {"stopped", "stop-circle", Token::Stopped, "stopped"},
                                  {"stopping", "stop-circle", Token::Stopped, "stopping…"},
                                  {"interrupted", "exclamation-diamond-fill", Token::Warning, "interrupted"},
                                  {"paused", "pause-circle-fill", Token::Warning, "paused"},
                                  {"pruned", "scissors", Token::Stopped, "pruned"},
                                  {"queued", "hourglass-split", Token::Queued, "queued"}};
  for (const Row& row : kRows)
    if (status == QLatin1String(row.status)) return {QString::fromLatin1(row.icon), row.color, QString::fromUtf8(row.word)};
  return {QStringLiteral("circle"), Token::Queued, status};
}

Theme::Theme(QObject* parent) : QObject(parent), colors_(ThemeColors::load(ThemeChoice::Light)) {}

Theme& Theme::current() {
  static QPointer<Theme> theme;  // a child of the QApplication, so that a test may make a second application
  if (theme.isNull()) theme = new Theme(qApp);
  return *theme;
}

void Theme::apply(ThemeChoice choice) {
  choice_ = choice;
  ThemeChoice shown = choice;
  if (choice == ThemeChoice::AsDesktop) {
    shown = desktopColorScheme() == 1U ? ThemeChoice::Dark : ThemeChoice::Light;
    if (!watches_desktop_ && !qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS"))
      watches_desktop_ = QDBusConnection::sessionBus().connect(kPortal, kPortalPath, kPortalSettings, QStringLiteral("SettingChanged"),
                                                               this, SLOT(onDesktopSetting(QString, QString, QDBusVariant)));
  }
  colors_ = ThemeColors::load(shown);
  QPixmapCache::clear();  // icons are cached by colour
  loadFonts();
  if (qobject_cast<ProxyStyle*>(QApplication::style()) == nullptr && !has_style_) {
    QApplication::setStyle(new ProxyStyle);
    new FocusRing(this);
    has_style_ = true;
  }
  QApplication::setFont(themeFont(FontRole::Text));
  for (const char* type :
       {"QAbstractItemView", "QPushButton", "QToolButton", "QLineEdit", "QComboBox", "QAbstractSpinBox", "QCheckBox", "QTabBar"})
    QApplication::setFont(themeFont(FontRole::Control), type);
  for (const char* type : {"QHeaderView", "QToolTip", "QStatusBar"}) QApplication::setFont(themeFont(FontRole::Hint), type);
  // The palette first, then the sheet again: with a sheet set, a new palette alone reaches no widget.
  QApplication::setPalette(palette(colors_));
  qApp->setStyleSheet(styleSheet(colors_));
  emit changed();
}

void Theme::onDesktopSetting(const QString& group, const QString& key, const QDBusVariant&) {
  if (choice_ == ThemeChoice::AsDesktop && group == QLatin1String("org.freedesktop.appearance") && key == QLatin1String("color-scheme"))
    apply(ThemeChoice::AsDesktop);
}

QString Theme::styleSheet(const ThemeColors& colors) {
  QString sheet = QString::fromUtf8(resource(QStringLiteral(":/themes/workbench.qss")));
  for (std::size_t i = 0; i < static_cast<std::size_t>(Token::Count); ++i)
    sheet.replace(QStringLiteral("{%1}").arg(QLatin1String(kTokenNames[i])), colors.color(static_cast<Token>(i)).name());
  const QColor accent = colors.color(Token::Accent);
  sheet.replace(QStringLiteral("{accent-hover}"), (colors.isDark() ? accent.lighter(112) : accent.darker(115)).name());
  QColor scroll = colors.color(Token::LineStrong);
  scroll.setAlphaF(colors.isContrast() ? 1.F : 0.45F);
  sheet.replace(QStringLiteral("{scroll}"),
                QStringLiteral("rgba(%1,%2,%3,%4)").arg(scroll.red()).arg(scroll.green()).arg(scroll.blue()).arg(scroll.alpha()));
  sheet.replace(QStringLiteral("{chevron-up}"), themeIconFile(QStringLiteral("chevron-up"), colors.color(Token::Text2)));
  sheet.replace(QStringLiteral("{chevron}"), themeIconFile(QStringLiteral("chevron-down"), colors.color(Token::Text2)));
  return sheet;
}

}  // namespace dsw
