// SPDX-License-Identifier: GPL-3.0-or-later
// deepshock-workbench: the window. Reads the command line, makes workspace and window, opens a project.
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <QApplication>
#include <QDir>
#include <QFileInfo>
#include <QSettings>
#include <QSocketNotifier>
#include <QStandardPaths>
#include <QTimer>
#include <cstdio>
#include <fstream>

#include "engine/workspace.h"
#include "ui/models/app_settings.h"
#include "ui/widgets/shell/main_window.h"
#include "ui/widgets/shell/panel_registry.h"
#include "ui/widgets/theme.h"

namespace {

int signalPipe[2] = {-1, -1};

void onSignal(int) {
  const char one = 1;
  if (::write(signalPipe[1], &one, 1) < 0) ::_exit(1);  // nobody would ever read it
}

/// SIGTERM and SIGINT close as the person would: runs save a checkpoint and stop.
void closeOnSignals(dsw::MainWindow& window) {
  if (::pipe(signalPipe) != 0) return;
  auto* notifier = new QSocketNotifier(signalPipe[0], QSocketNotifier::Read, &window);
  QObject::connect(notifier, &QSocketNotifier::activated, &window, [&window, notifier] {
    notifier->setEnabled(false);
    window.closeNow();
  });
  struct sigaction action {};
  action.sa_handler = onSignal;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGTERM, SIGINT}) sigaction(number, &action, nullptr);
}

/// Milliseconds since this process was started by the kernel.
double sinceStartMs() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream words(text.substr(text.rfind(')') + 2));
  std::string word;
  for (int field = 3; field <= 22; ++field) words >> word;
  timespec boot{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  const double started = std::stod(word) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return (static_cast<double>(boot.tv_sec) + static_cast<double>(boot.tv_nsec) / 1e9 - started) * 1e3;
}

QString samplePath() {
  const QString folder = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + "/deepshock";
  QDir().mkpath(folder);
  return folder + "/sample.dsx";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Deepshock Workbench: designs, runs and compares experiments of deep learning.", "deepshock-workbench");
  std::string project, theme, settingsFile, templateName, place;
  bool sample = false, start = false, measure = false;
  cli.add_option(
      "project", project,
      "A project (.dsx) to open; made when it is not there. None: the sample project, or the start page once there are recent ones");
  cli.add_flag("--sample", sample, "Open the sample project in your data folder");
  cli.add_flag("--start", start, "Open the start page");
  cli.add_option("--template", templateName, "The first experiment of a project that has none");
  cli.add_option("--open", place, "What to show: runs, overview, devices, keys");
  cli.add_option("--theme", theme, "as-desktop, light, dark or contrast")
      ->check(CLI::IsMember({"as-desktop", "light", "dark", "contrast"}));
  cli.add_option("--settings", settingsFile, "Keep the window's settings in this file");
  cli.add_flag("--measure-startup", measure, "Print the milliseconds from process start to the first usable window, and quit");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : 2;
  }

  const QString file = QString::fromStdString(settingsFile);
  if (qEnvironmentVariableIsEmpty("QT_SCALE_FACTOR")) {  // before the application there is no other way to say it
    const QSettings settings(
        file.isEmpty() ? QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) + "/deepshock/workbench.ini" : file,
        QSettings::IniFormat);
    const int scale = settings.value("look/scale", 100).toInt();
    if (scale != 100 && scale >= 75 && scale <= 200) qputenv("QT_SCALE_FACTOR", QByteArray::number(scale / 100.0));
  }
  QApplication::setHighDpiScaleFactorRoundingPolicy(Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
  QApplication app(argc, argv);
  QApplication::setApplicationName(QStringLiteral("deepshock-workbench"));
  QApplication::setApplicationDisplayName(QStringLiteral("Deepshock Workbench"));
  QApplication::setOrganizationName(QStringLiteral("deepshock"));
  QApplication::setDesktopFileName(QStringLiteral("deepshock"));
  QLocale::setDefault(QLocale::c());  // numbers are written as in JSON, whatever the desktop's language

  dsw::AppSettings settings(file);
  dsw::Theme::current().setReducedMotion(settings.reducedMotion());
  dsw::Theme::current().apply(dsw::themeChoiceFromName(theme.empty() ? settings.theme() : QString::fromStdString(theme)));

  dsw::Workspace workspace;
  dsw::PanelRegistry panels;
  dsw::registerPanels(panels);
  dsw::MainWindow window(workspace, settings, panels);
  window.show();
  closeOnSignals(window);

  if (!project.empty()) {
    window.openProject(QFileInfo(QString::fromStdString(project)).absoluteFilePath(), true, QString::fromStdString(templateName));
  } else if (sample || (!start && settings.recentProjects().isEmpty())) {
    window.openProject(samplePath(), true, QStringLiteral("shakespeare-char"));
  }
  if (!place.empty()) QTimer::singleShot(1500, &window, [&window, place] { window.open({QString::fromStdString(place), {}, {}}); });
  if (measure)
    QTimer::singleShot(0, &window, [] {
      // After the first paint and with an empty event queue a person can type.
      QTimer::singleShot(0, qApp, [] {
        std::printf("%.0f\n", sinceStartMs());
        std::fflush(stdout);
        QApplication::quit();
      });
    });
  return QApplication::exec();
}
