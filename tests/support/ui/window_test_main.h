// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <gtest/gtest.h>

#include <QApplication>
#include <QLocale>
#include <QStandardPaths>

#include "app/ui_stall_guard.h"
#include "tests/support/cpu_bars.h"
#include "ui/widgets/theme.h"

namespace dsw::test {

/// main() of a test that opens the whole window: an application under the stall guard, one theme and locale on every machine.
inline int runWindowTests(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QStandardPaths::setTestModeEnabled(true);
  UiStallGuard app(argc, argv, UiStallGuard::kLimitMs * cpu_bar_factor());
  QApplication::setQuitOnLastWindowClosed(false);
  QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
  QLocale::setDefault(QLocale::c());
  Theme::current().setReducedMotion(true);
  Theme::current().apply(ThemeChoice::Light);
  return RUN_ALL_TESTS();
}

}  // namespace dsw::test
