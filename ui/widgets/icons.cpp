// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/icons.h"

#include "ui/widgets/proxy_style.h"

#include <QIconEngine>
#include <QSvgRenderer>

namespace dsw {
namespace {

/// The SVG text with its colour filled in (QtSvg paints `currentColor` black); empty where there is no such icon.
QByteArray coloredSvg(const QString& name, const QColor& color) {
  loadFonts();  // makes the resources known
  QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
  if (!file.open(QIODevice::ReadOnly)) {
    qWarning("there is no icon named %s", qPrintable(name));
    return {};
  }
  return file.readAll().replace("currentColor", color.name().toLatin1());
}

/// `pixels` are device pixels. `in_button`: a glyph of 14/18 of the box at its left, so that 4 px more part it from the text.
QPixmap render(const QString& name, QSize pixels, const QColor& color, bool in_button = false) {
  const QString key =
      QStringLiteral("dsw:%1:%2x%3:%4:%5").arg(name).arg(pixels.width()).arg(pixels.height()).arg(color.rgba(), 0, 16).arg(in_button);
  QPixmap pixmap;
  if (QPixmapCache::find(key, &pixmap)) return pixmap;
  pixmap = QPixmap(pixels);
  pixmap.fill(Qt::transparent);
  const QByteArray svg = coloredSvg(name, color);
  if (!svg.isEmpty()) {
    QSvgRenderer renderer(svg);
    QPainter p(&pixmap);
    p.setOpacity(color.alphaF());
    QRectF box(0, 0, pixels.width(), pixels.height());
    const qreal side = std::min(box.width(), box.height());
    box = QRectF((box.width() - side) / 2, (box.height() - side) / 2, side, side);
    if (in_button) box = QRectF(box.left(), box.top() + side / 9, side * 7 / 9, side * 7 / 9);
    renderer.render(&p, box);
  }
  QPixmapCache::insert(key, pixmap);
  return pixmap;
}

class IconEngine final : public QIconEngine {
 public:
  IconEngine(QString name, std::optional<Token> token) : name_(std::move(name)), token_(token) {}

  void paint(QPainter* p, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
    drawIcon(*p, name_, rect, colorFor(mode, state));
  }
  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override { return scaledPixmap(size, mode, state, 1); }
  QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal scale) override {
    return render(name_, size, colorFor(mode, state), std::lround(size.width() / scale) == kButtonIconBox);
  }
  QSize actualSize(const QSize& size, QIcon::Mode, QIcon::State) override { return size; }
  QIconEngine* clone() const override { return new IconEngine(*this); }
  QString key() const override { return QStringLiteral("dsw-icon"); }
  QString iconName() override { return name_; }

 private:
  QColor colorFor(QIcon::Mode mode, QIcon::State state) const {
    if (mode == QIcon::Disabled) return themeColor(Token::TextOff);
    if (token_) return themeColor(*token_);
    if (state == QIcon::On) return themeColor(Token::Accent);
    return themeColor(mode == QIcon::Normal ? Token::Text2 : Token::Text1);
  }
  QString name_;
  std::optional<Token> token_;
};

}  // namespace

QIcon themeIcon(const QString& name) { return QIcon(new IconEngine(name, std::nullopt)); }
QIcon themeIcon(const QString& name, Token token) { return QIcon(new IconEngine(name, token)); }

QIcon stateIcon(const QString& status) {
  const StateLook look = stateLook(status);
  return themeIcon(look.icon, look.color);
}

QPixmap iconPixmap(const QString& name, int size, const QColor& color, qreal dpr) {
  QPixmap pixmap = render(name, (QSizeF(size, size) * dpr).toSize(), color);
  pixmap.setDevicePixelRatio(dpr);
  return pixmap;
}

void drawIcon(QPainter& p, const QString& name, const QRectF& rect, const QColor& color) {
  const QTransform t = p.deviceTransform();
  const qreal scale = std::max(0.1, std::hypot(t.m11(), t.m12()));
  const QSize pixels = (rect.size() * scale).toSize().expandedTo({1, 1});
  p.drawPixmap(rect, render(name, pixels, color), QRectF(QPointF(), QSizeF(pixels)));
}

QString themeIconFile(const QString& name, const QColor& color) {
  static QTemporaryDir dir;
  const QString path = dir.filePath(QStringLiteral("%1-%2.svg").arg(name, color.name().mid(1)));
  if (!QFile::exists(path)) {
    QFile file(path);
    if (file.open(QIODevice::WriteOnly)) file.write(coloredSvg(name, color));
  }
  return path;
}

}  // namespace dsw
