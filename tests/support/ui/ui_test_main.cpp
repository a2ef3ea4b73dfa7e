// SPDX-License-Identifier: GPL-3.0-or-later
// GoogleTest's main with a QApplication on the offscreen platform, the bundled fonts and the light theme.
#include <gtest/gtest.h>

#include "ui/widgets/theme.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  // Settings and caches of the person who runs the tests are neither read nor written.
  QStandardPaths::setTestModeEnabled(true);
  QApplication app(argc, argv);
  QApplication::setOrganizationName(QStringLiteral("deepshock-tests"));
  QApplication::setApplicationName(QStringLiteral("deepshock-tests"));
  QApplication::setCursorFlashTime(0);
  QLocale::setDefault(QLocale::c());
  dsw::Theme::current().setReducedMotion(true);
  dsw::Theme::current().apply(dsw::ThemeChoice::Light);
  return RUN_ALL_TESTS();
}
