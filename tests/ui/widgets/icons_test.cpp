// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit ui
// Every icon that the sources name exists, and every picture is built into the program.
#include "ui/widgets/icons.h"

#include <gtest/gtest.h>

namespace dsw {
namespace {

QStringList sources() {
  QStringList files;
  for (const char* folder : {"ui", "app"}) {
    QDirIterator it(QString::fromLatin1(folder), {QStringLiteral("*.cpp"), QStringLiteral("*.h")}, QDir::Files,
                    QDirIterator::Subdirectories);
    while (it.hasNext()) files << it.next();
  }
  return files;
}

TEST(Icons, EveryNamedIconExists) {
  loadFonts();  // makes the resources known
  // A call with the name as its first literal: themeIcon("x"), drawIcon(p, QStringLiteral("x"), …).
  const QRegularExpression call(
      QStringLiteral("(?:themeIcon|drawIcon|iconPixmap|iconButton|setOptionIcon)\\([^\")]*\\(?\"([a-z0-9]+(?:-[a-z0-9]+)*)\""));
  int found = 0;
  for (const QString& path : sources()) {
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::ReadOnly)) << qPrintable(path);
    auto it = call.globalMatch(QString::fromUtf8(file.readAll()));
    while (it.hasNext()) {
      const QString name = it.next().captured(1);
      EXPECT_TRUE(QFile::exists(QStringLiteral(":/icons/%1.svg").arg(name))) << qPrintable(path) << " names the icon " << qPrintable(name);
      ++found;
    }
  }
  EXPECT_GT(found, 10) << "the sources are looked for from the project's root";
}

TEST(Icons, EveryPictureIsInTheResources) {
  loadFonts();
  for (const QString& name : QDir(QStringLiteral("resources/icons")).entryList({QStringLiteral("*.svg")}))
    EXPECT_TRUE(QFile::exists(QStringLiteral(":/icons/") + name)) << qPrintable(name);
}

TEST(Icons, NoPictureKeepsItsBlack) {
  for (const QString& name : QDir(QStringLiteral(":/icons")).entryList({QStringLiteral("*.svg")})) {
    const QImage image = iconPixmap(QFileInfo(name).completeBaseName(), 16, QColor(255, 0, 0), 2).toImage();
    int inked = 0;
    for (int y = 0; y < image.height(); ++y)
      for (int x = 0; x < image.width(); ++x) {
        const QColor c = image.pixelColor(x, y);
        if (c.alpha() < 40) continue;
        ++inked;
        ASSERT_GT(c.red(), 200) << qPrintable(name);
      }
    EXPECT_GT(inked, 8) << qPrintable(name) << " draws nothing";
  }
}

}  // namespace
}  // namespace dsw
