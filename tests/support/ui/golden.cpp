// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/ui/golden.h"

namespace dsw::test {
namespace {

constexpr int kLevels = 2;
constexpr double kShare = 0.001;

bool differs(QRgb a, QRgb b) {
  return std::abs(qRed(a) - qRed(b)) > kLevels || std::abs(qGreen(a) - qGreen(b)) > kLevels || std::abs(qBlue(a) - qBlue(b)) > kLevels;
}

}  // namespace

testing::AssertionResult matchesGolden(const QImage& picture, const QString& name) {
  const QImage drawn_image = picture.convertToFormat(QImage::Format_RGB32);
  const QString path = QStringLiteral("tests/golden/%1.png").arg(name);
  if (qEnvironmentVariableIntValue("DSW_UPDATE_GOLDEN") == 1) {
    QDir().mkpath(QFileInfo(path).path());
    if (!drawn_image.save(path)) return testing::AssertionFailure() << qPrintable(path) << " cannot be written";
    return testing::AssertionSuccess();
  }
  QImage golden(path);
  if (golden.isNull())
    return testing::AssertionFailure() << qPrintable(path) << " is missing; make it with DSW_UPDATE_GOLDEN=1 and look at it";
  golden = golden.convertToFormat(QImage::Format_RGB32);
  QString why;
  if (golden.size() != drawn_image.size()) {
    why = QStringLiteral("size is %1x%2, golden is %3x%4")
              .arg(drawn_image.width())
              .arg(drawn_image.height())
              .arg(golden.width())
              .arg(golden.height());
  } else {
    int different = 0;
    QImage marked = golden;
    for (int y = 0; y < golden.height(); ++y)
      for (int x = 0; x < golden.width(); ++x)
        if (differs(golden.pixel(x, y), drawn_image.pixel(x, y))) {
          ++different;
          marked.setPixel(x, y, qRgb(255, 0, 0));
        }
    if (different <= kShare * golden.width() * golden.height()) return testing::AssertionSuccess();
    why = QStringLiteral("%1 of %2 pixels differ").arg(different).arg(golden.width() * golden.height());
    QDir().mkpath(QFileInfo(QStringLiteral("build/golden-differences/%1.png").arg(name)).path());
    marked.save(QStringLiteral("build/golden-differences/%1-difference.png").arg(name));
  }
  QDir().mkpath(QFileInfo(QStringLiteral("build/golden-differences/%1.png").arg(name)).path());
  drawn_image.save(QStringLiteral("build/golden-differences/%1.png").arg(name));
  return testing::AssertionFailure() << qPrintable(name) << ": " << qPrintable(why) << "; see build/golden-differences/";
}

QImage drawn(QWidget& widget, QSize size, qreal scale) {
  widget.setAttribute(Qt::WA_DontShowOnScreen);
  widget.resize(size);
  widget.show();
  widget.ensurePolished();
  for (int i = 0; i < 3; ++i) {
    QCoreApplication::sendPostedEvents();
    QCoreApplication::processEvents();
  }
  QImage image(size * scale, QImage::Format_RGB32);
  image.setDevicePixelRatio(scale);
  image.fill(widget.palette().color(QPalette::Window));
  widget.render(&image, QPoint(), QRegion(), QWidget::DrawWindowBackground | QWidget::DrawChildren);
  return image;
}

testing::AssertionResult looksAsGolden(QWidget& widget, QSize size, const QString& name, qreal scale) {
  return matchesGolden(drawn(widget, size, scale), name);
}

int countPixels(const QImage& picture, QRgb color) {
  const QImage rgb = picture.convertToFormat(QImage::Format_RGB32);
  int count = 0;
  for (int y = 0; y < rgb.height(); ++y) {
    const auto* line = reinterpret_cast<const QRgb*>(rgb.constScanLine(y));
    count += static_cast<int>(std::count(line, line + rgb.width(), color | 0xff000000U));
  }
  return count;
}

}  // namespace dsw::test
